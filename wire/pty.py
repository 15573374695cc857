"""A pseudo-terminal that a recording speaks at: whoever opens it finds a serial port with a device behind it.

Rule: as on a wire, bytes that nobody is there to hear are lost; the link goes with the process.
Linux: the master end hangs up while nobody has the other end open; the settings go with the last one who had it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path

PIECE_BYTES = 4096
#: A program that opens a port sets it up first, and throws away what came before that.
SETTLES_S = 0.5
LOOK_S = 0.005
#: The kernel hands on what it holds in pieces of 4 KB: empty for so long is empty.
EMPTY_S = 0.1


class Pty:
    """One raw pseudo-terminal. link: stable symbolic link to it, replaced when it is a link already.

    Raises FileExistsError when link names something that is no link, OSError when it cannot be made.
    """

    def __init__(self, link: Path | None = None) -> None:
        if link is not None and link.exists() and not link.is_symlink():
            raise FileExistsError(f"{link} exists and is no symbolic link")
        self.master, slave = os.openpty()
        self.device = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self.master, False)
        self._heard_before = False
        self.link = link
        if link is not None:
            link.unlink(missing_ok=True)
            link.symlink_to(self.device)

    @property
    def path(self) -> str:
        """What to open."""
        return self.device if self.link is None else str(self.link)

    @property
    def is_open(self) -> bool:
        """Somebody has the other end open. Makes it raw for a newcomer who does not do so."""
        poll = select.poll()
        poll.register(self.master, 0)
        there = not any(event & select.POLLHUP for _, event in poll.poll(0))
        if there and not self._heard_before:
            with self._other_end() as fd:
                tty.setraw(fd)
        self._heard_before = there
        return there

    def wait_for_somebody(self, timeout_s: float | None = None) -> bytes:
        """Until somebody has opened it and is ready: what they said first. Raises TimeoutError."""
        end_s = None if timeout_s is None else time.monotonic() + timeout_s
        since_s: float | None = None
        while True:
            if end_s is not None and time.monotonic() > end_s:
                raise TimeoutError(f"{self.path}: nobody opened it within {timeout_s:g} s")
            if not self.is_open:
                since_s = None
            else:
                since_s = time.monotonic() if since_s is None else since_s
                said = self.read()
                if said or time.monotonic() - since_s >= SETTLES_S:
                    return said
            time.sleep(LOOK_S)

    def read(self) -> bytes:
        """What was said at the other end, without waiting; b"" when nobody is there."""
        try:
            return os.read(self.master, PIECE_BYTES)
        except OSError:  # nothing there, or nobody
            return b""

    def write(self, data: bytes) -> int:
        """Bytes taken: all when nobody is there (they are lost), fewer when the other end is slow."""
        if not self.is_open:
            return len(data)
        try:
            return os.write(self.master, data[:PIECE_BYTES])
        except OSError:
            return 0

    def drain(self, timeout_s: float) -> None:
        """Until the other end has read everything, is gone, or timeout_s passed: closing takes unread bytes along."""
        end_s = time.monotonic() + timeout_s
        empty_s = time.monotonic()
        while (now_s := time.monotonic()) < end_s and self.is_open:
            if self._unread():
                empty_s = now_s
            elif now_s - empty_s >= EMPTY_S:
                return
            time.sleep(LOOK_S)

    def _unread(self) -> int:
        with self._other_end() as fd:
            return int(struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0])

    @contextlib.contextmanager
    def _other_end(self) -> Iterator[int]:
        fd = os.open(self.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            yield fd
        finally:
            os.close(fd)

    def close(self) -> None:
        """Removes the link if it still is ours."""
        if self.link is not None and self.link.is_symlink() and os.readlink(self.link) == self.device:
            self.link.unlink()
        os.close(self.master)

    def __enter__(self) -> Pty:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
