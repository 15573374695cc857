"""Builds the firmware for the homes outside Python: `python native/targets/build.py NAME`, NAME as in targets.py.

Prints the path of the program. Rule: the same sources and the same flags as the extension; a program is
built again when a source, a flag or the compiler is another one, whatever the files' times say.
"""

from __future__ import annotations

import hashlib
import os
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
TARGETS = ROOT / "native" / "targets"
TARGET_TABLE: dict[str, Any] = runpy.run_path(str(TARGETS / "targets.py"))["TARGET_TABLE"]
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno"]


class BuildError(RuntimeError):
    """One line that says what is missing or wrong."""


def sources(target: Any) -> list[Path]:
    """C files of the core, of the bridge and of this target."""
    core = sorted((ROOT / "native" / "src").glob("*.c"))
    return [*core, TARGETS / "bridge_hal.c", *(TARGETS / name for name in target.files)]


def inputs(target: Any) -> list[Path]:
    """Every file the program depends on."""
    found = [*sources(target), ROOT / "wire" / "packet.h", *(ROOT / "native").glob("*/*.h"), *TARGETS.rglob("*.h")]
    return sorted([*found, *TARGETS.rglob("*.ld")])


def compiler_of(name: str, target: Any) -> list[str]:
    """The compiler's command. Raises BuildError when it is not installed."""
    words = shlex.split(os.environ.get(target.compiler.variable, target.compiler.program))
    if shutil.which(words[0]) is None:
        raise BuildError(f"target {name}: {words[0]} not found; install it: {target.compiler.install}")
    return words


def key(command: list[str], compiler: list[str], target: Any) -> str:
    """What a program was made of: hash of sources, command and compiler version."""
    version = subprocess.run([*compiler, "--version"], capture_output=True, check=False).stdout
    digest = hashlib.sha256(version + "\0".join(command).encode())
    for path in inputs(target):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build(name: str) -> Path:
    """Path of the program, built when it is not of these inputs. Raises BuildError with one line."""
    if name not in TARGET_TABLE:
        raise BuildError(f"target {name}: expected one of {', '.join(TARGET_TABLE)}")
    target = TARGET_TABLE[name]
    compiler = compiler_of(name, target)
    program = TARGETS / "build" / f"stillwave-{name}"
    mark = program.with_suffix(".key")
    paths = ["-I", ROOT / "native" / "include", "-I", ROOT / "wire", "-L", TARGETS / "cortex_m"]
    command = [*compiler, *FLAGS, *target.flags, *map(str, paths), *map(str, sources(target))]
    wanted = key(command, compiler, target)
    if program.exists() and mark.exists() and mark.read_text() == wanted:
        return program
    program.parent.mkdir(exist_ok=True)
    part = program.with_name(f"{program.name}.{os.getpid()}.part")
    done = subprocess.run([*command, "-o", str(part)], cwd=TARGETS, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"target {name}: the build failed:\n{done.stderr}")
    part.replace(program)
    mark.write_text(wanted)
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
