"""`wire.open`: recordings in a notebook."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import wire
from tests.unit.test_decoded import made
from wire import codec, table
from wire.recording import NoRecordingError, Recorder

T0_US = 1_770_000_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "l.mcap"
    with Recorder(found, {"seed": "7"}) as recorder:
        for n in range(4):
            vitals = made("VITALS", confidence=51 * n, respiration_rate=1400 + n, respiration_validity=n % 2 * 200)
            line = codec.encode(vitals._replace(seq=n + 1))
            recorder.from_device(T0_US + n * 1_000_000, line[:9])
            recorder.from_device(T0_US + n * 1_000_000 + 500, line[9:])
            recorder.tick(T0_US + (n + 1) * 1_000_000)
            recorder.to_device(T0_US + (n + 1) * 1_000_000, codec.encode(made("ACK", seq=n + 1, boot=3)))
    return found


def test_packets_are_columns(path: Path) -> None:
    vitals = wire.open(path)["VITALS"]
    assert vitals["seq"].tolist() == [1, 2, 3, 4] and vitals["boot"].tolist() == [7] * 4
    assert vitals["utc_us"].tolist() == [T0_US + n * 1_000_000 + 500 for n in range(4)]
    assert vitals["respiration_rate"].tolist() == [1400, 1401, 1402, 1403]
    assert vitals["wave"].shape == (4, 16)


def test_unknown_is_nan_in_physical_units(path: Path) -> None:
    vitals = wire.open(str(path)).physical("VITALS")
    assert np.isnan(vitals["respiration_rate"]).tolist() == [True, False, True, False]
    assert vitals["respiration_rate"][1] == pytest.approx(14.01) and vitals["confidence"][1] == pytest.approx(0.2)
    assert vitals["utc_us"].dtype == np.int64


def test_both_directions_and_ticks(path: Path) -> None:
    line = wire.open(path)
    assert line.names == ["ACK", "VITALS"] and line["ACK"]["payload_seq"].tolist() == [1, 2, 3, 4]
    assert line.ticks.tolist() == [T0_US + (n + 1) * 1_000_000 for n in range(4)]
    assert line.chunks["bytes"].sum() == len(line.from_device) + len(line.to_device)
    assert (line.metadata["run"]["seed"], line.whole) == ("7", True)


@pytest.mark.parametrize("name", sorted(table.BY_NAME))
def test_every_type_has_an_array_even_an_empty_one(path: Path, name: str) -> None:
    line = wire.open(path)
    assert len(line[name]) == len(line.physical(name)) == (4 if name in line.names else 0)


def test_an_unknown_name_and_no_file(path: Path) -> None:
    with pytest.raises(KeyError):
        wire.open(path)["NONSENSE"]
    with pytest.raises(NoRecordingError, match="No such file"):
        wire.open(path.with_name("none.mcap"))
