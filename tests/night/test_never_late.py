"""A sample of the campaign: whatever breaks in the last half hour, it rings in time; without the guard it does not.

The judge is tried with planted outcomes: a campaign that cannot fail shows nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench import never_late
from bench.never_late import KINDS, Outcome, Trial, complaints, rows, run, run_all, trials

pytestmark = pytest.mark.hil
FINE = Outcome("cloud killed", 1, True, armed=True, moment_s=-600.0, rang_s=0.0, by="device", why="the set time")
EARLY = replace(FINE, kind="clock lost, line cut", rang_s=-540.0, why="clock lost and no host: rung early to be safe")


@pytest.mark.parametrize("kind", KINDS)
def test_it_rings_in_time_whatever_breaks(kind: str) -> None:
    assert complaints([run(Trial(kind, 1, guarded=True))]) == []


def test_without_the_guard_it_is_late() -> None:
    outcome = run(Trial("line cut", 1, guarded=False))
    assert outcome.armed and outcome.late and not outcome.moot


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("kind", KINDS)
def test_it_rings_in_time_whatever_breaks_more(kind: str, seed: int) -> None:
    assert complaints([run(Trial(kind, seed, guarded=True))]) == []


@pytest.mark.slow
def test_without_the_guard_a_fifth_is_late() -> None:
    assert complaints([run(Trial(kind, seed, guarded=False)) for kind in KINDS for seed in (2, 3)]) == []


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (replace(FINE, rang_s=1.5), "late"),
        (replace(FINE, rang_s=None), "late"),
        (replace(FINE, armed=False), "not armed"),
        (replace(FINE, rang_s=-540.0), "early for no reason"),
        (replace(EARLY, why="the set time"), "does not say why"),
        (replace(EARLY, rang_s=0.5), "not early"),
        (replace(FINE, guarded=False), "without the guard only 0 of 1"),
    ],
)
def test_the_judge_sees_what_is_wrong(outcome: Outcome, says: str) -> None:
    assert complaints([FINE, EARLY]) == []
    assert any(one.startswith(says) for one in complaints([FINE, EARLY, outcome]))


def test_the_campaign_is_as_large_as_promised() -> None:
    assert list(KINDS.values()) == [50, 50, 50, 10]
    assert len(trials(short=False, guarded=True)) == 160


def test_a_campaign_that_was_broken_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Trial] = []

    def quick(trial: Trial) -> Outcome:
        ran.append(trial)
        if len(ran) == 3:
            raise KeyboardInterrupt
        return replace(FINE, kind=trial.kind, seed=trial.seed)

    monkeypatch.setattr(never_late, "run", quick)
    wanted, kept = [Trial("line cut", seed, guarded=True) for seed in range(4)], tmp_path / "kept.jsonl"
    with pytest.raises(KeyboardInterrupt):
        list(run_all(wanted, kept, jobs=1))
    assert [one.seed for one in run_all(wanted, kept, jobs=1)] == [0, 1, 2, 3]
    assert [one.seed for one in ran] == [0, 1, 2, 2, 3]


def test_a_row_tells_late_early_and_moot() -> None:
    found = rows([FINE, replace(FINE, rang_s=2.0), replace(FINE, rang_s=-900.0)])
    assert found[0][1:] == ["yes", "3", "1", "+2.000", "1", "1"]
