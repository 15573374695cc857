"""The wake-up light on the Pi's PWM channels, or on a line that is on or off.

Rule: a light that fails is dark and is told once; it never stops the alarm.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from edge.hal.raspberry_pi.settings import N_LINES, SettingsError
from edge.hal.raspberry_pi.troubles import BOOT_CONFIG, PiTrouble

PERIOD_NS = 1_000_000
FULL = 65_535
HALF = 32_768
EXPORT_S = 1.0
COLOURS = 3


class Light(Protocol):
    """Duties of red, green and blue, 0 dark .. 65535 full."""

    def set(self, duties: tuple[int, int, int]) -> None: ...


class NoLight:
    """Nothing is wired."""

    def set(self, duties: tuple[int, int, int]) -> None:
        """Dark."""


class PinLight:
    """On from half of full on."""

    def __init__(self, switch: Callable[[int], int]) -> None:
        self._switch = switch

    def set(self, duties: tuple[int, int, int]) -> None:
        self._switch(int(max(duties) >= HALF))


class PwmLight:
    """One channel takes the brightest colour, three take one each. Raises PiTrouble."""

    def __init__(self, chip: Path, channels: list[int]) -> None:
        if not chip.is_dir():
            raise PiTrouble(
                f"{chip} is not there: PWM is not enabled; put dtoverlay=pwm-2chan into {BOOT_CONFIG} and reboot"
            )
        self._folders = [self._exported(chip, channel) for channel in channels]
        for folder in self._folders:
            self._write(folder, "period", PERIOD_NS)
            self._write(folder, "duty_cycle", 0)
            self._write(folder, "enable", 1)

    def _exported(self, chip: Path, channel: int) -> Path:
        folder = chip / f"pwm{channel}"
        if not folder.is_dir():
            self._write(chip, "export", channel)
            end_s = time.monotonic() + EXPORT_S  # udev gives its files to the group a moment later
            while not folder.is_dir() and time.monotonic() < end_s:
                time.sleep(0.01)
        return folder

    @staticmethod
    def _write(folder: Path, name: str, value: int) -> None:
        try:
            (folder / name).write_text(str(value))
        except PermissionError:
            raise PiTrouble(
                f"{folder / name}: no permission; add yourself to the group gpio: sudo usermod -aG gpio $USER"
            ) from None
        except OSError as error:
            raise PiTrouble(
                f"{folder / name}: {error.strerror}; is this channel there? choose another with --light"
            ) from None

    def set(self, duties: tuple[int, int, int]) -> None:
        values = duties if len(self._folders) == COLOURS else (max(duties),)
        for folder, duty in zip(self._folders, values, strict=True):
            self._write(folder, "duty_cycle", PERIOD_NS * min(duty, FULL) // FULL)


def pin_of(light: str) -> int | None:
    """The GPIO number of a light on a line; None: it is another kind."""
    kind, _, number = light.partition(":")
    if kind != "gpio":
        return None
    if not number.isdecimal() or int(number) >= N_LINES:
        raise SettingsError(f"light: expected gpio:NUMBER, got {light!r}")
    return int(number)


def open_light(light: str, sys: Path, switch: Callable[[int], int]) -> Light:
    """The light of the settings. Raises SettingsError, PiTrouble."""
    if light == "none":
        return NoLight()
    if pin_of(light) is not None:
        return PinLight(switch)
    kind, *rest = light.split(":")
    channels = rest[1].split(",") if len(rest) == 2 else []
    if kind != "pwm" or len(channels) not in (1, COLOURS) or not all(word.isdecimal() for word in [rest[0], *channels]):
        raise SettingsError(f"light: expected none, gpio:NUMBER or pwm:CHIP:CHANNEL[,CHANNEL,CHANNEL], got {light!r}")
    return PwmLight(sys / "class/pwm" / f"pwmchip{rest[0]}", [int(word) for word in channels])
