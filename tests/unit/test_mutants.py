"""The mutants' own judge: what cannot run kills nothing, and each mutant has a name of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.mutants import ROOT, TESTS, fails, mutants
from bench.planted import PlantError


def test_tests_that_cannot_run_kill_nothing(tmp_path: Path) -> None:
    with pytest.raises(PlantError, match="kill nothing"):
        fails("tests/unit/test_alarm_guard.py", tmp_path / "no_core.so")


@pytest.mark.parametrize("file", TESTS)
def test_each_mutant_has_a_name_of_its_own(file: str) -> None:
    found = mutants(file, (ROOT / "native" / "src" / file).read_text())
    assert len({one.name for one in found}) == len(found) > 100
