"""Raw recordings: what is loaded, and that every bad input is one clear line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.recording import RecordingError, load_config, load_recording

SHAPE: dict[str, Any] = {
    "rx_antennas": [1, 3],
    "tx_antennas": [1],
    "tx_power_level": 31,
    "if_gain_dB": 23,
    "start_frequency_Hz": 58_000_000_000,
    "end_frequency_Hz": 63_500_000_000,
    "num_chirps_per_frame": 4,
    "num_samples_per_chirp": 8,
    "chirp_repetition_time_s": 0.0005911249900236726,
    "frame_repetition_time_s": 0.07726884633302689,
    "sample_rate_Hz": 2_000_000,
    "hp_cutoff_Hz": 80_000,
}
REQUIRED = [key for key in SHAPE if key != "tx_antennas"]


def counts() -> np.ndarray:
    """uint16[frame 5, rx 2, chirp 4, sample 8]: every element different."""
    return np.arange(5 * 2 * 4 * 8, dtype=np.uint16).reshape(5, 2, 4, 8)


def write(folder: Path, section: Any = SHAPE, array: np.ndarray | None = None) -> tuple[Path, Path]:
    adc, config = folder / "radar.npy", folder / "config.json"
    np.save(adc, counts() if array is None else array)
    config.write_text(json.dumps({"device_config": {"fmcw_single_shape": section}}))
    return adc, config


def test_frames_are_in_fifo_order(tmp_path: Path) -> None:
    frames = load_recording(*write(tmp_path)).frames
    assert frames.flags.c_contiguous
    assert np.array_equal(frames, np.einsum("frcs->fcsr", counts()))


def test_config_is_read_with_units(tmp_path: Path) -> None:
    config = load_config(write(tmp_path)[1])
    assert (config.rx_antennas, config.n_samples, config.n_chirps) == ((1, 3), 8, 4)
    assert (config.start_hz, config.end_hz, config.sample_rate_hz) == (58e9, 63.5e9, 2e6)


def test_older_names_of_the_sweep_are_read(tmp_path: Path) -> None:
    section = {key: value for key, value in SHAPE.items() if not key.endswith("frequency_Hz")}
    section |= {"lower_frequency_Hz": 60e9, "upper_frequency_Hz": 61.5e9}
    assert load_config(write(tmp_path, section)[1]).end_hz == 61.5e9


def refused(folder: Path, section: Any = SHAPE, array: np.ndarray | None = None) -> str:
    with pytest.raises(RecordingError) as caught:
        load_recording(*write(folder, section, array))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("key", REQUIRED)
def test_missing_key_is_named_with_its_file(tmp_path: Path, key: str) -> None:
    message = refused(tmp_path, {name: value for name, value in SHAPE.items() if name != key})
    assert "config.json" in message
    assert f"device_config.fmcw_single_shape.{key}: missing, expected" in message


BAD_VALUES: list[tuple[str, Any]] = [
    ("rx_antennas", []),
    ("rx_antennas", [3, 1]),
    ("rx_antennas", [1, 1]),
    ("rx_antennas", [4]),
    ("rx_antennas", [True]),
    ("rx_antennas", "1"),
    ("tx_power_level", 32),
    ("if_gain_dB", 17),
    ("start_frequency_Hz", 24e9),
    ("start_frequency_Hz", "58e9"),
    ("end_frequency_Hz", 58e9),
    ("end_frequency_Hz", float("nan")),
    ("num_chirps_per_frame", 0),
    ("num_samples_per_chirp", 8.0),
    ("num_samples_per_chirp", True),
    ("chirp_repetition_time_s", 1e-6),
    ("frame_repetition_time_s", 0.001),
    ("frame_repetition_time_s", float("inf")),
    ("sample_rate_Hz", 0),
    ("sample_rate_Hz", None),
    ("hp_cutoff_Hz", 30_000),
]


@pytest.mark.parametrize(("key", "value"), BAD_VALUES)
def test_bad_value_names_the_key_and_what_was_expected(tmp_path: Path, key: str, value: Any) -> None:
    message = refused(tmp_path, SHAPE | {key: value})
    assert f"{key}: expected" in message


BAD_ARRAYS: list[tuple[str, Callable[[], np.ndarray], str]] = [
    ("dtype", lambda: counts().astype(np.int16), "expected dtype uint16, got int16"),
    ("byte order", lambda: counts().astype(">u2"), "expected dtype uint16, got >u2"),
    ("flat", lambda: counts().ravel(), "expected 4 dimensions"),
    ("axes", lambda: counts().transpose(0, 2, 3, 1), "expected [rx, chirp, sample] = [2, 4, 8]"),
    ("antennas", lambda: counts()[:, :1], "got [1, 4, 8]"),
    ("empty", lambda: counts()[:0], "at least one frame"),
    ("13 bits", lambda: counts() + np.uint16(4000), "expected 12-bit samples 0..4095"),
]


@pytest.mark.parametrize(("make", "expected"), [row[1:] for row in BAD_ARRAYS], ids=[row[0] for row in BAD_ARRAYS])
def test_bad_array_says_what_was_expected(tmp_path: Path, make: Callable[[], np.ndarray], expected: str) -> None:
    message = refused(tmp_path, array=make())
    assert "radar.npy" in message
    assert expected in message


@pytest.mark.parametrize("name", ["radar.npy", "config.json"])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    adc, config = write(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(RecordingError, match=f"{name}: cannot be read: No such file"):
        load_recording(adc, config)


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="Is a directory"):
        load_recording(tmp_path, write(tmp_path)[1])


NO_CONFIGS = ["", "{", "[1]", '{"device_config": 3}', '{"device_config": {}}', "[" * 100_000, "\xff"]


@pytest.mark.parametrize("text", NO_CONFIGS, ids=range(len(NO_CONFIGS)))
def test_config_that_is_no_sdk_file(tmp_path: Path, text: str) -> None:
    adc, config = write(tmp_path)
    config.write_bytes(text.encode("latin-1"))
    with pytest.raises(RecordingError, match="expected"):
        load_recording(adc, config)


def test_bytes_after_the_array(tmp_path: Path) -> None:
    adc, config = write(tmp_path)
    adc.write_bytes(adc.read_bytes() + b"\0")
    with pytest.raises(RecordingError, match="bytes after its end"):
        load_recording(adc, config)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recording")


@given(st.integers(0, 128 + 640 - 1))
def test_any_truncation_is_one_line(folder: Path, kept: int) -> None:
    adc, config = write(folder)
    adc.write_bytes(adc.read_bytes()[:kept])
    with pytest.raises(RecordingError, match=r"radar\.npy: expected a complete \.npy file"):
        load_recording(adc, config)


@given(st.integers(0, 127), st.binary(min_size=1, max_size=4))
def test_damaged_header_is_loaded_or_one_line(folder: Path, at: int, junk: bytes) -> None:
    adc, config = write(folder)
    whole = adc.read_bytes()
    adc.write_bytes(whole[:at] + junk + whole[at + len(junk) :])
    try:
        frames = load_recording(adc, config).frames
    except RecordingError as error:
        assert "\n" not in str(error)
    else:
        assert frames.shape[1:] == (4, 8, 2)


def test_real_recording(data_dir: Path) -> None:
    recording = load_recording(
        data_dir / "bgt60tr13c_breathing" / "radar.npy", data_dir / "bgt60tr13c_breathing" / "config.json"
    )
    assert recording.frames.shape == (256, 8, 64, 3)
    assert recording.config.rx_antennas == (1, 2, 3)
