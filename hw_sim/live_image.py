"""`stillwave board --target arm`: the Cortex-M4 image in real time, its UART0 on a pseudo-terminal that anybody may open.

Rule: the image's own timer leads and the board follows it; nobody reads UART0 but whoever has opened the port.
Not modelled: the baud rate, and loss of a byte that nobody fetches in time (QEMU makes the sender wait).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hw_sim.board import Board, BoardFailed
from hw_sim.producer import FrameProducer
from hw_sim.rig import Rig
from hw_sim.scene import Scene
from hw_sim.target import MACHINES, ProcessTarget, build_program, image_target

REDIRECTED = re.compile(r"redirected to (/dev/\S+)")
PORT_TIMEOUT_S = 10.0
WARM_UP_S = 0.1


def port_of(image: ProcessTarget) -> str:
    """The device file that QEMU has made for UART0. Raises BoardFailed."""
    limit = time.monotonic() + PORT_TIMEOUT_S
    while time.monotonic() < limit:
        if (found := REDIRECTED.search(image.log())) is not None:
            return found[1]
        time.sleep(0.01)
    raise BoardFailed("QEMU named no port for UART0")


def run(
    *,
    pty: Path | None,
    scenario: str | Path,
    seed: int,
    seconds: float,
    ready: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """As board_run.run, of the image. Raises SceneError, BoardFailed, FileExistsError, ValueError (it does not build)."""
    if pty is not None and pty.exists() and not pty.is_symlink():
        raise FileExistsError(f"{pty} exists and is no symbolic link")
    scene = Scene.load(scenario, seed=seed, duration_s=seconds)
    with Rig(scene, seed=seed, paired=True) as rig:  # what compiles at the first frame does so while no clock runs
        published_key = rig.board.flash
        rig.run(WARM_UP_S)
    board, source = Board(seed), FrameProducer(scene.frames)
    board.load_flash(published_key)
    image, device = image_target(board, build_program("arm_uart"), MACHINES["arm"], serial=("pty",)), ""
    try:
        device = port_of(image)
        image.lead()
        if pty is not None:
            pty.unlink(missing_ok=True)
            pty.symlink_to(device)
        ready({"event": "ready", "port": device if pty is None else str(pty), "device": device})
        while (now_us := image.follow(source)) < seconds * 1e6:
            pass
        return {"event": "end", "virtual_s": now_us / 1e6, "frames": board.chip.counters().frames_from_ring}
    finally:
        if pty is not None and pty.is_symlink() and os.readlink(pty) == device:  # not another board's
            pty.unlink()
        source.close()
        image.close()
