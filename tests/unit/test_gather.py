"""Epochs from seconds: alignment, what is kept of the waveform, and the figures of an epoch."""

from __future__ import annotations

import numpy as np
import pytest

from cloud import gather
from cloud.epoch_input import EPOCH_S, N_WAVE, EpochInput
from cloud.gather import Gather, Second, add, begin, complete, row, unknown
from cloud.observations import Vitals
from cloud.staging import Staged

S = 1_000_000
START_S = 1_770_000_000  # a full minute
UNSTAGED = Staged(None, None, "no model")
KNOWN = Second("user", 1, 14.0, 0, 1.5, 0.9, 600.0, "")


def wave(number: int, first_us: int | None = None) -> Vitals:
    """A packet of second `number` whose ten samples are number * 10 + 0..9 and begin at first_us."""
    values = np.arange(10, dtype="<i2") + 10 * number
    blank = dict.fromkeys(Vitals._fields, 0)
    at_us = (START_S + number) * S if first_us is None else first_us
    return Vitals(**{**blank, "wave": values.tobytes(), "wave_validity": 1.0, "wave_utc_us": at_us})  # type: ignore[arg-type]


def epoch_of(seconds: list[Second]) -> tuple[EpochInput, list[float]]:
    """The first epoch of these seconds, the rest unknown."""
    state = Gather()
    begin(state, START_S)
    for number in range(EPOCH_S + gather.LAG_S):
        add(state, START_S + number, seconds[number] if number < len(seconds) else unknown("gone"), None)
    found = complete(state)
    assert found is not None
    return found


def test_an_epoch_is_complete_when_its_last_waveform_can_be_there() -> None:
    state = Gather()
    begin(state, START_S)
    counts = []
    for number in range(65):
        add(state, START_S + number, KNOWN, None)
        counts.append(complete(state) is not None)
    assert [i for i, done in enumerate(counts) if done] == [EPOCH_S, 2 * EPOCH_S]


def test_an_epoch_begins_on_a_half_minute_and_what_was_not_heard_is_unknown() -> None:
    state = Gather()
    begin(state, START_S + 40)
    for number in range(40, 62):
        add(state, START_S + number, KNOWN, None)
    found = complete(state)
    assert found is not None
    assert found[0].utc_us == (START_S + 30) * S
    assert found[0].rate_per_min == [None] * 10 + [14.0] * 20
    assert found[0].reason == "nobody listened"


def test_a_jump_in_time_begins_a_new_epoch() -> None:
    state = Gather()
    begin(state, START_S)
    add(state, START_S, KNOWN, None)
    add(state, START_S + 3605, KNOWN, None)
    assert (state.start_s, len(state.seconds)) == (START_S + 3600, 6)


def test_every_sample_is_in_its_tenth_of_a_second() -> None:
    state = Gather()
    begin(state, START_S)
    for number in range(EPOCH_S + gather.LAG_S):
        add(state, START_S + number, KNOWN, wave(number, (START_S + number) * S - 116_000))
    found = complete(state)
    assert found is not None
    assert found[0].wave_um == [*range(2, N_WAVE + 2)]
    assert state.wave_um == [*range(N_WAVE + 2, N_WAVE + 10)]


def test_a_hole_in_the_waveform_is_a_hole() -> None:
    state = Gather()
    begin(state, START_S)
    for number in range(EPOCH_S + gather.LAG_S):
        add(state, START_S + number, KNOWN, None if number == 3 else wave(number))
    found = complete(state)
    assert found is not None
    assert found[0].wave_um == [*range(30), *([None] * 10), *range(40, N_WAVE)]


@pytest.mark.parametrize("first_us", [0, (START_S - 1) * S, (START_S + 70) * S, 2**60])
def test_samples_of_another_time_are_dropped(first_us: int) -> None:
    state = Gather()
    begin(state, START_S)
    add(state, START_S, KNOWN, wave(0, first_us))
    assert state.wave_um == []


def test_the_figures_of_an_epoch_need_half_of_its_seconds() -> None:
    moving = Second("user", 1, None, 1, 20.0, 0.8, 610.0, "moving")
    half, less = ([KNOWN] * n + [moving] * (EPOCH_S - n) for n in (15, 14))
    assert row(*epoch_of(half), UNSTAGED).respiration_rate_per_min == 14.0
    assert row(*epoch_of(less), UNSTAGED).respiration_rate_per_min is None


def test_the_row_of_an_epoch() -> None:
    found = row(*epoch_of([KNOWN] * 24 + [unknown("moving", "user")] * 6), Staged(2, (0.1, 0.2, 0.6, 0.1), ""))
    assert (found.stage, found.p_wake, found.p_rem, found.occupied) == (2, 0.1, 0.1, "user")
    assert (found.movement, found.distance_mm, found.reason) == (0.0, 600.0, "moving")
    assert found.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(("n_user", "occupied"), [(16, "user"), (15, "away"), (14, "away")])
def test_an_epoch_is_what_most_of_its_seconds_are(n_user: int, occupied: str) -> None:
    seconds = [KNOWN] * n_user + [unknown("nobody", "away")] * (EPOCH_S - n_user)
    assert epoch_of(seconds)[0].occupied == occupied
