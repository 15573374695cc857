"""A sample of the campaign of pairs; and its judge, tried with planted sights: one that cannot complain shows nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench import fault_pairs
from bench.fault_pairs import SCENE_S, Outcome, Seen, drawn, explained, run, seen_nobody, silences, wrong_rates
from hw_sim.scene import Scene

pytestmark = pytest.mark.hil
SCENE = Scene.load("sitter", seed=1, duration_s=SCENE_S)
TRUTH = SCENE.truth()
RATES = [(float(t), float(rate)) for t, rate in enumerate(TRUTH.rate_per_min()) if rate == rate]
ALL = [float(t) for t in range(1, 600)]
FINE = Seen(vitals_s=ALL, rates=RATES, reasons_s=[], answered_s=ALL, overflows=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 21))
def test_a_pair_of_faults_does_no_harm(seed: int) -> None:
    assert run(seed).wrong == []


def test_a_seed_is_its_pair_and_all_begin_and_end_in_time() -> None:
    pairs = [drawn(seed) for seed in range(200)]
    assert pairs == [drawn(seed) for seed in range(200)]
    faults = [one for _, pair in pairs for one in pair]
    assert len({one.name for one in faults}) > 50
    assert all(any(one.name == name for one in faults) for name in fault_pairs.LATER)
    assert all(one.end_us is None or one.start_us < one.end_us <= 480_000_000 for one in faults)


def test_the_judge_is_content_with_the_truth() -> None:
    assert (wrong_rates(FINE, TRUTH), seen_nobody(FINE, TRUTH), silences(FINE, TRUTH)) == ([], [], [])


def test_it_sees_a_wrong_rate_of_more_than_ten_seconds() -> None:
    def shifted(to_s: float) -> Seen:
        return replace(FINE, rates=[(t, rate + (30.0 if 200 <= t <= to_s else 0.0)) for t, rate in RATES])

    assert wrong_rates(shifted(209.0), TRUTH) == []
    assert wrong_rates(shifted(212.0), TRUTH) == [(200.0, 212.0)]


def test_it_sees_vitals_of_nobody() -> None:
    empty = Scene.load("empty", seed=1, duration_s=SCENE_S).truth()
    assert seen_nobody(replace(FINE, vitals_s=ALL[100:120]), empty) == [(101.0, 120.0)]


def test_it_wants_a_reason_for_a_silence() -> None:
    gap = replace(FINE, vitals_s=[t for t in ALL if not 300 <= t <= 330])
    assert silences(gap, TRUTH) == [(299.0, 331.0)]
    assert not explained(gap, (299.0, 331.0))
    assert explained(replace(gap, reasons_s=[(345.0, "MISO_LOW")]), (299.0, 331.0))
    assert explained(replace(gap, answered_s=[t for t in ALL if not 300 <= t <= 330]), (299.0, 331.0))


def test_what_is_kept_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept.jsonl"
    outcome = Outcome(7, "sitter", ["miso-low@30"], ["silent from 1 to 20 s for no reason"])
    kept.write_text(
        '{"seed":7,"scene":"sitter","faults":["miso-low@30"],"wrong":["silent from 1 to 20 s for no reason"]}\n'
    )
    assert list(fault_pairs.run_all([7], kept, 1)) == [outcome]
    assert fault_pairs.rows([outcome])[0][-1] == "1 silent"
