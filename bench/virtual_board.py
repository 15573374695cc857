"""How fast the virtual board is for a driver in C: called through libvrb, and over a Unix socket.

Rule: the programs are those of tests/vrb, so what is measured is what is checked; an installation without them has no
such rows. A burst is 3072 bytes of the FIFO that all hold samples of the ramp; frame machine and ramp are in the figure.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.floors import Floor

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "tests" / "vrb"
BURST_BYTES = 3072

Row = tuple[str, float, str, Floor]


def _compile(folder: Path, name: str, *parts: str) -> Path:
    sources = [PROGRAMS / f"{part}.c" for part in (name, *parts)]
    library = [] if name in ("echo", "socket_driver") else ["-lvrb", f"-Wl,-rpath,{folder}"]
    command = ["gcc", "-std=c11", "-O2", f"-I{folder}", f"-L{folder}", *sources, *library, "-o", folder / name]
    subprocess.run([str(part) for part in command], check=True)
    return folder / name


def _figures(*command: str | Path) -> list[tuple[float, float]]:
    """[(accesses/s, MB/s)] as a program prints them: one at a time, then several at once."""
    out = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in out.splitlines()]
    return [(float(accesses), float(rate) / 1e6) for accesses, rate in pairs]


@contextmanager
def _served(program: Path, address: str) -> Iterator[None]:
    path = Path(address.removeprefix("unix:"))
    with subprocess.Popen([program, address]) as process:
        while not path.exists() and process.poll() is None:
            pass
        yield
        process.terminate()


def rows(memory: Floor) -> list[Row]:
    """(name, value, unit, floor); memory: what a copy of BURST_BYTES does, MB/s. Empty without the programs."""
    if not PROGRAMS.exists():
        return []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["make", "-s", "-C", ROOT, "vrb", f"VRB_OUT={folder}"], check=True, stdout=subprocess.DEVNULL)
        called = _figures(_compile(folder, "driver", "checks", "measure"), "", "measure")
        client, address = _compile(folder, "socket_driver", "checks", "measure"), f"unix:{folder / 'spi'}"
        with _served(_compile(folder, "server"), address):
            served = _figures(client, address, "measure")
        echo = _figures(_compile(folder, "echo"))
    bare = "over a bare socket, one at a time"
    return [
        ("spi from C, libvrb, 3 KB bursts", called[0][1], "MB/s", memory),
        ("spi from C, socket, 3 KB bursts", served[0][1], "MB/s", Floor(echo[0][1], f"as many bytes {bare}")),
        ("spi from C, socket, single accesses", served[0][0], "/s", Floor(echo[0][0], f"as many turns {bare}")),
        ("spi from C, socket, 64 accesses at once", served[1][0], "/s", Floor(echo[0][0], f"as many turns {bare}")),
    ]
