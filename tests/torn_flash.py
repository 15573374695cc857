"""A NOR flash whose power fails in the middle of an operation, as an sw_hal of which only the flash works."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.core import load

ffi, lib = load()
SECTOR, SIZE = 4096, 65536
PROGRAM_US, ERASE_US = 700, 45_000


class TornFlash:
    """now_us: set by whoever runs it. cut_at: operation (1 is the first) in whose middle the power fails, after
    `share` of its bytes; what an erase has reached then holds noise. stuck: operations change nothing."""

    def __init__(self, size: int = SIZE) -> None:
        self.content = bytearray(b"\xff" * size)
        self.now_us = self.busy_until_us = 0
        self.operations = 0
        self.erased: list[int] = []
        self.cut_at: int | None = None
        self.share = 0.5
        self.powered = True
        self.stuck = self.refuses = False
        self.busy_forever = False
        calls = {
            "flash_read": self._read, "flash_program": self._program, "flash_erase": self._erase,
            "flash_busy": lambda _: int(self.busy),
        }  # fmt: skip
        self.hal: Any = ffi.new("sw_hal *")
        types = dict(ffi.typeof("sw_hal").fields)
        self._callbacks = {name: ffi.callback(types[name].type, call) for name, call in calls.items()}
        for name, callback in self._callbacks.items():
            setattr(self.hal, name, callback)

    @property
    def busy(self) -> bool:
        return self.busy_forever or self.now_us < self.busy_until_us

    def power_on(self) -> None:
        """Power is back; nothing is cut from now on."""
        self.powered, self.cut_at, self.busy_until_us = True, None, 0

    def _read(self, _: Any, address: int, data: Any, n: int) -> int:
        if self.busy or self.refuses or address + n > len(self.content):
            return -1
        ffi.memmove(data, bytes(self.content[address : address + n]), n)
        return 0

    def _start(self, lasts_us: int) -> tuple[bool, float]:
        """Whether anything happens, and how much of it."""
        if self.busy or self.refuses or not self.powered:
            return False, 0.0
        self.operations += 1
        self.busy_until_us = self.now_us + lasts_us
        self.powered = self.operations != self.cut_at
        return not self.stuck, 1.0 if self.powered else self.share

    def _program(self, _: Any, address: int, data: Any, n: int) -> int:
        assert address // 256 == (address + n - 1) // 256
        happens, share = self._start(PROGRAM_US)
        for i, one in enumerate(bytes(ffi.buffer(data, n))[: round(share * n)] if happens else b""):
            self.content[address + i] &= one
        return 0 if happens or self.stuck else -1

    def _erase(self, _: Any, address: int) -> int:
        sector = address // SECTOR
        happens, share = self._start(ERASE_US)
        if happens:
            self.erased.append(sector)
            noise = np.random.default_rng(self.operations).bytes(SECTOR)
            was = self.content[sector * SECTOR : (sector + 1) * SECTOR]
            now = b"\xff" * SECTOR if share == 1.0 else bytes(a | b for a, b in zip(was, noise, strict=True))
            self.content[sector * SECTOR : (sector + 1) * SECTOR] = now
        return 0 if happens or self.stuck else -1
