"""The libraries that reach a Pi's pins; the only file that imports them, and only when the device starts.

Rule: whoever drives pins is given these as one value, so that look-alikes can stand in their place.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Modules:
    """spi: makes a closed SpiDev. gpiod: the module, version 2. smbus2: the module. ioctl: fcntl's."""

    spi: Callable[[], Any]
    gpiod: Any
    smbus2: Any
    ioctl: Callable[[int, int, int], Any]


class OldGpiodError(ImportError):
    """gpiod is there, but of version 1; one line with the cure."""


def load() -> Modules:
    """The real ones. Raises ModuleNotFoundError naming the one that is missing, OldGpiodError."""
    import gpiod
    import smbus2
    import spidev

    if not hasattr(gpiod, "request_lines"):  # Debian's python3-libgpiod was version 1 for long
        raise OldGpiodError("gpiod: expected version 2, found version 1; install the right one: pip install 'gpiod>=2'")
    return Modules(spidev.SpiDev, gpiod, smbus2, fcntl.ioctl)
