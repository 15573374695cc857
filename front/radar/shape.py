"""One chirp shape as the radar SDK's JSON says it (`device_config.fmcw_single_shape`), or the firmware's own config.

Rule: what is wrong is one line naming file, key and what was expected; unknown keys are somebody else's and are left.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from front.env import InputError

SECTION = ("device_config", "fmcw_single_shape")
OTHER_NAMES = {"lower_frequency_Hz": "start_frequency_Hz", "upper_frequency_Hz": "end_frequency_Hz"}
SDK_NAMES = {
    "n_samples": "num_samples_per_chirp",
    "n_chirps": "num_chirps_per_frame",
    "sample_rate_hz": "sample_rate_Hz",
    "start_hz": "start_frequency_Hz",
    "end_hz": "end_frequency_Hz",
    "chirp_period_s": "chirp_repetition_time_s",
    "frame_period_s": "frame_repetition_time_s",
    "if_gain_db": "if_gain_dB",
    "hp_cutoff_hz": "hp_cutoff_Hz",
    "aa_cutoff_hz": "aaf_cutoff_Hz",
}

Hz = Annotated[float, Meta(ge=57e9, le=64e9)]
Seconds = Annotated[float, Meta(gt=0, le=3600)]
Antenna = Annotated[int, Meta(ge=1, le=3)]


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename=lambda name: SDK_NAMES.get(name, name)):
    """start_hz: power amplifier on; end_hz: end of the ramp; the rest by its names and units."""

    rx_antennas: Annotated[tuple[Antenna, ...], Meta(min_length=1, max_length=3)]
    tx_antennas: tuple[Literal[1], ...] = (1,)
    tx_power_level: Annotated[int, Meta(ge=0, le=31)] = 31
    if_gain_db: Annotated[int, Meta(ge=18, le=60)]
    start_hz: Hz
    end_hz: Hz
    n_chirps: Annotated[int, Meta(ge=1, le=4096)]
    n_samples: Annotated[int, Meta(ge=1, le=4095)]
    chirp_period_s: Seconds
    frame_period_s: Seconds
    sample_rate_hz: Annotated[float, Meta(ge=80e6 / 1023, le=4e6)]
    hp_cutoff_hz: Literal[20_000, 45_000, 70_000, 80_000] = 80_000
    aa_cutoff_hz: Literal[500_000] = 500_000
    mimo_mode: Literal["off"] = "off"

    def __post_init__(self) -> None:
        if self.end_hz <= self.start_hz:
            raise ValueError(f"end_frequency_Hz: expected above {self.start_hz:.0f}, the start; got {self.end_hz:.0f}")
        if list(self.rx_antennas) != sorted(set(self.rx_antennas)):
            raise ValueError(f"rx_antennas: expected rising numbers, got {list(self.rx_antennas)}")


def read_shape(raw: object, where: str) -> Shape:
    """From parsed JSON: the SDK's form, or an object of the firmware's own fields. Raises InputError."""
    if isinstance(raw, dict) and SECTION[0] not in raw:
        return own_shape(raw, where)
    found: Any = raw
    for depth, key in enumerate(SECTION):
        if not isinstance(found, dict) or not isinstance(found.get(key), dict):
            raise InputError(f"{where}: {'.'.join(SECTION[: depth + 1])}: expected an object of the radar SDK's form")
        found = found[key]
    values = {OTHER_NAMES.get(key, key): _plain(value) for key, value in found.items()}
    try:
        return msgspec.convert(values, Shape)
    except msgspec.ValidationError as error:
        what, _, place = str(error).replace("`", "").partition(" - at $")
        raise InputError(f"{where}: {'.'.join(SECTION)}{place}: {what}") from None


def _plain(value: object) -> object:
    """80000.0, as some tools write it, is 80000."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def own_shape(fields: dict[str, Any], where: str) -> Shape:
    """From fields of the firmware's radar config; what is not named is its default. Raises InputError."""
    from edge.config import ConfigError, RadarConfig

    try:
        own = RadarConfig(**fields)
    except ConfigError as error:
        raise InputError(f"{where}: {error}") from None
    except TypeError:
        expected = f"device_config, or keys out of {', '.join(RadarConfig.__dataclass_fields__)}"
        raise InputError(f"{where}: expected {expected}; with integers") from None
    return Shape(
        rx_antennas=tuple(n for n in (1, 2, 3) if own.rx_mask >> (n - 1) & 1),
        tx_power_level=own.tx_power_level,
        if_gain_db=own.if_gain_db,
        start_hz=own.start_khz * 1e3,
        end_hz=own.end_khz * 1e3,
        n_chirps=own.n_chirps,
        n_samples=own.n_samples,
        chirp_period_s=own.chirp_period_ns / 1e9,
        frame_period_s=own.frame_period_ns / 1e9,
        sample_rate_hz=own.sample_rate_hz,
        hp_cutoff_hz=own.hp_cutoff_khz * 1000,  # type: ignore[arg-type]
    )


def load_json(path: Path) -> Shape:
    """A JSON file. Raises InputError."""
    try:
        return read_shape(msgspec.json.decode(path.read_bytes()), str(path))
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{path}: expected JSON: {error}") from None


def as_sdk(shape: Shape) -> str:
    """The SDK's JSON; whole numbers are written as such."""
    inner = msgspec.to_builtins(shape)
    whole = {key: int(v) if isinstance(v, float) and v.is_integer() else v for key, v in inner.items()}
    text = msgspec.json.encode({SECTION[0]: {SECTION[1]: dict(sorted(whole.items()))}})
    return msgspec.json.format(text, indent=4).decode() + "\n"
