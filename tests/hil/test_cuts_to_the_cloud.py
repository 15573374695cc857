"""The device's power fails at every operation of its flash, and within it; the cloud's store says what became of each packet.

The cloud ends with exactly the packets whose write had finished before the cut plus all made after the boot; at most the one
being written is missing, and a GAP names it; stored and lost add up to what was given. See tests/cut_life.py.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cloud import core
from tests.cut_life import HEARD, SCRIPTS, SHARES, UNHEARD, Life, Outcome, Script, loses_the_last_record, operations

pytestmark = [pytest.mark.hil, pytest.mark.timeout(600)]
Cuts = Sequence[tuple[int, float]]
Figures = Callable[[str, dict[str, float]], None]
IN_THE_CUT = 45
"""An operation of *heard* while the line is cut: who loses a packet then cannot have sent it before."""


@functools.cache
def how_many(script: Script) -> int:
    """Operations of a life."""
    with tempfile.TemporaryDirectory() as name:
        return operations(script, Path(name) / "night.sqlite")


def lived(folder: Path, script: Script, *cuts: tuple[int, float]) -> Outcome:
    """What became of it; its store is not kept."""
    db = folder / "night.sqlite"
    db.unlink(missing_ok=True)
    return Life(script, db, *cuts).run()


def wrong(folder: Path, script: Script, every: Sequence[Cuts]) -> list[str]:
    """What is not as promised in any of these."""
    return [f"{script.name}, {cuts}: {line}" for cuts in every for line in lived(folder, script, *cuts).wrong()]


def spread(script: Script, n: int) -> list[int]:
    """n operations of a life, the first and the last among them."""
    return [1 + round(i * (how_many(script) - 1) / (n - 1)) for i in range(n)]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_the_power_may_fail_in_a_sample_of_operations(script: Script, tmp_path: Path) -> None:
    cuts = [((n, SHARES[i % len(SHARES)]),) for i, n in enumerate(spread(script, 6), 1)]
    assert wrong(tmp_path, script, cuts) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_it_may_fail_again_before_the_gap_is_written(script: Script, tmp_path: Path) -> None:
    assert wrong(tmp_path, script, [((IN_THE_CUT, 0.5), (again, 0.5)) for again in (1, 2, 4)]) == []


def test_what_a_full_ring_gives_up_is_named_although_the_power_fails_twice(tmp_path: Path) -> None:
    """Before the names are kept nothing is erased; and what earlier boots have left does not wait for each other."""
    assert wrong(tmp_path, UNHEARD, [((30, 0.5), (6, 0.5)), ((54, 0.5), (5, 0.5))]) == []


def test_three_cuts_in_a_row_leave_only_names_of_packets(tmp_path: Path) -> None:
    """The third in the record of a boot that made no packet, or in the GAP of a GAP."""
    boots = [((53, 0.5), (4, 0.5), (again, share)) for again, share in ((1, 1.0), (2, 0.95))]
    assert wrong(tmp_path, UNHEARD, [*boots, ((IN_THE_CUT, 0.5), (3, 0.5), (3, 0.5))]) == []


@pytest.mark.slow
@pytest.mark.parametrize("share", [SHARES[2], SHARES[-1]])  # the fast walk samples the others
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_the_power_may_fail_at_every_operation(script: Script, share: float, tmp_path: Path, figures: Figures) -> None:
    n = how_many(script)
    assert wrong(tmp_path, script, [((i, share),) for i in range(1, n + 1)]) == []
    figures(f"{script.name}, share {share}", {"cuts": n})


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_it_may_fail_again_after_every_operation(script: Script, tmp_path: Path, figures: Figures) -> None:
    n = how_many(script)
    assert wrong(tmp_path, script, [((i, 0.5), (1 + i % 5, 0.5)) for i in range(1, n + 1)]) == []
    figures(f"{script.name}, twice", {"cuts": 2 * n})


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_it_may_fail_a_third_time(script: Script, tmp_path: Path, figures: Figures) -> None:
    n = how_many(script)
    lives = [((i, 0.5), (1 + i % 5, 0.5), (1 + i % 7, SHARES[i % len(SHARES)])) for i in range(1, n + 1)]
    assert wrong(tmp_path, script, lives) == []
    figures(f"{script.name}, three times", {"cuts": 3 * n})


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_the_lives_contain_what_they_should(script: Script, tmp_path: Path) -> None:
    """Erases, marks and settings beside packets; one packet that is missing and named; packets of three boots."""
    life = Life(script, tmp_path / "night.sqlite", (IN_THE_CUT, 0.5))
    out = life.run()
    programs, erases, torn = life.rig.board.flash_operations
    assert programs > 100 and erases >= 2 and torn == 1
    assert len({boot for boot, _ in out.stored}) == 3
    assert out.named("FLASH_TORN") == out.writing and len(out.writing) == 1
    assert not out.writing & set(out.stored)
    assert len(out.named("STORE_FULL")) >= 100 if script is UNHEARD else not out.named("STORE_FULL")


def test_a_store_that_loses_its_last_record_is_caught(tmp_path: Path) -> None:
    life = Life(HEARD, tmp_path / "night.sqlite", (IN_THE_CUT, 0.5), plant=loses_the_last_record)
    assert any(line.startswith("written, and neither stored") for line in life.run().wrong())


def test_a_device_that_forgets_the_gap_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built without the handler of torn writes."""
    good = lived(tmp_path, HEARD, (IN_THE_CUT, 0.5))
    monkeypatch.setenv("SW_WITHOUT", "FLASH_TORN")
    out = Life(HEARD, tmp_path / "other.sqlite", (IN_THE_CUT, 0.5), target="without", like=good).run()
    assert good.wrong() == []
    assert any(line.startswith("missing without a GAP") for line in out.wrong())


def test_a_cloud_that_does_not_heed_gaps_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "_gone", lambda state, gap: None)
    assert any(line.startswith("link says") for line in lived(tmp_path, HEARD, (IN_THE_CUT, 0.5)).wrong())


def test_packets_of_an_unknown_time_are_not_pulled_again_while_the_host_waits_to_know(tmp_path: Path) -> None:
    """Their minute is twice the 30 s after which a device sends the oldest again, and no more comes twice."""
    link = lived(tmp_path, UNHEARD, (10, 0.5)).link
    assert link["packets_stored"] > 400 and link["duplicates_dropped"] <= 2 * 33
