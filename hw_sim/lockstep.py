"""A serial line over a pseudo-terminal and the barrier that keeps a host process in step with virtual time.

Rule: in each quantum the rig says how many bytes were sent, the host says how many it wrote back;
nobody goes on before that, so speed and load of the machine change nothing.
"""

from __future__ import annotations

import os
import select
import subprocess
import termios
import time
import tty
from collections.abc import Callable, Sequence
from pathlib import Path

PIECE_BYTES = 4096
ANSWER_TIMEOUT_S = 120.0


class HostFailed(RuntimeError):
    """The host process ended, hung or broke the barrier; one line."""


class RawPty:
    """A raw pseudo-terminal: the rig holds the master, anybody may open `path`.

    link: optional stable symbolic link to it, replaced when it is a link already, removed by close().
    Raises FileExistsError when link names something that is no link.
    """

    def __init__(self, link: Path | None = None) -> None:
        if link is not None and link.exists() and not link.is_symlink():
            raise FileExistsError(f"{link} exists and is no symbolic link")
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.device = os.ttyname(self._slave)
        self.link = link
        if link is not None:
            link.unlink(missing_ok=True)
            link.symlink_to(self.device)

    @property
    def path(self) -> str:
        return self.device if self.link is None else str(self.link)

    def read(self) -> bytes:
        """What the other side wrote, without waiting."""
        try:
            return os.read(self.master, PIECE_BYTES)
        except (BlockingIOError, InterruptedError):
            return b""

    def write(self, data: bytes) -> int:
        """Puts in what has room now. Returns the number of bytes."""
        try:
            return os.write(self.master, data[:PIECE_BYTES])
        except (BlockingIOError, InterruptedError):
            return 0

    def drop(self) -> None:
        """Whatever is on its way in either direction is lost."""
        termios.tcflush(self._slave, termios.TCIOFLUSH)
        while self.read():
            pass

    def close(self) -> None:
        """Closes both ends and removes the link if it still is ours."""
        if self.link is not None and self.link.is_symlink() and os.readlink(self.link) == self.device:
            self.link.unlink()
        os.close(self.master)
        os.close(self._slave)


class HostProcess:
    """The cloud side as a process of its own behind a pty, one exchange per quantum.

    command(port, control) -> argument list; control is "R,W", two inherited descriptors. It is asked again for
    every start. alive: False between a kill and the next start; the port stays.
    """

    def __init__(self, command: Callable[[str, str], Sequence[str]], cwd: Path, timeout_s: float = ANSWER_TIMEOUT_S):
        self.pty = RawPty()
        self.timeout_s = timeout_s
        self._command, self._cwd = command, cwd
        self._kill_after_s: float | None = None
        self._listens = True  # the rig's first exchange carries no bytes
        self._start()

    def _start(self) -> None:
        its_read, self._to = os.pipe()
        self._from, its_write = os.pipe()
        try:
            environment = dict(os.environ)
            path = filter(None, [str(self._cwd), environment.get("PYTHONPATH", "")])
            environment["PYTHONPATH"] = os.pathsep.join(path)
            self.process = subprocess.Popen(
                list(self._command(self.pty.path, f"{its_read},{its_write}")),
                pass_fds=(its_read, its_write),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
            )
        finally:
            os.close(its_read)
            os.close(its_write)
        self.alive = True
        self._answer = b""

    def kill(self) -> None:
        """SIGKILL, now: what is on the line is lost. Only the own child is ever signalled."""
        if self.alive:
            self.process.kill()
            self.process.wait()
            self.alive = False
            os.close(self._to)
            os.close(self._from)
            self.pty.drop()

    def kill_within(self, after_s: float) -> None:
        """SIGKILL in the middle of the next exchange, so many seconds of wall time after its bytes were sent."""
        self._kill_after_s = after_s

    def restart(self) -> None:
        """A new process on the same port. Its first exchange is two: without bytes, until it has opened the port, then with.

        Raises RuntimeError when the old one still lives.
        """
        if self.alive:
            raise RuntimeError("host process: expected it to be killed before it is started again")
        self._listens = False
        self._start()

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        """End of a quantum: its time and the bytes sent in it -> the bytes the host wrote; none while it is dead.

        Raises HostFailed when the process is gone or does not answer in time.
        """
        if not self.alive:
            return b""
        if self._kill_after_s is not None:
            self._die_meanwhile(utc_us, data)
            return b""
        first = b"" if self._listens or not data else self._converse(utc_us, b"")
        self._listens = True
        return first + self._converse(utc_us, data)

    def _die_meanwhile(self, utc_us: int, data: bytes) -> None:
        """The kill that was ordered; whatever the host may have said is lost."""
        assert self._kill_after_s is not None
        self._say(f"{utc_us} {len(data)}\n".encode())
        self.pty.write(data)
        time.sleep(self._kill_after_s)
        self._kill_after_s = None
        self.kill()

    def _converse(self, utc_us: int, data: bytes) -> bytes:
        self._say(f"{utc_us} {len(data)}\n".encode())
        expected: int | None = None
        received = b""
        left = data
        limit = time.monotonic() + self.timeout_s
        while expected is None or left or len(received) < expected:
            readable, writable = self._wait(bool(left), limit)
            if writable:
                left = left[self.pty.write(left) :]
            if self.pty.master in readable:
                received += self.pty.read()
            if self._from in readable:
                expected = self._read_answer()
        if len(received) != expected:
            raise HostFailed(f"host process: said it wrote {expected} bytes, {len(received)} came")
        return received

    def _say(self, line: bytes) -> None:
        try:
            os.write(self._to, line)
        except BrokenPipeError:
            raise HostFailed(self._why_gone()) from None

    def _wait(self, writing: bool, limit: float) -> tuple[list[int], list[int]]:
        writers = [self.pty.master] if writing else []
        left_s = max(0.0, limit - time.monotonic())
        readable, writable, _ = select.select([self.pty.master, self._from], writers, [], left_s)
        if not readable and not writable:
            raise HostFailed(f"host process: no answer for {self.timeout_s:g} s")
        return readable, writable

    def _read_answer(self) -> int | None:
        piece = os.read(self._from, PIECE_BYTES)
        if not piece:
            raise HostFailed(self._why_gone())
        self._answer += piece
        line, newline, rest = self._answer.partition(b"\n")
        if not newline:
            return None
        self._answer = rest
        return int(line)

    def _why_gone(self) -> str:
        try:
            code: int | None = self.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            code = None
        return f"host process: it ended early (exit code {code})"

    def close(self) -> int:
        """Ends the run: EOF on the control pipe, then waits. Returns the exit code; kills only its own child.

        A process that was killed on purpose and not started again counts as ended: 0.
        """
        code = 0
        if self.alive:
            os.close(self._to)
            try:
                code = self.process.wait(timeout=self.timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                code = self.process.wait()
            os.close(self._from)
        self.pty.close()
        return code


def pacer(from_s: float = 0.0, speed: float = 1.0) -> Callable[[float], None]:
    """Waits until the wall clock has caught up with the virtual time it is called with; from_s is now."""
    start_s = time.monotonic() - from_s / speed

    def pace(virtual_s: float) -> None:
        time.sleep(max(0.0, start_s + virtual_s / speed - time.monotonic()))

    return pace
