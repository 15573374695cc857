"""Builds the firmware for the homes outside Python: `python native/targets/build.py posix|arm|sanitized|overflow|unguarded`.

Prints the path of the program. Rule: the same sources and the same flags as the extension;
what is up to date is not built again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGETS = ROOT / "native" / "targets"
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno"]
CORTEX_M4 = ["-mthumb", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]


@dataclass(frozen=True)
class Target:
    """One way to build. folder: under native/targets. compiler: environment variable and default of the C compiler."""

    folder: str
    compiler: tuple[str, str]
    flags: tuple[str, ...]
    missing: str


SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
TARGET_TABLE = {
    "posix": Target("posix", ("CC", "gcc"), (), "a C compiler"),
    "sanitized": Target("posix", ("CC", "gcc"), SANITIZERS, "a C compiler"),
    # writes one byte behind its memory before it answers: the sanitizer must see it
    "overflow": Target("posix", ("CC", "gcc"), (*SANITIZERS, "-DSW_DELIBERATE_OVERFLOW"), "a C compiler"),
    # the device without its alarm guard: what must be late is late
    "unguarded": Target("posix", ("CC", "gcc"), ("-DSW_WITHOUT_ALARM_GUARD",), "a C compiler"),
    "arm": Target(
        "mps2_an386",
        ("ARM_CC", "arm-none-eabi-gcc"),
        (
            *CORTEX_M4,
            "-ffunction-sections",
            "-fdata-sections",
            "-fno-builtin-printf",
            "-nostartfiles",
            "-Wl,--gc-sections",
            f"-Wl,-T,{TARGETS / 'mps2_an386' / 'memory.ld'}",
        ),
        "the ARM compiler (packages gcc-arm-none-eabi, libnewlib-arm-none-eabi)",
    ),
}


class BuildError(RuntimeError):
    """One line that says what is missing or wrong."""


def sources(target: Target) -> list[Path]:
    """C files of the core, of the bridge and of this target."""
    return [
        *sorted((ROOT / "native" / "src").glob("*.c")),
        TARGETS / "bridge_hal.c",
        *sorted((TARGETS / target.folder).glob("*.c")),
    ]


def newest_input(target: Target) -> float:
    """Modification time, s, of the newest file the program depends on."""
    inputs = [
        *sources(target),
        *(ROOT / "native" / "include").glob("*.h"),
        *TARGETS.rglob("*.h"),
        *TARGETS.rglob("*.ld"),
        ROOT / "wire" / "packet.h",
        Path(__file__),
    ]
    return max(path.stat().st_mtime for path in inputs)


def build(name: str) -> Path:
    """Path of the program, built when older than its inputs. Raises BuildError with one line."""
    if name not in TARGET_TABLE:
        raise BuildError(f"target {name}: expected one of {', '.join(TARGET_TABLE)}")
    target = TARGET_TABLE[name]
    compiler = os.environ.get(target.compiler[0], target.compiler[1]).split()
    if shutil.which(compiler[0]) is None:
        raise BuildError(f"target {name}: {compiler[0]} not found; install {target.missing}")
    program = TARGETS / target.folder / "build" / f"stillwave-{name}"
    if program.exists() and program.stat().st_mtime >= newest_input(target):
        return program
    program.parent.mkdir(exist_ok=True)
    part = program.with_name(f"{program.name}.{os.getpid()}.part")
    includes = ["-I", str(ROOT / "native" / "include"), "-I", str(ROOT / "wire")]
    files = [str(path) for path in sources(target)]
    command = [*compiler, *FLAGS, *target.flags, *includes, *files, "-o", str(part)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"target {name}: the build failed:\n{done.stderr}")
    part.replace(program)
    return program


def main(arguments: list[str]) -> int:
    """Exit code 0, or 2 with one line on stderr."""
    try:
        sys.stdout.write(f"{build(arguments[0] if arguments else 'posix')}\n")
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
