"""How fast packets become bytes and bytes packets: in C, in Python one by one and many at once, and through a pty.

Rule: VITALS, the commonest and among the longest; CPU time of one thread, but for the pty, where two ends take turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
import tty
from pathlib import Path

import numpy as np

from bench.floors import Floor, seconds_per_call
from front.env import ROOT
from wire import bulk, codec, packet, table
from wire.transport import Transport

N_C, N_PYTHON, N_BULK, N_PTY = 200_000, 2_000, 50_000, 20_000
BAUD = 921_600  # the fastest rate the link is meant for
BITS_PER_BYTE = 10
C_SOURCES = ("framing.c", "packet.c", "blake2s.c")
C_FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno"]
Row = tuple[str, float, str, Floor]


def sample(n: int) -> bytes:
    """The line's bytes of n VITALS with random content, a quarter of it zeros."""
    rows = np.zeros(n, bulk.dtype(packet.VITALS))
    rng = np.random.Generator(np.random.Philox(1))
    size = table.LAYOUTS[packet.VITALS].n_bytes
    payload = rng.integers(0, 256, (n, size), np.uint8) * (rng.integers(0, 4, (n, size), np.uint8) > 0)
    rows["payload"] = np.ascontiguousarray(payload).view(table.LAYOUTS[packet.VITALS].dtype).reshape(-1)
    header = rows["header"]
    header["version"], header["type"], header["flags"] = table.VERSION, packet.VITALS, table.FLAG_TAG_ABSENT
    header["seq"], header["boot"] = np.arange(n) + 1, 0x12345678
    header["t_us"] = 1_000_000 * np.arange(n, dtype=np.uint64)
    return bulk.encode(rows)


def c_figures() -> dict[str, float]:
    """Packets/s of the codec in C, compiled as the firmware is."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "speed"
        sources = [ROOT / "bench" / "line" / "speed.c", *(ROOT / "native" / "src" / name for name in C_SOURCES)]
        paths = ["-I", str(ROOT / "native" / "include"), "-I", str(ROOT / "wire")]
        subprocess.run(["gcc", *C_FLAGS, *paths, *map(str, sources), "-o", str(program)], check=True)
        done = subprocess.run([str(program), str(N_C)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def python_figures(budget_s: float) -> dict[str, float]:
    """Packets/s in Python: one by one, and many at once."""
    few, many = sample(N_PYTHON), sample(N_BULK)
    packets = codec.Decoder().feed(few)
    rows = bulk.decode(many).packets[packet.VITALS]

    def encode() -> None:
        for one in packets:
            codec.encode(one)

    return {
        "encode": N_PYTHON / seconds_per_call(encode, budget_s),
        "decode": N_PYTHON / seconds_per_call(lambda: codec.Decoder().feed(few), budget_s),
        "encode_bulk": N_BULK / seconds_per_call(lambda: bulk.encode(rows), budget_s),
        "decode_bulk": N_BULK / seconds_per_call(lambda: bulk.decode(many), budget_s),
    }


def pty_bytes_per_s() -> float:
    """Bytes/s from one end of a pty to packets at the other; wall time, both ends on this machine."""
    line = sample(N_PTY)
    master, slave = os.openpty()
    tty.setraw(slave)
    name, decoder, n = os.ttyname(slave), codec.Decoder(), 0
    with Transport(name) as port:
        writer = threading.Thread(target=_write, args=(master, line), daemon=True)
        start_s = time.perf_counter()
        writer.start()
        while n < N_PTY:
            n += len(decoder.feed(port.read(1.0)))
        taken_s = time.perf_counter() - start_s
        writer.join()
    os.close(slave)
    os.close(master)
    return len(line) / taken_s


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def rows(budget_s: float) -> list[Row]:
    """(name, value, unit, floor) of every figure."""
    c, python = c_figures(), python_figures(budget_s)
    checksum = Floor(c["checksum"], "its checksum alone, in C")
    line = Floor(BAUD / BITS_PER_BYTE, f"a line of {BAUD} baud, full")
    found: list[Row] = []
    for deed in ("encode", "decode"):
        by_c = Floor(c[deed], "the same in C")
        found += [
            (f"{deed} in C", c[deed], "packets/s", checksum),
            (f"{deed} in C, with a tag", c[f"{deed}_tagged"], "packets/s", Floor(c[deed], "the same without a tag")),
            (f"{deed} in Python, one by one", python[deed], "packets/s", by_c),
            (f"{deed} in Python, many at once", python[f"{deed}_bulk"], "packets/s", by_c),
        ]
    return [*found, ("pty to packets, in Python", pty_bytes_per_s(), "bytes/s", line)]
