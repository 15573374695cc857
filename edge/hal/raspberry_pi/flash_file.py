"""Two files that play the board's NOR flash: programming clears bits, erasing sets a sector, nothing in between blocks.

Rule: a change below PACKETS_FROM (settings, alarm, calibration, keys) is written beside its small file, forced to the card
and renamed over it: whenever power fails, the file holds what it held before the operation or what it holds after it. From
there on lies the ring of packets, written about once a second: that is written in place in a file of its own, so that the
card lives, and forced to it with every erased sector; the firmware knows a torn packet by its CRC. Writing runs in a
worker; until it is done flash is busy.

The file of packets holds the complement of each byte: what was never written, or is missing at its end, is erased.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FLASH_BYTES = 16_777_216
OLD_BYTES = 65_536
"""What an earlier version kept, packets included, in the one file."""
PAGE_BYTES = 256
SECTOR_BYTES = 4096
PACKETS_FROM = 8 * SECTOR_BYTES
ERASED = b"\xff"
REFUSED = -1
COMPLEMENT = bytes(255 - byte for byte in range(256))

Start = Callable[[Callable[[], None]], None]
"""Runs a function soon, elsewhere or at once."""


class FlashFileError(RuntimeError):
    """A file is none of ours or cannot be written; one line."""


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
    """path: of settings and keys; the packets lie beside it. start: runs the writing; a Worker on a real device.

    size: of the flash; a multiple of a sector. Raises FlashFileError.
    """

    def __init__(self, path: Path, start: Start, size: int = FLASH_BYTES) -> None:
        self.path, self.size = path, size
        self._start = start
        self._busy = False
        self.failures = 0
        self.writes = 0
        self.writes_in_place = 0
        self.last_failure = ""
        self.found = ""
        """What was wrong with the files and is mended, one line; empty: nothing."""
        self._settings = self._load()
        self._packets = PacketFile(packets_path(path), size - PACKETS_FROM)
        self.found = self.found or self._packets.found

    def _load(self) -> bytes:
        try:
            found = self.path.read_bytes()
        except FileNotFoundError:
            if not os.access(self.path.parent, os.W_OK | os.X_OK):
                raise FlashFileError(
                    f"{self.path}: its folder cannot be written; choose one that is yours with --state-dir"
                ) from None
            return ERASED * PACKETS_FROM
        except OSError as error:
            raise FlashFileError(f"{self.path}: cannot be read: {error.strerror}") from None
        if len(found) == OLD_BYTES:
            return self._migrated(found)
        if len(found) != PACKETS_FROM:
            raise FlashFileError(
                f"{self.path}: expected {PACKETS_FROM} bytes, found {len(found)}; is it another file? move it away"
            )
        return found

    def _migrated(self, old: bytes) -> bytes:
        try:
            replace(self.path, old[:PACKETS_FROM])
        except OSError as error:
            raise FlashFileError(f"{self.path}: cannot be written: {error.strerror or error}") from None
        self.found = (
            f"{self.path}: of an earlier version: settings, alarm and keys are kept, its waiting packets are not"
        )
        return old[:PACKETS_FROM]

    def read(self, address: int, n: int) -> bytes | None:
        """None: refused, because an operation runs or it lies outside, or because the card cannot be read."""
        if self._busy or not 0 <= address <= self.size - n:
            return None
        try:
            return self._content(address, n)
        except OSError as error:
            self._failed(packets_path(self.path), "read", error)
            return None

    def _content(self, address: int, n: int) -> bytes:
        below = self._settings[address : address + n]
        first = max(address, PACKETS_FROM)
        return below + self._packets.read(first - PACKETS_FROM, n - len(below)) if len(below) < n else below

    def program(self, address: int, data: bytes) -> int:
        """Clears bits inside one page. Negative: refused."""
        n = len(data)
        if not (n and address >= 0 and address // PAGE_BYTES == (address + n - 1) // PAGE_BYTES):
            return REFUSED
        there = self.read(address, n)
        if there is None:
            return REFUSED
        return self._change(address, bytes(old & new for old, new in zip(there, data, strict=True)))

    def erase(self, address: int) -> int:
        """Sets every bit of the sector that holds address. Negative: refused."""
        if self._busy or not 0 <= address < self.size:
            return REFUSED
        return self._change(address // SECTOR_BYTES * SECTOR_BYTES, ERASED * SECTOR_BYTES)

    def busy(self) -> int:
        return int(self._busy)

    def close(self) -> None:
        """The files are left as they are."""
        self._packets.close()

    def _change(self, first: int, content: bytes) -> int:
        self._busy = True
        self._start(lambda: self._write(first, content))
        return 0

    def _write(self, first: int, content: bytes) -> None:
        """What failed leaves the old content, as a flash that does not take it: the firmware reads back and says so."""
        place = packets_path(self.path) if first >= PACKETS_FROM else self.path
        try:
            if first >= PACKETS_FROM:
                self._packets.write(first - PACKETS_FROM, content)
                self.writes_in_place += 1
            else:
                new = self._settings[:first] + content + self._settings[first + len(content) :]
                replace(self.path, new)
                self._settings = new
                self.writes += 1
        except OSError as error:
            self._failed(place, "written", error)
        finally:
            self._busy = False

    def _failed(self, place: Path, what: str, error: OSError) -> None:
        self.failures += 1
        self.last_failure = f"{place}: cannot be {what}: {error.strerror or error}"


def packets_path(path: Path) -> Path:
    """The file of packets beside that of settings."""
    return path.with_name(f"{path.stem}-packets{path.suffix}")


class PacketFile:
    """The ring's part of the flash: a sparse file of size bytes, written in place. Raises FlashFileError."""

    def __init__(self, path: Path, size: int) -> None:
        self.found = ""
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise FlashFileError(f"{path}: cannot be written: {error.strerror}") from None
        there = os.fstat(self._fd).st_size
        if there > size:
            self.close()
            raise FlashFileError(
                f"{path}: expected at most {size} bytes, found {there}; is it another file? move it away"
            )
        if 0 < there < size:
            self.found = f"{path}: {there} of {size} bytes: it was cut; what is missing counts as erased"
        try:
            os.ftruncate(self._fd, size)
        except OSError as error:
            self.close()
            raise FlashFileError(f"{path}: cannot be written: {error.strerror}") from None

    def read(self, at: int, n: int) -> bytes:
        """Raises OSError."""
        return os.pread(self._fd, n, at).ljust(n, b"\0").translate(COMPLEMENT)

    def write(self, at: int, content: bytes) -> None:
        """A whole sector is forced to the card, with all before it. Raises OSError."""
        kept = content.translate(COMPLEMENT)
        written = 0
        while written < len(kept):
            written += os.pwrite(self._fd, kept[written:], at + written)
        if len(kept) == SECTOR_BYTES:
            os.fdatasync(self._fd)

    def close(self) -> None:
        """Gives the file back; once."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
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
