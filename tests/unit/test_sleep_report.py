"""Sleep, truth and agreement as the report has them, from rows as the night left them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cloud import sleep_report
from cloud.metrics import NO_TRUTH
from cloud.night import Night, Vitals
from cloud.observations import Epoch, IntentChange, Session
from cloud.sleep_metrics import EPOCH_US
from cloud.truth import TruthError

T0 = 1_770_000_000_000_000
EMPTY = Vitals(*[np.empty(0)] * 3, [], *[np.empty(0)] * 4, [])  # type: ignore[arg-type]


def at(epoch: int) -> int:
    return T0 + epoch * EPOCH_US


def row(epoch: int, stage: int | None) -> Epoch:
    return Epoch(at(epoch), stage, None, None, None, None, None, None, None, None, "user", "")


def night(stages: list[int | None], intents: list[tuple[int, str]], closed: bool = True) -> Night:
    """In bed from the first to the last epoch."""
    n = len(stages)
    session = Session(at(0), at(10), at(n), at(n) if closed else None, "closed" if closed else "in bed", "")
    changes = [IntentChange(at(epoch), state, at(epoch), "") for epoch, state in intents]
    rows = [row(i, stage) for i, stage in enumerate(stages)]
    return Night({}, T0, at(n), [], EMPTY, [], [], [session], [], rows, changes)


def truth(stages: list[int | None], **changes: Any) -> dict[str, Any]:
    known = [i for i, stage in enumerate(stages) if stage is not None]
    return {
        "t0_utc_us": T0, "epoch_s": 30, "stages": stages, "lights_out_utc_us": at(known[0]) if known else None,
        "woke_up_utc_us": at(known[-1] + 1) if known else None, "in_bed_utc_us": at(0),
        "out_of_bed_utc_us": at(len(stages)), **changes,
    }  # fmt: skip


STAGES: list[int | None] = [0] * 20 + [1] * 40 + [2] * 20 + [0] * 20


def test_time_in_bed_is_from_lights_out_to_waking_up() -> None:
    found = sleep_report.found(night(STAGES, [(10, "trying to sleep"), (80, "awake")])).values
    assert (found["in_bed_min"], found["tib_min"], found["sol_min"], found["tst_min"]) == (50.0, 35.0, 5.0, 30.0)


def test_who_gets_up_at_once_has_woken_up_with_leaving_the_bed() -> None:
    assert sleep_report.found(night(STAGES, [(10, "trying to sleep")])).values["tib_min"] == 45.0


def test_a_waking_up_taken_back_does_not_end_the_night() -> None:
    told = [(10, "trying to sleep"), (60, "awake"), (60, "trying to sleep"), (80, "awake")]
    assert sleep_report.found(night(STAGES, told)).values["tib_min"] == 35.0


@pytest.mark.parametrize(
    ("intents", "closed", "says"),
    [
        ([], True, sleep_report.NEVER_TRIED),
        ([(10, "trying to sleep")], False, sleep_report.STILL_TRYING),
    ],
)
def test_without_a_span_there_is_no_sleep_to_measure(intents: list[tuple[int, str]], closed: bool, says: str) -> None:
    assert sleep_report.found(night(STAGES, intents, closed)).reasons["tst_min"] == says


def test_without_a_session_everything_has_that_reason() -> None:
    empty = Night({}, T0, T0, [], EMPTY, [], [], [], [])
    assert set(sleep_report.found(empty).reasons.values()) == {sleep_report.NO_SESSION}


def test_intents_of_another_session_do_not_count() -> None:
    two = night(STAGES, [(10, "trying to sleep"), (80, "awake"), (150, "trying to sleep"), (160, "awake")])
    later = Session(at(148), at(150), at(165), at(165), "closed", "")
    assert sleep_report.found(Night(**{**vars(two), "sessions": [*two.sessions, later]})).values["tib_min"] == 35.0


def test_truth_goes_through_the_same_code() -> None:
    stages = [None] * 10 + STAGES[10:80] + [None] * 20
    measured = sleep_report.found(night(STAGES, [(10, "trying to sleep"), (80, "awake")]))
    assert sleep_report.true(sleep_report.true_sleep(truth(stages)), None, "") == measured


def test_who_sleeps_when_the_night_ends_sleeps_to_the_last_epoch() -> None:
    content = truth([None] * 10 + STAGES[10:80], woke_up_utc_us=None, out_of_bed_utc_us=None)
    found = sleep_report.true(sleep_report.true_sleep(content), None, "still in bed when the data end")
    assert (found.values["tib_min"], found.reasons["in_bed_min"]) == (35.0, "still in bed when the data end")


def test_agreement_is_over_epochs_with_a_true_stage() -> None:
    content = truth([None] * 10 + STAGES[10:80] + [None] * 20)
    found = sleep_report.agreed(night(STAGES, []), sleep_report.true_sleep(content), "").values
    assert (found["epochs_truth"], found["kappa4"]) == (70, 1.0)


@pytest.mark.parametrize("reason", [NO_TRUTH, sleep_report.NO_STAGES])
def test_without_true_stages_there_is_a_reason(reason: str) -> None:
    assert set(sleep_report.agreed(night(STAGES, []), None, reason).reasons.values()) == {reason}


@pytest.mark.parametrize(
    "wrong",
    [{"epoch_s": 20}, {"stages": [7]}, {"stages": "x"}, {"t0_utc_us": T0 + 1}, {"lights_out_utc_us": "soon"}],
)
def test_a_wrong_truth_is_one_line(wrong: dict[str, Any]) -> None:
    with pytest.raises(TruthError, match=r"^truth\.json: "):
        sleep_report.true_sleep(truth(STAGES) | wrong)


def test_a_truth_without_a_key_names_it() -> None:
    content = truth(STAGES)
    del content["lights_out_utc_us"]
    with pytest.raises(TruthError, match="lights_out_utc_us"):
        sleep_report.true_sleep(content)
