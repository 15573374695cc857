"""How the board is wired to the Pi, and what else it uses: one table, checked once.

Rule: defaults are those of the wiring table in docs/raspberry-pi.md; GPIO numbers are Broadcom's, not positions.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields
from pathlib import Path

from edge.hal.raspberry_pi.flash_file import FLASH_BYTES

SPI_HZ_MAX = 25_000_000
"""The chip sends on the falling edge as the firmware sets it up; faster needs its high-speed mode."""
SPI_HZ_MIN = 1_000_000
"""Slower, and frames come faster than they are read."""
N_LINES = 54
PIN_NAMES = ("reset", "interrupt", "standby", "button", "buzzer")


class SettingsError(ValueError):
    """A setting that cannot be; one line naming it and what was expected."""


@dataclass(frozen=True)
class Pins:
    """GPIO numbers; None: not wired. standby, button: to ground when closed. reset, interrupt: of the radar chip."""

    reset: int = 12
    interrupt: int = 25
    standby: int | None = 5
    button: int | None = 6
    buzzer: int | None = 16

    def __post_init__(self) -> None:
        used = list(self.wired().values())
        for name, value in self.wired().items():
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < N_LINES:
                raise SettingsError(f"pin {name}: expected a GPIO number 0..{N_LINES - 1}, got {value!r}")
            if used.count(value) > 1:
                raise SettingsError(f"pin {name}: GPIO{value} is used twice")
        if len({"reset", "interrupt"} & set(self.wired())) != 2:
            raise SettingsError("pins reset and interrupt: expected GPIO numbers, they are always wired")

    def wired(self) -> dict[str, int]:
        """Name -> GPIO number of those that are wired."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not None}


def parse_pins(text: str) -> Pins:
    """`reset=12,button=none`: what differs from the defaults. Raises SettingsError."""
    given: dict[str, int | None] = {}
    for part in filter(None, text.split(",")):
        name, _, value = (word.strip() for word in part.partition("="))
        if name not in PIN_NAMES or not (value == "none" or value.isdecimal()):
            raise SettingsError(
                f"pins: expected NAME=NUMBER or NAME=none with NAME one of {', '.join(PIN_NAMES)}, got {part!r}"
            )
        given[name] = None if value == "none" else int(value)
    return Pins(**given)  # type: ignore[arg-type]


@dataclass(frozen=True)
class PiSettings:
    """The whole set-up. light: "none", "pwm:CHIP:CHANNEL[,CHANNEL,CHANNEL]" or "gpio:NUMBER". sound: a command line.

    spi: (bus, chip select). flash: file that plays the NOR flash. state: file that remembers how the last run ended.
    flash_bytes: its size. sys: root of the kernel's files.
    """

    spi: tuple[int, int] = (0, 0)
    spi_hz: int = 20_000_000
    gpio_chip: str = "/dev/gpiochip0"
    pins: Pins = Pins()
    i2c_bus: int | None = 1
    light: str = "none"
    sound: str = ""
    flash: Path = Path("stillwave-flash.bin")
    flash_bytes: int = FLASH_BYTES
    state: Path = Path("stillwave-edge.state")
    sys: Path = Path("/sys")

    def __post_init__(self) -> None:
        if not SPI_HZ_MIN <= self.spi_hz <= SPI_HZ_MAX:
            raise SettingsError(f"spi-hz: expected {SPI_HZ_MIN}..{SPI_HZ_MAX}, got {self.spi_hz}")
        try:
            shlex.split(self.sound)
        except ValueError as error:
            raise SettingsError(f"sound: expected a command line, got {self.sound!r}: {error}") from None

    @property
    def spi_path(self) -> str:
        return f"/dev/spidev{self.spi[0]}.{self.spi[1]}"

    @property
    def i2c_path(self) -> str:
        return f"/dev/i2c-{self.i2c_bus}"
