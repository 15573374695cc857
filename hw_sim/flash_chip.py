"""The board's NOR flash as Python holds it: its pages, and what is in them.

Rule: what nothing was done to is erased, costs no memory and is never copied.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from typing import Any

import numpy as np

from hw_sim.chip.core import ffi, lib

FLASH_BYTES = int(lib.NOR_FLASH_BYTES)
FLASH_BYTES_MIN = int(lib.NOR_FLASH_BYTES_MIN)
SECTOR_BYTES = int(lib.NOR_FLASH_SECTOR_BYTES)


class FlashPages:
    """Memory for a flash of this size. Raises ValueError for a size that no part of this kind has."""

    def __init__(self, size: int = FLASH_BYTES) -> None:
        if not FLASH_BYTES_MIN <= size <= FLASH_BYTES or size & (size - 1):
            expected = f"a power of two from {FLASH_BYTES_MIN} to {FLASH_BYTES}"
            raise ValueError(f"flash_bytes: expected {expected}, got {size}")
        self.size = size
        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # zeros, none there before it is used
        self.bytes: Any = ffi.from_buffer("uint8_t[]", pages)


class FlashContent:
    """What is in a flash. memory: its nor_flash, and the pages it works in."""

    def __init__(self, memory: Any, pages: FlashPages) -> None:
        self._memory, self._pages = memory, pages

    def all(self) -> bytes:
        """Up to the last sector that anything was done to, and 64 KB at least; behind it all is erased."""
        n = max(FLASH_BYTES_MIN, SECTOR_BYTES * (1 + max(self._touched(), default=0)))
        content = ffi.new("uint8_t[]", n)
        lib.nor_flash_look(self._memory, 0, content, n)
        return bytes(ffi.buffer(content))

    def load(self, content: bytes) -> None:
        """What an earlier life left; missing bytes are erased. Raises ValueError when it is too long."""
        if len(content) > self._pages.size:
            raise ValueError(f"flash: expected at most {self._pages.size} bytes, got {len(content)}")
        ffi.memmove(self._memory.touched, bytes(lib.NOR_FLASH_SECTORS), lib.NOR_FLASH_SECTORS)
        if content:
            lib.nor_flash_put(self._memory, 0, content, len(content))

    def sectors(self) -> dict[int, bytes]:
        """The sectors that anything was done to, by number."""
        pages = ffi.buffer(self._pages.bytes)
        return {n: pages[n * SECTOR_BYTES : (n + 1) * SECTOR_BYTES] for n in self._touched()}

    def load_sectors(self, sectors: Mapping[int, bytes]) -> None:
        """As load, from what sectors() returned."""
        self.load(b"")
        for n, content in sectors.items():
            lib.nor_flash_put(self._memory, n * SECTOR_BYTES, content, SECTOR_BYTES)

    @property
    def wear(self) -> list[int]:
        """How often each sector was erased."""
        return list(self._memory.wear[0 : self._pages.size // SECTOR_BYTES])

    def _touched(self) -> list[int]:
        return np.flatnonzero(np.frombuffer(ffi.buffer(self._memory.touched), np.uint8)).tolist()
