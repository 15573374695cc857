"""The compiled board knows which sources it was made from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import hw_sim.chip.core as core
from hw_sim.chip.source_hash import source_hash

FOLDER = Path(core.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for path in [*FOLDER.glob("*.[ch]"), FOLDER / "build.py"]:
        shutil.copy(path, tmp_path)
    return tmp_path


def test_the_loaded_build_is_that_of_the_sources() -> None:
    assert core.ffi.string(core.lib.board_source_hash()).decode() == source_hash(FOLDER)


@pytest.mark.parametrize("name", ["chip.h", "fifo.c", "build.py"])
def test_an_edited_source_is_one_line_with_the_command(copy: Path, name: str) -> None:
    built = source_hash(copy)
    core.check_hash(built, copy)
    (copy / name).write_text((copy / name).read_text() + "\n")
    with pytest.raises(core.StaleBuildError, match="^[^\n]*run `python hw_sim/chip/build.py`$"):
        core.check_hash(built, copy)


def test_without_sources_nothing_is_compared(tmp_path: Path) -> None:
    core.check_hash("any", tmp_path)


def test_private_headers_are_not_declared() -> None:
    assert not hasattr(core.lib, "fifo_push")
