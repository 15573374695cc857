"""A serial line between two processes of one machine: a Unix socket that behaves like a port.

Rule: one client at a time. As on a wire, bytes that nobody is there to hear are lost, and either end may come back.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
from pathlib import Path

from wire.socket_port import CHUNK_BYTES, SocketPort

PREFIX = "unix:"
MODE = 0o660
"""Of socket and lock: the device's user and its group."""


class UnixLineError(OSError):
    """The line cannot be had, or went away; one line."""


def path_of(port: str) -> Path:
    """The path of unix:PATH. Raises UnixLineError for none."""
    path = port.removeprefix(PREFIX)
    if not path:
        raise UnixLineError("expected unix:PATH")
    return Path(path)


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


class UnixClient(SocketPort):
    """The host's end.

    Raises UnixLineError: nobody listens, or another client has the line (the lock beside the socket says so).
    """

    error = UnixLineError
    gone = "the device's process closed the line"

    def __init__(self, port: str, write_timeout_s: float) -> None:
        path = path_of(port)
        self._lock = self._hold(_lock_of(path))
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.connect(str(path))
        except OSError as error:
            connected.close()
            self._let_go()
            raise UnixLineError(_why(error)) from None
        super().__init__(connected, write_timeout_s)

    @staticmethod
    def _hold(lock: Path) -> int:
        """Only one client has the line, whoever else may open it."""
        try:
            fd = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise UnixLineError(_why(error)) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise UnixLineError("busy: another process has the line; stop it first (stillwave-cloud?)") from None
        return fd

    def _let_go(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def close(self) -> None:
        super().close()
        self._let_go()


class UnixServer:
    """The device's end: listens at a path, serves whoever came first, never blocks.

    Raises UnixLineError: the path cannot be used, or another process listens there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._client: socket.socket | None = None
        _remove_stale(path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        try:
            self._lock = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
            os.fchmod(self._lock, MODE)
            before = os.umask(0o777 & ~MODE)
            try:
                self._listener.bind(str(path))
            finally:
                os.umask(before)
            self._listener.listen(4)
        except OSError as error:
            self._listener.close()
            what = f"there is no folder {path.parent}" if error.errno == errno.ENOENT else _why(error)
            raise UnixLineError(what) from None

    def filenos(self) -> list[int]:
        """Descriptors that become readable when there is something to read or to accept."""
        return [self._listener.fileno()] + ([self._client.fileno()] if self._client is not None else [])

    @property
    def connected(self) -> bool:
        return self._client is not None

    def read(self) -> bytes:
        """What the client has sent. Accepts a client when there is none; one too many is sent away."""
        self._accept()
        if self._client is None:
            return b""
        try:
            piece = self._client.recv(CHUNK_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            piece = b""
        if not piece:
            self._drop()
        return piece

    def _accept(self) -> None:
        while True:
            try:
                came, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            if self._client is not None:
                came.close()
                continue
            came.setblocking(False)
            self._client = came

    def write(self, data: bytes) -> int:
        """Bytes taken: all when nobody listens (they are lost), fewer when the client is slow."""
        if self._client is None:
            return len(data)
        try:
            return self._client.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._drop()
            return len(data)

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    def close(self) -> None:
        """The socket's file goes, too; the lock's stays for a client that holds it. A second time does nothing."""
        self._drop()
        self._listener.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
            with contextlib.suppress(OSError):
                self.path.unlink()


def _remove_stale(path: Path) -> None:
    """A socket that a killed process left is removed; a living one, or another file, is refused."""
    try:
        found = path.lstat()
    except OSError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise UnixLineError("exists and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise UnixLineError(_why(error)) from None
    raise UnixLineError("busy: another process is the device here; stop it first (stillwave-edge?)")


def _why(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ECONNREFUSED):
        return "no device's process listens there; start it: systemctl start stillwave-edge, or stillwave edge"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "no permission; add yourself to its group: sudo usermod -aG stillwave $USER, and log in again"
    return error.strerror or str(error)
