"""`stillwave recover` and `export`: one line for a person, JSON for a script, and nothing written over."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from front import recordings
from front.env import InputError
from front.failure import explain
from tests.unit.test_decoded import made
from wire import codec, recording
from wire.recording import NoRecordingError, Recorder

T0_US = 1_770_000_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "l.mcap"
    with Recorder(found, {}) as recorder:
        for n in range(300):
            vitals = made("VITALS", respiration_rate=1400 + n, respiration_validity=n % 2)
            recorder.from_device(T0_US + n * 1_000_000, codec.encode(vitals._replace(seq=n + 1)))
            recorder.to_device(T0_US + n * 1_000_000, codec.encode(made("PING", nonce=n + 1)))
    return found


def cut(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def test_recover_says_what_it_found(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings.recover(cut(path), tmp_path / "out.mcap", False, True)
    said = json.loads(capsys.readouterr().out)
    assert (said["whole"], said["damaged"], said["file"]) == (False, 0, str(tmp_path / "out.mcap"))
    assert said["messages"] == len(recording.read(tmp_path / "out.mcap").events) > 100
    recordings.recover(tmp_path / "out.mcap", tmp_path / "again.mcap", False, False)
    assert capsys.readouterr().out.endswith("it was whole already\n")


@pytest.mark.parametrize("force", [False, True])
def test_recover_never_writes_over_its_source(path: Path, force: bool) -> None:
    before = path.read_bytes()
    with pytest.raises(InputError, match="exists; expected a new file"):
        recordings.recover(path, path, force, True)
    assert path.read_bytes() == before


def test_recover_replaces_with_force_alone(path: Path, tmp_path: Path) -> None:
    (tmp_path / "out.mcap").write_text("mine")
    with pytest.raises(InputError, match="or --force"):
        recordings.recover(path, tmp_path / "out.mcap", False, True)
    recordings.recover(path, tmp_path / "out.mcap", True, True)
    assert recording.read(tmp_path / "out.mcap").whole


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_export_is_a_table_for_each_kind(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings.export(path, tmp_path / "t", "csv", False, True)
    said = json.loads(capsys.readouterr().out)
    assert said["rows"] == {"PING": 300, "VITALS": 300, "chunks": 600}
    vitals = rows(tmp_path / "t" / "vitals.csv")
    assert [one["respiration_rate"] for one in vitals[:4]] == ["", "14.01", "", "14.03"]
    assert [int(one["seq"]) for one in vitals] == list(range(1, 301)) and "wave_15" in vitals[0]
    assert rows(tmp_path / "t" / "ping.csv")[4]["nonce"] == "5"
    assert sum(int(one["bytes"]) for one in rows(tmp_path / "t" / "chunks.csv")) > 300 * 80


def test_export_of_a_cut_file_says_so(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings.export(cut(path), tmp_path / "t", "csv", False, True)
    out, err = capsys.readouterr()
    assert "was cut or damaged" in err and 50 < json.loads(out)["rows"]["VITALS"] < 300


def test_export_goes_into_a_new_folder(path: Path, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "mine.csv").write_text("x")
    with pytest.raises(InputError, match="expected a new one, or --force"):
        recordings.export(path, tmp_path / "t", "csv", False, True)
    with pytest.raises(InputError, match="--format xls: expected csv or parquet"):
        recordings.export(path, tmp_path / "u", "xls", False, True)
    with pytest.raises(NoRecordingError):
        recordings.export(tmp_path / "none.mcap", tmp_path / "u", "csv", False, True)
    assert not (tmp_path / "u").exists()


def test_without_pyarrow_the_extra_is_named(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        recordings.export(path, tmp_path / "u", "parquet", False, True)
    message, status = explain(caught.value) or ("", 0)
    assert status == 3 and "pyarrow is missing" in message and "parquet" in message
