"""Firmware in another process: the posix program by pipes, the bare-metal ARM image in QEMU by named pipes.

Rule: whoever starts a process ends it, by its id; no file of it stays behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hw_sim.board import Board, BoardFailed
from hw_sim.chip.core import ffi, function_address, lib

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 30.0
TOO_SMALL = -100  # the target's own status
QEMU = [
    *("qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "none"),
    *("-icount", "shift=3,sleep=off", "-semihosting-config", "enable=on,target=native"),
]


def build_program(target: str) -> Path:
    """The target's program, built when it is older than its sources. Raises ValueError with the reason."""
    script = ROOT / "native" / "targets" / "build.py"
    done = subprocess.run([sys.executable, str(script), target], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.strip() or f"target {target} cannot be built")
    return Path(done.stdout.strip())


class ProcessTarget:
    """A device in another process, bound to a board. process: the child; fds: to it and from it."""

    def __init__(
        self, board: Board, process: subprocess.Popen[bytes], fds: tuple[int, int], folder: str | None
    ) -> None:
        self.process = process
        self._board = board
        self._fds = fds
        self._folder = folder
        self._words: list[int] = []
        self.bridge: Any = ffi.new("bridge *")
        lib.bridge_init(self.bridge, board.memory, *fds)

    def start(self, config_words: Sequence[int]) -> None:
        """Starts the firmware with these radar config words (none: its default).

        Raises BoardFailed with the reason, ValueError when the firmware refuses the configuration.
        """
        self._words = list(config_words)
        status = lib.bridge_start(self.bridge, ffi.new("uint32_t[]", self._words), len(self._words))
        if self._board.memory.failed:
            raise BoardFailed(self._board.reason)
        if status == TOO_SMALL:
            raise ValueError("the target's memory does not hold the firmware")
        if status != 0:
            raise ValueError(f"the firmware refuses the radar configuration: error {status}")
        self._board.bind_device(function_address("bridge_step"), int(ffi.cast("uintptr_t", self.bridge)))

    def restart(self) -> None:
        """START again: the far end wipes the device's memory. Raises as start."""
        self.start(self._words)

    def close(self, wait_s: float = 5.0) -> None:
        """STOP, then the process is waited for; killed when it does not end within wait_s."""
        lib.bridge_stop(self.bridge)
        for fd in self._fds:
            os.close(fd)
        try:
            self.process.wait(timeout=wait_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def posix_target(board: Board, program: Path) -> ProcessTarget:
    """Runs the program with the bridge on its stdin and stdout."""
    process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    to, back = os.dup(process.stdin.fileno()), os.dup(process.stdout.fileno())
    process.stdin.close()
    process.stdout.close()
    return ProcessTarget(board, process, (to, back), None)


def arm_target(board: Board, image: Path) -> ProcessTarget:
    """Runs the image in QEMU with two named pipes. Raises BoardFailed when QEMU is missing or does not start."""
    if shutil.which(QEMU[0]) is None:
        raise BoardFailed(f"target arm: {QEMU[0]} not found; install the package qemu-system-arm")
    folder = tempfile.mkdtemp(prefix="stillwave-arm-")
    requests, replies = os.path.join(folder, "requests"), os.path.join(folder, "replies")
    os.mkfifo(requests, 0o600)
    os.mkfifo(replies, 0o600)
    back = os.open(requests, os.O_RDONLY | os.O_NONBLOCK)
    with open(os.path.join(folder, "log"), "wb") as log:  # it always warns about the missing network
        process = subprocess.Popen([*QEMU, "-kernel", str(image)], cwd=folder, stdin=subprocess.DEVNULL, stderr=log)
    to = _open_when_read(replies, process)
    if to is None:
        os.close(back)
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        raise BoardFailed("target arm: QEMU did not open its side of the bridge")
    os.set_blocking(back, True)
    os.set_blocking(to, True)
    return ProcessTarget(board, process, (to, back), folder)


def _open_when_read(path: str, process: subprocess.Popen[bytes]) -> int | None:
    """Opens the pipe for writing once the other side reads it; it opened its own writing end before."""
    limit = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < limit and process.poll() is None:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.005)
    return None
