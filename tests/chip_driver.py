"""A radar chip, programmed and started by hand, for the tests of the emulated chip."""

from __future__ import annotations

import numpy as np

from hw_sim.chip.chip import Chip


def program(chip: Chip, rx_mask: int = 7, n_samples: int = 16, n_chirps: int = 4, cref: int | None = None) -> int:
    """Writes a short list: 2 MHz, some 60 GHz saw-tooth. cref default: one frame. Returns samples per frame."""
    frame_samples = bin(rx_mask).count("1") * n_samples * n_chirps
    level = frame_samples // 2 - 1 if cref is None else cref
    words: dict[str, int] = {
        "PACR1": 0x996524,
        "ADC0": 40 << 14 | 0x240,
        "SFCTL": 0x700000 | level,
        "CSU1_1": rx_mask << 20 | 1 << 10 | 31,
        "CSC1": 0x000490,
        "CCR0": 70 << 14 | 15 << 10 | 1 << 9 | 14,
        "CCR1": 3 << 19 | 100 << 11 | 2 << 9 | 10,
        "CCR2": (n_chirps - 1) << 12,
        "CCR3": 1 << 22 | 240 << 14 | 15 << 9 | 30,
        "PLL1_0": 0xF5208C,
        "PLL1_1": 420,
        "PLL1_2": 200,
        "PLL1_3": n_samples,
        "PLL1_7": 1 << 19 | 37 << 11 | 1 << 4,
    }
    for name, value in words.items():
        chip.write(name, value)
    return frame_samples


def start(chip: Chip) -> None:
    chip.write("MAIN", 0x1E8271)


def unpack(data: bytes) -> np.ndarray:
    """12-bit samples of FIFO bytes, the plain way."""
    b = np.frombuffer(data, np.uint8).astype(np.uint16).reshape(-1, 3)
    return np.stack([b[:, 0] << 4 | b[:, 1] >> 4, (b[:, 1] & 15) << 8 | b[:, 2]], axis=1).ravel()


def ramp(n_frames: int, frame_samples: int) -> np.ndarray:
    """uint16[frame, sample]: 0, 1, 2 ... in FIFO order, with a period that fits no power of two."""
    return (np.arange(n_frames * frame_samples) % 4093).astype(np.uint16).reshape(n_frames, frame_samples)


def running_chip(frames: np.ndarray | None = None, **changes: int) -> Chip:
    """A chip with frames started at 0 ns and samples lent (default: 50 frames of ramp). changes: as for program."""
    chip = Chip()
    size = program(chip, **changes)
    start(chip)
    chip.set_samples(ramp(50, size) if frames is None else frames)
    return chip
