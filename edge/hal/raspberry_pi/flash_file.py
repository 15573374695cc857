"""A file that plays the board's NOR flash: programming clears bits, erasing sets a sector, nothing in between blocks.

Rule: a change below PACKETS_FROM (settings, alarm, calibration, keys) is written beside the file, forced to the card and
renamed over it: whenever power fails, the file holds what it held before the operation or what it holds after it. From
there on lies the ring of packets, written about once a second: that is written in place, so that the card lives, and
forced to it with every erased sector; the firmware knows a torn packet by its CRC. Writing runs in a worker; until it is
done flash is busy.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FLASH_BYTES = 65_536
PAGE_BYTES = 256
SECTOR_BYTES = 4096
PACKETS_FROM = 8 * SECTOR_BYTES
ERASED = b"\xff"
REFUSED = -1

Start = Callable[[Callable[[], None]], None]
"""Runs a function soon, elsewhere or at once."""


class FlashFileError(RuntimeError):
    """The file is none of ours or cannot be written; one line."""


class Worker:
    """One thread that writes."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "flash")

    def __call__(self, work: Callable[[], None]) -> None:
        self._pool.submit(work)

    def close(self) -> None:
        """Waits for what was begun."""
        self._pool.shutdown(wait=True)


class FlashFile:
    """start: runs the writing; a Worker on a real device. Raises FlashFileError."""

    def __init__(self, path: Path, start: Start) -> None:
        self.path = path
        self._start = start
        self._busy = False
        self.failures = 0
        self.writes = 0
        self.writes_in_place = 0
        self.last_failure = ""
        self._bytes = bytearray(self._load())

    def _load(self) -> bytes:
        try:
            found = self.path.read_bytes()
        except FileNotFoundError:
            if not os.access(self.path.parent, os.W_OK | os.X_OK):
                raise FlashFileError(
                    f"{self.path}: its folder cannot be written; choose one that is yours with --state-dir"
                ) from None
            return ERASED * FLASH_BYTES
        except OSError as error:
            raise FlashFileError(f"{self.path}: cannot be read: {error.strerror}") from None
        if len(found) != FLASH_BYTES:
            raise FlashFileError(
                f"{self.path}: expected {FLASH_BYTES} bytes, found {len(found)}; is it another file? move it away"
            )
        return found

    def read(self, address: int, n: int) -> bytes | None:
        """None: refused, because an operation runs or it lies outside."""
        if self._busy or not 0 <= address <= FLASH_BYTES - n:
            return None
        return bytes(self._bytes[address : address + n])

    def program(self, address: int, data: bytes) -> int:
        """Clears bits inside one page. Negative: refused."""
        n = len(data)
        inside = (
            n
            and address >= 0
            and address // PAGE_BYTES == (address + n - 1) // PAGE_BYTES
            and address + n <= FLASH_BYTES
        )
        if self._busy or not inside:
            return REFUSED
        new = bytearray(self._bytes)
        for i, byte in enumerate(data):
            new[address + i] &= byte
        return self._change(new, address, n)

    def erase(self, address: int) -> int:
        """Sets every bit of the sector that holds address. Negative: refused."""
        if self._busy or not 0 <= address < FLASH_BYTES:
            return REFUSED
        new = bytearray(self._bytes)
        first = address // SECTOR_BYTES * SECTOR_BYTES
        new[first : first + SECTOR_BYTES] = ERASED * SECTOR_BYTES
        return self._change(new, first, SECTOR_BYTES)

    def busy(self) -> int:
        return int(self._busy)

    def _change(self, new: bytearray, first: int, n: int) -> int:
        self._busy = True
        self._start(lambda: self._write(new, first, n))
        return 0

    def _write(self, new: bytearray, first: int, n: int) -> None:
        """What failed leaves the old content, as a flash that does not take it: the firmware reads back and says so."""
        try:
            if first >= PACKETS_FROM and self.path.exists():
                in_place(self.path, first, bytes(new[first : first + n]))
                self.writes_in_place += 1
            else:
                replace(self.path, bytes(new))
                self.writes += 1
            self._bytes = new
        except OSError as error:
            self.failures += 1
            self.last_failure = f"{self.path}: cannot be written: {error.strerror or error}"
        finally:
            self._busy = False


def in_place(path: Path, first: int, content: bytes) -> None:
    """Writes into the file; a whole sector is forced to the card, with all before it. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        written = 0
        while written < len(content):
            written += os.pwrite(fd, content[written:], first + written)
        if len(content) == SECTOR_BYTES:
            os.fdatasync(fd)
    finally:
        os.close(fd)


def replace(path: Path, content: bytes) -> None:
    """The file holds content after a power cut at any time, or what it held before. Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        written = 0
        while written < len(content):
            written += os.write(fd, content[written:])
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(part, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot; the rename stands
            os.fsync(folder)
    finally:
        os.close(folder)
