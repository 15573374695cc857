"""What can be wrong with the serial line: bytes garbled, lost or added by chance, a direction cut, a host that is mute.

Rule: what happens to a byte follows from the seed, its direction and how many went that way before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TO_HOST, TO_DEVICE = 0, 1
_PPM = np.uint64(1_000_000)
_GARBLED, _LOST, _INSERTED, _BYTE = (np.uint64(stream) for stream in (0x6A4B, 0x1057, 0x1235, 0xB17E))


@dataclass(frozen=True)
class LineFaults:
    """Off by default. *_ppm: chance of each byte, both ways, 1e-6. host_silent: the host hears but says nothing."""

    garbled_ppm: int = 0
    lost_ppm: int = 0
    inserted_ppm: int = 0
    cut_to_host: bool = False
    cut_to_device: bool = False
    host_silent: bool = False


class Line:
    """Both directions. seed: of what happens by chance. passed: bytes so far, to the host and to the device."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.faults = LineFaults()
        self.passed = [0, 0]

    def carry(self, way: int, data: bytes) -> bytes:
        """What arrives of the bytes. way: TO_HOST or TO_DEVICE."""
        faults, first = self.faults, self.passed[way]
        self.passed[way] += len(data)
        if way == TO_HOST and faults.cut_to_host:
            return b""
        if way == TO_DEVICE and (faults.cut_to_device or faults.host_silent):
            return b""
        if not data or not faults.garbled_ppm + faults.lost_ppm + faults.inserted_ppm:
            return data
        return self._spoil(way, first, np.frombuffer(data, np.uint8).copy())

    def _spoil(self, way: int, first: int, data: NDArray[np.uint8]) -> bytes:
        at = np.arange(first, first + data.size, dtype=np.uint64)
        garbled, lost, inserted = (
            self._hash(way, stream, at) % _PPM < np.uint64(ppm)
            for stream, ppm in (
                (_GARBLED, self.faults.garbled_ppm),
                (_LOST, self.faults.lost_ppm),
                (_INSERTED, self.faults.inserted_ppm),
            )
        )
        noise = self._hash(way, _BYTE, at)
        data[garbled] ^= (1 << (noise[garbled] & np.uint64(7))).astype(np.uint8)
        extra = (noise >> np.uint64(8)).astype(np.uint8)
        pairs = np.stack([data, extra], axis=1)
        return pairs[np.stack([~lost, inserted], axis=1)].tobytes()

    def _hash(self, way: int, stream: np.uint64, at: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """splitmix64 finaliser, twice."""
        with np.errstate(over="ignore"):
            key = np.uint64(self._seed & 0xFFFF_FFFF_FFFF_FFFF) ^ stream << np.uint64(way * 16)
            return _mix(_mix(np.array([key])) + at)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
