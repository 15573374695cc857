"""Compiles the C programs of this folder: against libvrb.so as a stranger would, or with the sources and sanitizers."""

from __future__ import annotations

import subprocess
from pathlib import Path

from front.env import ROOT

HERE = Path(__file__).resolve().parent
CHIP = ROOT / "hw_sim" / "chip"
STRICT = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror"]
SANITIZERS = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DVRB_API="]
BOARD_AROUND_IT = ("board", "board_bus", "board_parts", "bridge", "nor_flash", "pins", "rtc")
PROGRAMS = {
    "driver": ("driver", "checks", "measure"),
    "socket_driver": ("socket_driver", "checks", "measure"),
    "server": ("server",),
    "open_all": ("open_all",),
}


def run(*command: str | Path) -> str:
    """stdout of a command that must succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_vrb(folder: Path) -> Path:
    """`make vrb` into a folder: it then holds libvrb.so and vrb.h and nothing else."""
    run("make", "-s", "vrb", f"VRB_OUT={folder}")
    return folder


def sources(name: str) -> list[Path]:
    return [HERE / f"{part}.c" for part in PROGRAMS[name]]


def against_library(name: str, library: Path, folder: Path) -> Path:
    """The program, compiled with what `make vrb` left in the folder `library`. The socket's client needs none of it."""
    uses = [] if name == "socket_driver" else [f"-I{library}", f"-L{library}", "-lvrb", f"-Wl,-rpath,{library}"]
    run(*STRICT, "-O2", f"-I{HERE}", *sources(name), *uses, "-o", folder / name)
    return folder / name


def sanitized_board(folder: Path) -> Path:
    """The board's sources under the address and undefined-behaviour sanitizers, in folder/board.a."""
    parts = []
    for source in sorted(CHIP.glob("*.c")):
        if source.stem in BOARD_AROUND_IT:
            continue
        parts.append(folder / f"{source.stem}.o")
        run("gcc", "-std=c11", *SANITIZERS, "-c", source, "-o", parts[-1])
    run("ar", "rcs", folder / "board.a", *parts)
    return folder


def sanitized(name: str, folder: Path) -> Path:
    """The program with the sources compiled in. folder: of sanitized_board()."""
    if not (folder / name).exists():
        run(*STRICT, *SANITIZERS, f"-I{CHIP}", f"-I{HERE}", *sources(name), folder / "board.a", "-o", folder / name)
    return folder / name
