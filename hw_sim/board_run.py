"""`stillwave board`: the emulated device in real time on a pseudo-terminal that anybody may open, the bare chip on a socket.

Rule: a real port has no barrier; bytes nobody reads are lost as on a wire, and the link goes when the board goes.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from hw_sim import live_image
from hw_sim.bare_board import BareBoard
from hw_sim.console import Console, InputLines
from hw_sim.faults import Fault, FaultError
from hw_sim.lockstep import RawPty, pacer
from hw_sim.rig import Rig
from hw_sim.scene import Scene
from hw_sim.spi_server import SpiServer
from hw_sim.vcd import drawing

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
    pty: Path | None = None,
    ready: Callable[[dict[str, Any]], None],
    spi_socket: str | Path | None = None,
    scenario: str | Path = "single",
    seed: int = 1,
    core: str = "c",
    seconds: float | None = None,
    vcd: Path | None = None,
    rt: bool = False,
    say: Callable[[str], None] = lambda line: None,
    target: str = "host",
    play: Sequence[Fault] = (),
    answer: Callable[[str, str], None] | None = None,
) -> dict[str, Any]:
    """The device on a port, or with spi_socket the bare chip there; with both named, both: two boards in one room.

    Ends when seconds of virtual time have passed (None: a day; of a chip alone, never) or the process is told to stop.
    target: host, or arm: see live_image; there no wires are drawn.
    ready: called once, with {"event": "ready", "port": ..., "device": ..., "spi_socket": ...}, as far as they are.
    vcd: the wires of the device's board, or of the chip alone, are drawn there. rt: the chip's time follows the clock
    too; the device's always does. say: told when a client of the socket had to be given up. play: faults of the device.
    answer: lines of the standard input are commands (see Console), and this gets each with what is said to it.
    Returns {"event": "end", ...}. SIGTERM ends a run as Ctrl-C does, by KeyboardInterrupt, after link and socket file
    were removed. Errors: SceneError, BoardFailed, FileExistsError, ServerError, VcdError.
    """
    duration_s = seconds or DEFAULT_S
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ExitStack() as stack:
            event: dict[str, Any] = {"event": "ready"}
            scene = Scene.load(scenario, seed=seed, duration_s=duration_s)
            check_playable([*scene.faults, *play], target, pty is not None or spi_socket is None)
            chip: SpiServer | None = None
            if spi_socket is not None:
                board = stack.enter_context(BareBoard(scene, seed))
                chip = stack.enter_context(SpiServer(board, spi_socket, real_time=rt, lost=say))
                event["spi_socket"] = chip.address
            if chip is not None and pty is None:
                with drawing(chip.board, vcd, chip.board.time_ns, f"bare chip, scenario {scenario}, seed {seed}"):
                    return _chip_alone(chip, seconds, lambda: ready(event))
            if chip is not None:
                stack.enter_context(_beside(chip))
            if target == "arm":
                return live_image.run(
                    pty=pty, scenario=scenario, seed=seed, seconds=duration_s, ready=lambda more: ready(event | more)
                )
            rig = stack.enter_context(Rig(scene, seed=seed, core=core, play=play, paired=True))
            stack.enter_context(drawing(rig.board, vcd, lambda: 1000 * rig.board.now_us, f"scenario {scenario}"))
            console = None if answer is None else Console(rig, InputLines(), answer)
            return _device(rig, pty, duration_s, lambda more: ready(event | more), console)
    finally:
        signal.signal(signal.SIGTERM, before)


def check_playable(faults: Sequence[Fault], target: str, has_device: bool) -> None:
    """Raises FaultError when somebody is named who cannot play them."""
    if faults and target != "host":
        raise FaultError(f"fault {faults[0].text}: expected board --target host; the image in real time plays none")
    if faults and not has_device:
        raise FaultError(f"fault {faults[0].text}: expected a device (--pty); the bare chip has its own, in its JSON")


def _device(
    rig: Rig,
    pty: Path | None,
    duration_s: float,
    ready: Callable[[dict[str, Any]], None],
    console: Console | None,
) -> dict[str, Any]:
    port = RawPty(pty)
    try:
        host = PortHost(port)
        rig.quantum_us = TURN_US
        rig.attach(host, 0)
        rig.run(WARM_UP_S)  # the first frames: nobody waits for a compiler after `ready`
        ready({"port": port.path, "device": port.device})
        look = None if console is None else lambda _now_s: console.poll()
        rig.run(duration_s - WARM_UP_S, look, pacer(WARM_UP_S))
    finally:
        port.close()
    return {"event": "end", "virtual_s": duration_s, "bytes_lost": host.lost_bytes, **rig.edge_counters()}


def _chip_alone(chip: SpiServer, seconds: float | None, ready: Callable[[], None]) -> dict[str, Any]:
    ready()
    end_ns = None if seconds is None else round(seconds * 1e9)
    chip.serve(lambda: end_ns is not None and chip.board.time_ns() >= end_ns)
    return {"event": "end", "virtual_s": chip.board.time_ns() / 1e9}


@contextmanager
def _beside(chip: SpiServer) -> Iterator[None]:
    """A thread serves the chip meanwhile; what goes wrong in it comes out at the end."""
    ended = threading.Event()
    with ThreadPoolExecutor(1, "spi-socket") as worker:
        served = worker.submit(chip.serve, ended.is_set)
        try:
            yield
        finally:
            ended.set()
        served.result()


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
