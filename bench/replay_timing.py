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
from wire.recording import Recorder

T0_US = 1_770_000_000_000_000
LISTENER = """
import json, sys, time
from wire.transport import Transport, TransportError
times = []
try:
    with Transport(sys.argv[1]) as port:
        while True:
            piece = port.read(1.0)
            if piece:
                times.append((time.monotonic(), len(piece)))
except TransportError:
    pass
print(json.dumps(times))
"""


def measure(seconds: float, per_s: int, folder: Path) -> dict[str, Any]:
    """Shares within 2 ms of their time: by the replay's own clock, and of the gaps that the listener saw."""
    path, link, gap_us = folder / "l.mcap", folder / "port", round(1e6 / per_s)
    with Recorder(path, {}) as recorder:
        for n in range(round(seconds * per_s)):
            recorder.from_device(T0_US + n * gap_us, bytes([n % 255 + 1]) * 96)
    command = [sys.executable, str(ROOT / "stillwave.py"), "replay", str(path), "--to", f"pty:{link}", "--json"]
    replay = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not link.is_symlink():
        time.sleep(0.01)
    listener = subprocess.Popen(
        [sys.executable, "-c", LISTENER, str(link)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    said = [json.loads(line) for line in replay.communicate()[0].splitlines()][-1]
    heard = json.loads(listener.communicate()[0])
    first_s = min(at_s - n * gap_us / 1e6 for n, (at_s, _) in enumerate(heard)) if heard else 0.0
    behind = [at_s - first_s - n * gap_us / 1e6 for n, (at_s, _) in enumerate(heard)]
    return {
        "pieces_per_s": per_s,
        "chunks": said["chunks"],
        "on_time_share": said["on_time_share"],
        "latest_ms": said["latest_ms"],
        "heard_on_time_share": round(sum(one <= 0.002 for one in behind) / max(len(behind), 1), 5),
        "heard_bytes": sum(n for _, n in heard),
    }


def main() -> int:
    """Prints both lines as JSON."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    for per_s in (1, 20):
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(seconds, per_s, Path(folder))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
