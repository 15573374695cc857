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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import get_ident
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
TARGETS = ROOT / "native" / "targets"
BUILD = TARGETS / "build"
TARGET_TABLE: dict[str, Any] = runpy.run_path(str(TARGETS / "targets.py"))["TARGET_TABLE"]
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno"]


class BuildError(RuntimeError):
    """One line that says what is missing or wrong."""


def sources(target: Any) -> list[Path]:
    """C files of the core, of the bridge and of this target."""
    core = sorted((ROOT / "native" / "src").glob("*.c"))
    return [*core, TARGETS / "bridge_hal.c", *(TARGETS / name for name in target.files)]


def shared_inputs() -> str:
    """Hash of all headers and linker scripts."""
    found = [
        *(ROOT / "wire").glob("*.h"),
        *(ROOT / "native").glob("*/*.h"),
        *TARGETS.rglob("*.h"),
        *TARGETS.rglob("*.ld"),
    ]
    digest = hashlib.sha256()
    for path in sorted(found):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def compiler_of(name: str, target: Any) -> list[str]:
    """The compiler's command. Raises BuildError when it is not installed."""
    words = shlex.split(os.environ.get(target.compiler.variable, target.compiler.program))
    if shutil.which(words[0]) is None:
        raise BuildError(f"target {name}: {words[0]} not found; install it: {target.compiler.install}")
    return words


def finished(program: Path, command: list[str]) -> None:
    """Runs the command that makes the program; others may do the same at the same time. Raises BuildError."""
    part = program.with_name(f"{program.name}.{os.getpid()}-{get_ident()}.part")
    done = subprocess.run([*command, "-o", str(part)], cwd=TARGETS, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        part.unlink(missing_ok=True)
        raise BuildError(f"the build failed:\n{done.stderr}")
    part.replace(program)


def compiled(source: Path, command: list[str], inputs: str) -> Path:
    """The object of a source, made by this command of these inputs; an old one of the same is taken again."""
    text = source.read_bytes() + "\0".join([*command, source.as_posix(), inputs]).encode()
    path = BUILD / "objects" / f"{source.stem}-{hashlib.sha256(text).hexdigest()[:24]}.o"
    if not path.exists():
        finished(path, [*command, "-c", str(source)])
    return path


def build(name: str) -> Path:
    """Path of the program, built when it is not of these inputs. Raises BuildError with one line."""
    if name not in TARGET_TABLE:
        raise BuildError(f"target {name}: expected one of {', '.join(TARGET_TABLE)}")
    target = TARGET_TABLE[name]
    compiler = compiler_of(name, target)
    version = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False).stdout
    inputs = shared_inputs() + version
    paths = ["-I", ROOT / "native" / "include", "-I", ROOT / "wire", "-L", TARGETS / "cortex_m"]
    flags = [*FLAGS, *target.flags, *map(str, paths)]
    (BUILD / "objects").mkdir(parents=True, exist_ok=True)
    own = [TARGETS / file for file in target.files]

    def one(source: Path) -> Path:
        return compiled(source, [*compiler, *flags, *(target.planted if source in own else ())], inputs)

    try:
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            objects = [str(path) for path in workers.map(one, sources(target))]
        program = BUILD / f"stillwave-{name}"
        link = [*compiler, *target.planted, *flags, *objects]  # a symbol is defined before the script that asks for it
        mark, wanted = program.with_suffix(".key"), "\n".join([*link, inputs])
        if not (program.exists() and mark.exists() and mark.read_text() == wanted):
            finished(program, link)
            mark.write_text(wanted)
    except BuildError as error:
        raise BuildError(f"target {name}: {error}") from None
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
