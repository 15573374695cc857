"""Epochs made again from a stored night: what staging saw then."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud import conclude
from cloud.epoch_input import EpochInput
from cloud.store import StoreError
from cloud.stored_epochs import epoch_inputs
from tests.fake_device import stored_night


def test_they_are_those_of_the_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[EpochInput] = []
    step = conclude.staging.step
    monkeypatch.setattr(
        conclude.staging, "step", lambda state, epoch, *how: (seen.append(epoch), step(state, epoch, *how))[1]
    )
    stored_night(tmp_path / "n.sqlite", n_seconds=1230)
    assert len(seen) == 41
    assert epoch_inputs(tmp_path / "n.sqlite") == seen


def test_another_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_text("no database " * 100)
    with pytest.raises(StoreError, match=r"x\.sqlite: not a night's store"):
        epoch_inputs(tmp_path / "x.sqlite")
