"""A driver that knows the chip only by its bus: registers, lists, FIFO bursts, resets. For every neutral interface.

Written from the datasheet; nothing of it comes from the firmware or from the chip's own sources.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAIN, CHIP_ID, SFCTL, FSTAT, FIFO = 0x00, 0x02, 0x06, 0x5F, 0x60
FRAME_START, SW_RESET, FSM_RESET, FIFO_RESET = 1, 2, 4, 8
HIGH_SPEED, LFSR_EN, CREF_MASK = 1 << 16, 1 << 17, 0x1FFF
FOF, EMPTY, FUF, BURST_ERR, CLK_ERR = 1 << 23, 1 << 20, 1 << 19, 1 << 18, 1 << 17
GSR_FOU, GSR_HS, GSR_BURST, GSR_CLK = 8, 4, 2, 1
BURST = bytes((0xFF, FIFO << 1, 0, 0))


@dataclass
class Driver:
    """window: one chip-select window of these bytes -> MISO; rst: the pin; wait: until the interrupt, at most s."""

    window: Callable[[bytes], bytes]
    rst: Callable[[int], Any]
    wait: Callable[[float], bool]
    gsr0: int = 0

    def access(self, word: int) -> int:
        miso = self.window(word.to_bytes(4, "big"))
        self.gsr0 = miso[0]
        return int.from_bytes(miso[1:], "big")

    def read(self, address: int) -> int:
        return self.access(address << 25)

    def write(self, address: int, value: int) -> int:
        return self.access(address << 25 | 1 << 24 | value)

    def fifo(self, n_samples: int) -> NDArray[np.int64]:
        """int64[n_samples] from one burst."""
        miso = self.window(BURST + b"\xff" * (n_samples // 2 * 3))
        self.gsr0 = miso[0]
        b = np.frombuffer(miso, np.uint8, offset=4).astype(np.int64).reshape(-1, 3)
        return np.stack((b[:, 0] << 4 | b[:, 1] >> 4, (b[:, 1] & 15) << 8 | b[:, 2]), 1).ravel()

    def limit(self, n_samples: int) -> None:
        self.write(SFCTL, self.read(SFCTL) & ~CREF_MASK | (n_samples // 2 - 1))

    def start(self) -> None:
        self.write(MAIN, self.read(MAIN) | FRAME_START)

    def reset(self, bit: int) -> bool:
        """A soft reset; True when its bit has cleared."""
        self.write(MAIN, self.read(MAIN) | bit)
        return not self.read(MAIN) & bit

    def hard_reset(self) -> None:
        self.rst(0)
        self.rst(1)


def register_list(rx_mask: int = 7, n_samples: int = 64, n_chirps: int = 4, **changes: int) -> list[int]:
    """The 38 words of the firmware's list for a radar config, each address << 25 | 1 << 24 | data."""
    from edge.core import load

    ffi, lib = load()
    config, words = ffi.new("sw_radar_config *"), ffi.new("uint32_t[]", lib.SW_RADAR_REGISTER_COUNT)
    lib.sw_config_default(config)
    config.rx_mask, config.n_samples, config.n_chirps = rx_mask, n_samples, n_chirps
    for name, value in changes.items():
        setattr(config, name, value)
    assert lib.sw_radar_registers(config, words, ffi.new("sw_radar_timing *")) == 0
    return [int(word) for word in words]


def ramp(frame: int, n_chirps: int, per_chirp: int) -> NDArray[np.int64]:
    """The documented ramp, the slow way: int64[n_chirps * per_chirp]."""
    return np.array([(k + 7 * chirp + 131 * frame) & 0xFFF for chirp in range(n_chirps) for k in range(per_chirp)])


def lfsr(n: int) -> NDArray[np.int64]:
    """x^12 + x^11 + x^10 + x^4 + 1 from state 1, shifted right."""
    state, out = 1, []
    for _ in range(n):
        out.append(state)
        state = state >> 1 | (bin(state & 0x107).count("1") % 2) << 11
    return np.array(out)
