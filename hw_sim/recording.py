"""Raw ADC recordings of the real chip, and the radar SDK's configuration file that belongs to them.

Rule: whatever is wrong with the two files ends in one RecordingError, one line: file, key, what was expected.
"""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

FULL_SCALE = 4095
SECTION = ("device_config", "fmcw_single_shape")
HP_CUTOFFS_HZ = (20_000, 45_000, 70_000, 80_000)
BAND_HZ = (57e9, 64e9)


class RecordingError(ValueError):
    """A recording or its configuration cannot be used; one line."""


@dataclass(frozen=True, slots=True)
class RecordingConfig:
    """What the SDK was told, names with units; frequencies as declared (start = power amplifier on)."""

    rx_antennas: tuple[int, ...]
    n_samples: int
    n_chirps: int
    sample_rate_hz: float
    start_hz: float
    end_hz: float
    chirp_period_s: float
    frame_period_s: float
    if_gain_db: float
    hp_cutoff_hz: float
    tx_power_level: int


@dataclass(frozen=True, slots=True)
class Recording:
    """frames: uint16[frame, chirp, sample, rx], ADC counts 0..4095, contiguous, in the order of the chip's FIFO."""

    config: RecordingConfig
    frames: NDArray[np.uint16]


def load_recording(adc: Path, config: Path | None) -> Recording:
    """The recording adc (.npy, uint16[frame, rx, chirp, sample]) with the SDK's JSON config. Raises RecordingError."""
    if config is None:
        raise RecordingError(f"--radar: missing; expected the radar SDK's JSON that {adc} was recorded with")
    declared = load_config(config)
    raw = _load_array(adc)
    shape = (len(declared.rx_antennas), declared.n_chirps, declared.n_samples)
    if raw.dtype != np.uint16:
        raise RecordingError(f"{adc}: expected dtype uint16, got {raw.dtype}")
    if raw.ndim != 4:
        raise RecordingError(f"{adc}: expected 4 dimensions [frame, rx, chirp, sample], got {raw.ndim}")
    if raw.shape[1:] != shape:
        got = list(raw.shape[1:])
        raise RecordingError(f"{adc}: expected [rx, chirp, sample] = {list(shape)} as in {config}, got {got}")
    if raw.shape[0] == 0:
        raise RecordingError(f"{adc}: expected at least one frame, got none")
    if int(raw.max()) > FULL_SCALE:
        raise RecordingError(f"{adc}: expected 12-bit samples 0..{FULL_SCALE}, got {int(raw.max())}")
    return Recording(declared, np.ascontiguousarray(raw.transpose(0, 2, 3, 1)))


def of_frames(name: Path, declared: dict[str, Any], frames: NDArray[np.uint16], config: Path | None) -> Recording:
    """Frames whose file, called name, says itself how they were recorded: declared is of the SDK's form.

    frames: uint16[frame, chirp, sample, rx]. config: must say the same when it is given. Raises RecordingError.
    """
    found = config_in(name, declared)
    if config is not None:
        other = load_config(config)
        for key in RecordingConfig.__dataclass_fields__:
            expected, got = getattr(found, key), getattr(other, key)
            if expected != got:
                raise RecordingError(f"{config}: {key}: expected {expected} as in the header of {name}, got {got}")
    shape = (found.n_chirps, found.n_samples, len(found.rx_antennas))
    if frames.shape[1:] != shape:
        raise RecordingError(f"{name}: expected [chirp, sample, rx] = {list(shape)}, got {list(frames.shape[1:])}")
    if not len(frames):
        raise RecordingError(f"{name}: expected at least one whole frame, got none")
    return Recording(found, np.ascontiguousarray(frames))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _load_array(path: Path) -> NDArray[Any]:
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy comments on strange headers; the line below says it all
            raw = np.lib.format.read_array(file, allow_pickle=False)
            rest = file.read(1)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or _one_line(error)}") from None
    except (ValueError, EOFError, MemoryError, SyntaxError, TypeError, TokenError) as error:
        raise RecordingError(f"{path}: expected a complete .npy file: {_one_line(error)}") from None
    if rest:
        raise RecordingError(f"{path}: expected a single .npy array, got bytes after its end")
    return np.asarray(raw)


