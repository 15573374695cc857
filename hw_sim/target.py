"""Firmware in another process: a program by pipes, natively or under qemu-user, or an image in QEMU by named pipes.

Rule: whoever starts a process ends it, by its id; no file of it stays behind.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hw_sim.board import Board, BoardFailed, SampleSource
from hw_sim.chip.core import ffi, function_address, lib
from hw_sim.gdb_watch import OPTIONS as WATCHED
from hw_sim.gdb_watch import GdbWatch

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 30.0
END_S = 0.5
"""A process that has closed its side is at its end."""
TOO_SMALL = -100  # the target's own status
MACHINES = {"arm": "mps2-an386", "arm_m7": "mps2-an500", "arm_m33": "mps2-an505"}
"""Target -> the QEMU machine its image is for."""
QEMU = "qemu-system-arm"
# No instruction counter: in lock-step the image has no interrupt and no timer, so that the host's clock reaches nothing.
QEMU_OPTIONS = ["-display", "none", "-monitor", "none", "-semihosting-config", "enable=on,target=native"]
APT = "apt-get install --no-install-recommends"
FAULT = "stillwave fault: "  # how a line of the image begins that says why it ended


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
        self,
        board: Board,
        process: subprocess.Popen[bytes],
        fds: tuple[int, int],
        folder: str | None,
        gdb: GdbWatch | None = None,
    ) -> None:
        self.process = process
        self._gdb = gdb
        self._board = board
        self._fds = fds
        self._folder = folder
        self._said = ""  # of the log, once the folder is gone
        self._words: list[int] = []
        self._closed = False
        board.last_words = self.last_words
        self.bridge: Any = ffi.new("bridge *")
        lib.bridge_init(self.bridge, board.memory, *fds)
        self._waiting = ffi.callback("bridge_waiting", self._look, error=1, onerror=self._interrupted)
        self.bridge.waiting = self._waiting
        if gdb is not None:
            self.bridge.timeout_ms = -1

    def patience(self, seconds: float) -> None:
        """From now on a step that takes longer than this, wall time, counts as hung; the default is a minute."""
        self.bridge.timeout_ms = round(seconds * 1000)

    def _look(self, _context: object) -> int:
        """Now and then while the far end is waited for; in here Ctrl-C is heard. Not 0: give up."""
        return int(self._gdb is not None and self._gdb.left())

    def _interrupted(self, _kind: object, error: BaseException, _traceback: object) -> None:
        """What a signal raised; there is C between here and whoever waits."""
        self._board.interrupted = error

    def start(self, config_words: Sequence[int]) -> None:
        """Starts the firmware with these radar config words (none: its default).

        Raises BoardFailed with the reason, ValueError when the firmware refuses the configuration.
        """
        self._words = list(config_words)
        status = lib.bridge_start(self.bridge, ffi.new("uint32_t[]", self._words), len(self._words))
        if self._board.memory.failed:
            self._board.raise_failed()
        if status == TOO_SMALL:
            raise ValueError("the target's memory does not hold the firmware")
        if status != 0:
            raise ValueError(f"the firmware refuses the radar configuration: error {status}")
        self._board.bind_device(function_address("bridge_step"), int(ffi.cast("uintptr_t", self.bridge)))

    def last_words(self) -> str:
        """What a bare-metal image said of its end, how a program ended, why it was given up; empty: nothing to say."""
        if self._gdb is not None and self._gdb.said:
            return self._gdb.said
        said = self.log().splitlines()
        return next((line.removeprefix(FAULT) for line in said if line.startswith(FAULT)), self._ended())

    def _ended(self) -> str:
        """How a program ended that did so by itself."""
        if self._closed or self._folder is not None:
            return ""
        try:
            code = self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            return ""
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def log(self) -> str:
        """What QEMU and a bare-metal image have said; empty for a program."""
        return self._said if self._folder is None else (Path(self._folder) / "log").read_text(errors="replace")

    def lead(self, config_words: Sequence[int] = ()) -> None:
        """As start, of an image with a clock of its own: from now on follow() it."""
        self.start(config_words)
        self._board.bind_device(function_address("bridge_note"), int(ffi.cast("uintptr_t", self.bridge)))

    def follow(self, source: SampleSource) -> int:
        """The board goes on to the image's time, and tells it what happened. Returns that time, us. Raises BoardFailed."""
        now = ffi.new("uint64_t *")
        if lib.bridge_await(self.bridge, now) < 0:
            self._board.raise_failed()
        self._board.run(now[0] + 1, source)
        if lib.bridge_tell(self.bridge) < 0:
            self._board.raise_failed()
        return int(now[0])

    def restart(self) -> None:
        """START again: the far end wipes the device's memory. Raises as start."""
        self.start(self._words)

    def close(self, wait_s: float = 5.0) -> None:
        """STOP, then the process is waited for; killed when it does not end within wait_s."""
        lib.bridge_stop(self.bridge)
        self._closed = True
        for fd in self._fds:
            os.close(fd)
        try:
            self.process.wait(timeout=wait_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._said = self.log()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def open_target(board: Board, target: str, program: Path, gdb_port: int | None = None) -> ProcessTarget:
    """Runs a target's program as that target is run. gdb_port: see image_target. Raises BoardFailed."""
    if target in MACHINES:
        return image_target(board, program, MACHINES[target], gdb_port)
    if gdb_port is not None:
        raise BoardFailed(f"target {target}: gdb is for {', '.join(MACHINES)}; expected one of these")
    return posix_target(board, program, emulator_of(target))


def emulator_of(target: str) -> list[str]:
    """The command a program is run by; none where it runs by itself. Raises BoardFailed when it is not installed."""
    if target != "aarch64" or platform.machine() == "aarch64":
        return []
    if shutil.which("qemu-aarch64") is None:
        raise BoardFailed(f"target aarch64: qemu-aarch64 not found; install it: {APT} qemu-user")
    return ["qemu-aarch64"]


def posix_target(board: Board, program: Path, by: Sequence[str] = ()) -> ProcessTarget:
    """Runs the program with the bridge on its stdin and stdout. by: the emulator's command."""
    process = subprocess.Popen([*by, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    to, back = os.dup(process.stdin.fileno()), os.dup(process.stdout.fileno())
    process.stdin.close()
    process.stdout.close()
    return ProcessTarget(board, process, (to, back), None)


def image_target(
    board: Board, image: Path, machine: str, gdb_port: int | None = None, serial: Sequence[str] = ("none",)
) -> ProcessTarget:
    """Runs the image on a QEMU machine with two named pipes.

    gdb_port: the image waits at its first instruction for a gdb there, and then as long as gdb wants it to.
    serial: words behind QEMU's -serial. Raises BoardFailed when QEMU is missing or does not start.
    """
    if shutil.which(QEMU) is None:
        raise BoardFailed(f"machine {machine}: {QEMU} not found; install it: {APT} qemu-system-arm")
    folder = tempfile.mkdtemp(prefix="stillwave-arm-")
    requests, replies = os.path.join(folder, "requests"), os.path.join(folder, "replies")
    os.mkfifo(requests, 0o600)
    os.mkfifo(replies, 0o600)
    back = os.open(requests, os.O_RDONLY | os.O_NONBLOCK)
    command = [QEMU, "-M", machine, *QEMU_OPTIONS, "-serial", *serial, "-kernel", str(image)]
    watch = None
    if gdb_port is not None:
        command += ["-gdb", f"tcp:127.0.0.1:{gdb_port}", "-S", *WATCHED]
        watch = GdbWatch(Path(folder))
    with open(os.path.join(folder, "log"), "wb") as log:  # it always warns about the missing network
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    to, said = None, list[str]()
    try:
        to = _open_when_read(replies, process, watch)
    finally:  # Ctrl-C included
        if to is None:
            os.close(back)
            process.kill()
            process.wait()
            said = (Path(folder) / "log").read_text(errors="replace").splitlines()
            shutil.rmtree(folder, ignore_errors=True)
    if to is None:
        said += [] if watch is None else [watch.said]
        why = next((f": {line}" for line in said if line and "warning" not in line), "")
        raise BoardFailed(f"machine {machine}: QEMU did not open its side of the bridge{why}")
    os.set_blocking(back, True)
    os.set_blocking(to, True)
    return ProcessTarget(board, process, (to, back), folder, watch)


def _open_when_read(path: str, process: subprocess.Popen[bytes], watch: GdbWatch | None) -> int | None:
    """Opens the pipe for writing once the other side reads it; it opened its own writing end before.

    None: it did not, for START_TIMEOUT_S or, with a gdb to be watched, until that left.
    """
    limit = time.monotonic() + (START_TIMEOUT_S if watch is None else float("inf"))
    while time.monotonic() < limit and process.poll() is None and not (watch is not None and watch.left()):
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.005)
    return None
