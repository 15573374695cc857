"""Values of faults as people write them: a number with a unit, in a range.

Rule: one base unit per kind; a number without a unit is refused unless the kind is a bare number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([A-Za-zµ%°/]*)\Z")


@dataclass(frozen=True)
class Kind:
    """What a value may be. units: suffix -> factor to the base unit; low, high: in the base unit.

    default: when none is written; None: one must be. whole: the base unit is not divided.
    """

    units: Mapping[str, float]
    low: float
    high: float
    default: float | None = None
    whole: bool = True
    hexadecimal: bool = False

    def read(self, text: str) -> float:
        """The value in the base unit. Raises ValueError that says what was expected."""
        found = _NUMBER.match(text)
        if self.hexadecimal and re.fullmatch(r"0[xX][0-9a-fA-F]+", text):
            value: float = int(text, 16)
        elif found is None or found[2] not in self.units:
            raise ValueError(f"expected {self.expected}, got {text!r}")
        else:
            value = float(found[1]) * self.units[found[2]]
        return self.check(value, text)

    def check(self, value: float, text: str) -> float:
        """The value, when it is possible. Raises ValueError."""
        if not math.isfinite(value):
            raise ValueError(f"expected {self.expected}, got {text!r}")
        value = round(value) if self.whole else value
        if not self.low <= value <= self.high:
            raise ValueError(f"expected {self.expected}, got {text!r}")
        return value

    def write(self, value: float) -> str:
        """The shortest way to write a value of this kind."""
        if self.hexadecimal:
            return f"0x{int(value):X}"
        by_size = sorted(self.units.items(), key=lambda one: -one[1])
        unit, factor = next(((u, f) for u, f in by_size if abs(value) >= f), by_size[-1])
        return f"{value / factor:.12g}{unit}"

    @property
    def expected(self) -> str:
        """The range in words."""
        return f"{self.write(self.low)} to {self.write(self.high)}"


def time(low_us: float, high_us: float, default_us: float | None = None) -> Kind:
    """A length of time; base unit us."""
    return Kind({"us": 1, "ms": 1e3, "s": 1e6}, low_us, high_us, default_us)


def share(low_ppm: float, high_ppm: float, default_ppm: float | None = None) -> Kind:
    """A share of things; base unit 1e-6."""
    return Kind({"ppm": 1, "%": 1e4}, low_ppm, high_ppm, default_ppm)


def rate_error(most_ppb: float, default_ppb: float | None = None) -> Kind:
    """By how much a clock runs fast, or slow when negative; base unit 1e-9."""
    return Kind({"ppb": 1, "ppm": 1e3, "%": 1e7}, -most_ppb, most_ppb, default_ppb)


def frequency(low_hz: float, high_hz: float, default_hz: float | None = None) -> Kind:
    """Base unit Hz."""
    return Kind({"Hz": 1, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}, low_hz, high_hz, default_hz)


def count(low: int, high: int, default: int | None = None) -> Kind:
    """A bare whole number."""
    return Kind({"": 1}, low, high, default)


def identity(high: int, default: int | None = None) -> Kind:
    """A number in hexadecimal, 0x..."""
    return Kind({"": 1}, 0, high, default, hexadecimal=True)


def quantity(unit: str, low: float, high: float, default: float | None = None) -> Kind:
    """Any number with this one unit (dB, deg, C, mV, lx ...), fractions allowed."""
    return Kind({unit: 1}, low, high, default, whole=False)