def load_config(path: Path) -> RecordingConfig:
    """The SDK's JSON (`device_config.fmcw_single_shape`). Raises RecordingError."""
    return _config(_Keys(path, _section(path)))


def config_in(name: Path, content: dict[str, Any]) -> RecordingConfig:
    """The same of what was read already; name: where it stood. Raises RecordingError."""
    return _config(_Keys(name, _inner(name, content)))


def _config(keys: _Keys) -> RecordingConfig:
    start_hz = keys.number("start_frequency_Hz", *BAND_HZ, "lower_frequency_Hz")
    end_hz = keys.number("end_frequency_Hz", *BAND_HZ, "upper_frequency_Hz")
    if end_hz <= start_hz:
        raise keys.wrong("end_frequency_Hz", f"a frequency above the start ({start_hz:g} Hz)", end_hz)
    n_samples = keys.integer("num_samples_per_chirp", 1, 4095)
    n_chirps = keys.integer("num_chirps_per_frame", 1, 4096)
    sample_rate_hz = keys.number("sample_rate_Hz", 80e6 / 1023, 4e6)
    chirp_period_s = keys.number("chirp_repetition_time_s", n_samples / sample_rate_hz, 3600.0)
    frame_period_s = keys.number("frame_repetition_time_s", n_chirps * chirp_period_s, 3600.0)
    hp_cutoff_hz = keys.number("hp_cutoff_Hz", 0, 1e6)
    if hp_cutoff_hz not in HP_CUTOFFS_HZ:
        raise keys.wrong("hp_cutoff_Hz", f"one of {list(HP_CUTOFFS_HZ)}", hp_cutoff_hz)
    return RecordingConfig(
        rx_antennas=keys.antennas("rx_antennas"),
        n_samples=n_samples,
        n_chirps=n_chirps,
        sample_rate_hz=sample_rate_hz,
        start_hz=start_hz,
        end_hz=end_hz,
        chirp_period_s=chirp_period_s,
        frame_period_s=frame_period_s,
        if_gain_db=keys.number("if_gain_dB", 18, 60),
        hp_cutoff_hz=hp_cutoff_hz,
        tx_power_level=keys.integer("tx_power_level", 0, 31),
    )


def _section(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or _one_line(error)}") from None
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{path}: expected JSON: {_one_line(error)}") from None
    return _inner(path, found)


def _inner(path: Path, found: Any) -> dict[str, Any]:
    for depth, key in enumerate(SECTION):
        if not isinstance(found, dict) or not isinstance(found.get(key), dict):
            name = ".".join(SECTION[: depth + 1])
            raise RecordingError(f"{path}: {name}: expected an object of the radar SDK's form")
        found = found[key]
    return dict(found)


class _Keys:
    """Reads values of one section, each checked, each error naming file and key."""

    def __init__(self, path: Path, section: dict[str, Any]) -> None:
        self.path = path
        self.section = section

    def wrong(self, key: str, expected: str, got: object) -> RecordingError:
        shown = repr(got)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        return RecordingError(f"{self.path}: {'.'.join((*SECTION, key))}: expected {expected}, got {shown}")

    def value(self, key: str, expected: str, *other_names: str) -> Any:
        for name in (key, *other_names):
            if name in self.section:
                return self.section[name]
        raise RecordingError(f"{self.path}: {'.'.join((*SECTION, key))}: missing, expected {expected}")

    def number(self, key: str, low: float, high: float, *other_names: str) -> float:
        expected = f"a number {low:g}..{high:g}"
        value = self.value(key, expected, *other_names)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, expected, value)
        if not math.isfinite(value) or not low <= value <= high:
            raise self.wrong(key, expected, value)
        return float(value)

    def integer(self, key: str, low: int, high: int) -> int:
        expected = f"an integer {low}..{high}"
        value = self.value(key, expected)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, expected, value)
        return value

    def antennas(self, key: str) -> tuple[int, ...]:
        expected = "antenna numbers out of 1, 2, 3 in rising order"
        value = self.value(key, expected)
        if not isinstance(value, list) or any(type(one) is not int or one not in (1, 2, 3) for one in value):
            raise self.wrong(key, expected, value)
        if not value or value != sorted(set(value)):
            raise self.wrong(key, expected, value)
        return tuple(value)
