"""`stillwave board`: the emulated device in real time on a pseudo-terminal that anybody may open.

Rule: a real port has no barrier; bytes nobody reads are lost as on a wire, and the link goes when the board goes.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hw_sim import live_image
from hw_sim.lockstep import RawPty, pacer
from hw_sim.rig import Rig
from hw_sim.scene import Scene

TURN_US = 20_000
"""Virtual time between two looks at the port."""
BACKLOG_BYTES = 65_536
WARM_UP_S = 0.1
DEFAULT_S = 24 * 3600.0


class PortHost:
    """Whoever has the port open, as the rig's host. lost_bytes: what found no room because nobody reads."""

    def __init__(self, port: RawPty) -> None:
        self._port = port
        self._backlog = b""
        self.lost_bytes = 0

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        """Bytes the device sent go out as far as there is room; returns what the host has written."""
        self._backlog += data
        while self._backlog and (n := self._port.write(self._backlog)):
            self._backlog = self._backlog[n:]
        self.lost_bytes += max(0, len(self._backlog) - BACKLOG_BYTES)
        self._backlog = self._backlog[:BACKLOG_BYTES]
        pieces = []
        while piece := self._port.read():
            pieces.append(piece)
        return b"".join(pieces)


def run(
    *,
    pty: Path | None,
    scenario: str | Path,
    seed: int,
    core: str,
    seconds: float | None,
    ready: Callable[[dict[str, Any]], None],
    target: str = "host",
) -> dict[str, Any]:
    """Until seconds of virtual time have passed (None: a day) or the process is told to stop.

    target: host, or arm: see live_image.
    ready: called once, with {"event": "ready", "port": ..., "device": ...}. Returns {"event": "end", ...}.
    SIGTERM ends a run as Ctrl-C does, by KeyboardInterrupt, after the link was removed.
    Errors: SceneError, BoardFailed, FileExistsError.
    """
    duration_s = seconds or DEFAULT_S
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        if target == "arm":
            return live_image.run(pty=pty, scenario=scenario, seed=seed, seconds=duration_s, ready=ready)
        scene = Scene.load(scenario, seed=seed, duration_s=duration_s)
        with Rig(scene, seed=seed, core=core) as rig:
            port = RawPty(pty)
            try:
                host = PortHost(port)
                rig.quantum_us = TURN_US
                rig.attach(host, 0)
                rig.run(WARM_UP_S)  # the first frames: nobody waits for a compiler after `ready`
                ready({"event": "ready", "port": port.path, "device": port.device})
                rig.run(duration_s - WARM_UP_S, pace=pacer(WARM_UP_S))
            finally:
                port.close()
            return {"event": "end", "virtual_s": duration_s, "bytes_lost": host.lost_bytes, **rig.edge_counters()}
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
