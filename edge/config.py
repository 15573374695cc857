"""What the radar is asked to do, as the user gives it: defaults, or the radar SDK's JSON.

Rule: a configuration is checked once, here; what is wrong is one line naming the key and what was expected.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SECTION = ("device_config", "fmcw_single_shape")
CLOCK_HZ = 80_000_000


class ConfigError(ValueError):
    """A radar configuration that the chip cannot do; one line."""


@dataclass(frozen=True, slots=True)
class RadarConfig:
    """Fields and units of sw_radar_config in native/include/sw_config.h; all integers.

    start_khz, end_khz: declared sweep, from power amplifier on to the end of the ramp. Raises ConfigError.
    """

    rx_mask: int = 0b111
    n_samples: int = 256
    n_chirps: int = 8
    sample_rate_hz: int = 2_000_000
    start_khz: int = 59_500_000
    end_khz: int = 63_000_000
    chirp_period_ns: int = 500_000
    frame_period_ns: int = 50_000_000
    tx_power_level: int = 31
    if_gain_db: int = 23
    hp_cutoff_khz: int = 20

    def __post_init__(self) -> None:
        """Ranges of single keys; what depends on several is checked where the registers are computed."""
        gains = {18 + 5 * n for n in range(7)} | {30 + 5 * n for n in range(7)}
        divider = round(CLOCK_HZ / self.sample_rate_hz) if self.sample_rate_hz > 0 else 0
        checks: list[tuple[str, bool, str]] = [
            ("rx_mask", 1 <= self.rx_mask <= 7, "at least one of the antennas 1, 2, 3"),
            ("n_samples", self.n_samples in (64, 128, 256, 512), "64, 128, 256 or 512"),
            ("n_chirps", self.n_chirps in range(2, 65, 2), "an even number, 2..64"),
            (
                "sample_rate_hz",
                20 <= divider <= 1023 and abs(CLOCK_HZ / divider - self.sample_rate_hz) < 1,
                "80 MHz / n with n in 20..1023",
            ),
            ("start_khz", 57_000_000 <= self.start_khz < 64_000_000, "57000000..64000000"),
            ("end_khz", self.start_khz < self.end_khz <= 64_000_000, "above start_khz, at most 64000000"),
            ("chirp_period_ns", 0 < self.chirp_period_ns <= 13_000_000, "up to 13000000"),
            ("frame_period_ns", 0 < self.frame_period_ns <= 3_200_000_000, "up to 3200000000"),
            ("tx_power_level", 0 <= self.tx_power_level <= 31, "0..31"),
            ("if_gain_db", self.if_gain_db in gains, f"one of {sorted(gains)}"),
            ("hp_cutoff_khz", self.hp_cutoff_khz in (20, 45, 70, 80), "20, 45, 70 or 80"),
        ]
        for key, good, expected in checks:
            if not good:
                raise ConfigError(f"radar config {key}: expected {expected}, got {getattr(self, key)}")

    @property
    def n_rx(self) -> int:
        return self.rx_mask.bit_count()

    def words(self) -> list[int]:
        """The fields in the order of the C struct."""
        return [int(value) for value in asdict(self).values()]


def from_sdk(shape: Mapping[str, Any], where: str = "radar config") -> RadarConfig:
    """A `fmcw_single_shape` object of the radar SDK. Raises ConfigError naming the key."""

    def number(*keys: str, scale: float = 1.0, default: int | None = None) -> int:
        for key in keys:
            if key in shape:
                value = shape[key]
                if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                    raise ConfigError(f"{where}: {key}: expected a number, got {value!r}")
                return round(value * scale)
        if default is None:
            raise ConfigError(f"{where}: {' or '.join(keys)}: missing")
        return default

    antennas = shape.get("rx_antennas")
    if not isinstance(antennas, list) or not antennas or not all(a in (1, 2, 3) for a in antennas):
        raise ConfigError(f"{where}: rx_antennas: expected a list out of 1, 2, 3, got {antennas!r}")
    try:
        return RadarConfig(
            rx_mask=sum({1 << (int(a) - 1) for a in antennas}),
            n_samples=number("num_samples_per_chirp"),
            n_chirps=number("num_chirps_per_frame"),
            sample_rate_hz=number("sample_rate_Hz"),
            start_khz=number("start_frequency_Hz", "lower_frequency_Hz", scale=1e-3),
            end_khz=number("end_frequency_Hz", "upper_frequency_Hz", scale=1e-3),
            chirp_period_ns=number("chirp_repetition_time_s", scale=1e9),
            frame_period_ns=number("frame_repetition_time_s", scale=1e9),
            tx_power_level=number("tx_power_level", default=31),
            if_gain_db=number("if_gain_dB"),
            hp_cutoff_khz=number("hp_cutoff_Hz", scale=1e-3, default=80),
        )
    except ConfigError as error:
        raise error if str(error).startswith(where) else ConfigError(f"{where}: {error}") from None


def load_sdk(path: Path) -> RadarConfig:
    """The radar SDK's JSON file. Raises ConfigError naming file and key."""
    try:
        section: Any = json.loads(path.read_text())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: expected JSON: {error}") from None
    for key in SECTION:
        if not isinstance(section, dict) or key not in section:
            raise ConfigError(f"{path}: {'.'.join(SECTION)}: missing")
        section = section[key]
    if not isinstance(section, dict):
        raise ConfigError(f"{path}: {'.'.join(SECTION)}: expected an object")
    return from_sdk(section, str(path))
