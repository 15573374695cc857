"""Radar configurations from the SDK's JSON, and the one line each error is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.config import ConfigError, RadarConfig, load_sdk

SHAPE: dict[str, Any] = {
    "rx_antennas": [1, 3], "tx_power_level": 20, "if_gain_dB": 33, "start_frequency_Hz": 58_000_000_000,
    "end_frequency_Hz": 63_500_000_000, "num_chirps_per_frame": 8, "num_samples_per_chirp": 64,
    "chirp_repetition_time_s": 0.0005911249900236726, "frame_repetition_time_s": 0.07726884633302689,
    "sample_rate_Hz": 2_000_000, "hp_cutoff_Hz": 80_000,
}  # fmt: skip


def written(path: Path, shape: object) -> Path:
    path.write_text(json.dumps({"device_config": {"fmcw_single_shape": shape}}))
    return path


def test_the_sdks_file_becomes_integers(tmp_path: Path) -> None:
    config = load_sdk(written(tmp_path / "c.json", SHAPE))
    assert config == RadarConfig(5, 64, 8, 2_000_000, 58_000_000, 63_500_000, 591_125, 77_268_846, 20, 33, 80)


def test_the_older_names_of_the_sweep_are_known(tmp_path: Path) -> None:
    older = {k.replace("start_", "lower_").replace("end_", "upper_"): v for k, v in SHAPE.items()}
    assert load_sdk(written(tmp_path / "c.json", older)) == load_sdk(written(tmp_path / "d.json", SHAPE))


def test_the_recordings_config_loads(data_dir: Path) -> None:
    assert load_sdk(data_dir / "bgt60tr13c_breathing" / "config.json").frame_period_ns == 77_268_846


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rx_antennas": [4]}, "rx_antennas: expected a list out of 1, 2, 3"),
        ({"rx_antennas": []}, "rx_antennas"),
        ({"sample_rate_Hz": "fast"}, "sample_rate_Hz: expected a number, got 'fast'"),
        ({"sample_rate_Hz": 3_000_000}, "sample_rate_hz: expected 80 MHz / n"),
        ({"num_chirps_per_frame": 3}, "n_chirps: expected an even number"),
        ({"if_gain_dB": 24}, "if_gain_db: expected one of"),
        ({"end_frequency_Hz": 57e9}, "end_khz: expected above start_khz"),
        ({"start_frequency_Hz": float("inf")}, "start_frequency_Hz: expected a number"),
        ({"hp_cutoff_Hz": 30_000}, "hp_cutoff_khz: expected 20, 45, 70 or 80"),
    ],
)
def test_a_wrong_key_is_one_line_naming_file_and_key(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    path = written(tmp_path / "c.json", SHAPE | change)
    with pytest.raises(ConfigError) as error:
        load_sdk(path)
    assert str(error.value).startswith(f"{path}: ")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    shape = {key: value for key, value in SHAPE.items() if key != "num_samples_per_chirp"}
    with pytest.raises(ConfigError, match="num_samples_per_chirp: missing"):
        load_sdk(written(tmp_path / "c.json", shape))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"device_config": 3}', '{"device_config": {"fmcw_single_shape": 1}}']
)
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=str(path)):
        load_sdk(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_sdk(tmp_path / "absent.json")
