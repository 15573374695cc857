"""How much of a replay at speed 1 comes in time at a pty: `python -m bench.replay_timing [SECONDS]`.

A line of a streaming night (a packet of 95 bytes a second, with answers) and one of 20 pieces of 96 bytes a second are
recorded, replayed to a pty, and heard by another process; the figures are the replay's own, and the listener's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from front.env import ROOT
from front.replay_port import ON_TIME_S
from wire.recording import Recorder

T0_US = 1_770_000_000_000_000
PIECE_BYTES = 96
#: A blocking read and the clock behind it, before other processes where that is allowed: what a listener sees at best.
LISTENER = """
import json, os, sys, time, tty
first = len(sys.argv) > 2
if first:
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        first = False
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
tty.setraw(fd)
times = []
try:
    while piece := os.read(fd, 4096):
        times.append((time.monotonic(), len(piece)))
except OSError:
    pass  # the line is gone: the end
print(json.dumps({"times": times, "first": first}))
"""


def behind_s(heard: list[tuple[float, int]], n_pieces: int, gap_s: float) -> list[float]:
    """How much later than the most punctual piece each one was complete at the listener, s.

    heard: time and length of each read, in order. A read may hold several pieces or a part of one: bytes are counted.
    A piece that never came whole has no entry.
    """
    late: list[float] = []
    at_s, n_bytes, reads = 0.0, 0, iter(heard)
    for n in range(n_pieces):
        while n_bytes < (n + 1) * PIECE_BYTES:
            one = next(reads, None)
            if one is None:
                return _from_the_first(late)
            at_s, n_bytes = one[0], n_bytes + one[1]
        late.append(at_s - n * gap_s)
    return _from_the_first(late)


def _from_the_first(late: list[float]) -> list[float]:
    return [one - min(late) for one in late]


def measure(seconds: float, per_s: int, folder: Path, *, first: bool = True) -> dict[str, Any]:
    """Shares within 2 ms of their time: by the replay's own clock, and as a listener saw it: kernel and listener are in it.

    first: the listener runs before others, where that is allowed.
    """
    path, link, gap_us = folder / "l.mcap", folder / "port", round(1e6 / per_s)
    n_pieces = round(seconds * per_s)
    with Recorder(path, {}) as recorder:
        for n in range(n_pieces):
            recorder.from_device(T0_US + n * gap_us, bytes([n % 255 + 1]) * PIECE_BYTES)
    command = [sys.executable, str(ROOT / "stillwave.py"), "replay", str(path), "--to", f"pty:{link}", "--json"]
    replay = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not link.is_symlink():
        time.sleep(0.01)
    listener = subprocess.Popen(
        [sys.executable, "-c", LISTENER, str(link), *["first"] * first], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    said = [json.loads(line) for line in replay.communicate()[0].splitlines()][-1]
    told = json.loads(listener.communicate()[0])
    behind = behind_s(told["times"], n_pieces, gap_us / 1e6)
    return {
        "pieces_per_s": per_s,
        "chunks": said["chunks"],
        "on_time_share": said["on_time_share"],
        "latest_ms": said["latest_ms"],
        "heard_on_time_share": round(sum(one <= ON_TIME_S for one in behind) / n_pieces, 5),
        "heard_latest_ms": round(1e3 * max(behind, default=0.0), 3),
        "listener_first": told["first"],
        "heard_bytes": sum(n for _, n in told["times"]),
    }


def main() -> int:
    """Prints both lines as JSON."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    for per_s, first in ((1, True), (20, True), (20, False)):
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(seconds, per_s, Path(folder), first=first)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
