"""Lights-out and waking up, from movements and stages alone, on nights made of half minutes."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from numpy.random import Generator, Philox

from cloud import intent
from cloud.epoch_input import EPOCH_US, EpochInput
from cloud.intent import AWAKE, TABLE, TRYING, Action, Cell, Event, Intent, Segment, State
from cloud.observations import IntentChange
from cloud.staging import Staged

T0 = 1_768_516_200_000_000
MINUTE_US = 60_000_000
NOTHING = Staged(None, None, "no model")
ERROR_MIN = 10.0  # of lights-out
Night = list[tuple[EpochInput, Staged]]

A, R, T, U = State.ABSENT, State.RESTING, State.TRYING, State.UP
#         here slept awake_long left left_long unseen
CELLS = {
    A: ((R, "arrive"), (R, "arrive"), (R, "arrive"), (A, "keep"), (A, "keep"), (A, "keep")),
    R: ((R, "keep"), (T, "trying to sleep"), (R, "keep"), (A, "keep"), (A, "keep"), (R, "keep")),
    T: ((T, "keep"), (T, "keep"), (U, "woke up"), (U, "woke up"), (U, "woke up"), (T, "keep")),
    U: ((U, "keep"), (T, "had not woken up"), (U, "keep"), (U, "keep"), (A, "keep"), (U, "keep")),
}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", State)
def test_every_cell_of_the_table(state: State, event: Event) -> None:
    to, action = CELLS[state][list(Event).index(event)]
    assert TABLE[state][event] == Cell(to, Action(action))


def epoch(
    n: int, moving: list[int | None], occupied: str = "user", rate: float | None = 14.0, height_deg: float | None = None
) -> EpochInput:
    there = occupied == "user"
    return EpochInput(
        utc_us=T0 + n * EPOCH_US,
        occupied=occupied,
        rate_per_min=[None if one or not there else rate for one in moving],
        moving=moving if there else [None] * 30,
        motion_db=[8.0 * (one or 0) + 0.7 if there else None for one in moving],
        confidence=[1.0 if there else None] * 30,
        wave_um=[None] * 300,
        user=[1 if there else None] * 30,
        reason="",
        elevation_deg=[height_deg if there else None] * 30,
    )


def onsets(n_epochs: int, wait_s: Callable[[], float], last_s: float = 2.0) -> list[list[int | None]]:
    """Seconds with a movement, 0 or 1, of movements that last last_s and come after wait_s()."""
    seconds = np.zeros(30 * n_epochs, int)
    t_s = wait_s()
    while t_s < len(seconds):
        seconds[int(t_s) : int(np.ceil(t_s + last_s))] = 1
        t_s += wait_s()
    return [[int(one) for one in row] for row in seconds.reshape(n_epochs, 30)]


class Bed:
    """A night put together stretch by stretch; staged: with a stage model that is sure, or none."""

    def __init__(self, seed: int, *, staged: bool = True) -> None:
        self.rng = Generator(Philox(seed))
        self.staged = staged
        self.height_deg: float | None = None  # of the chest, as the device sees it; None: not measured
        self.night: Night = []

    @property
    def now_utc_us(self) -> int:
        return T0 + len(self.night) * EPOCH_US

    def _add(self, moving: list[list[int | None]], p_wake: float, rate_sd: float = 0.0, **options: str) -> Bed:
        for row in moving:
            said = Staged(0 if p_wake > 0.5 else 1, (p_wake, 1 - p_wake, 0.0, 0.0), "") if self.staged else NOTHING
            rate = 14.0 + rate_sd * float(self.rng.standard_normal())
            height_deg = None if self.height_deg is None else self.height_deg + float(self.rng.normal(0, 2))
            one = epoch(len(self.night), row, rate=rate, height_deg=height_deg, **options)  # type: ignore[arg-type]
            self.night.append((one, said))
        return self

    def reading(self, minutes: float) -> Bed:
        """A page turn every 20 to 60 seconds; the model takes quiet reading for either."""
        p_wake = 0.6 if self.staged else 0.5
        return self._add(onsets(round(2 * minutes), lambda: self.rng.uniform(20, 60)), p_wake, 1.0)

    def awake(self, minutes: float, per_hour: float = 40) -> Bed:
        return self._add(onsets(round(2 * minutes), lambda: self.rng.exponential(3600 / per_hour)), 0.85, 1.0)

    def asleep(self, minutes: float) -> Bed:
        return self._add(onsets(round(2 * minutes), lambda: self.rng.exponential(300)), 0.1, 0.3)

    def away(self, minutes: float) -> Bed:
        return self._add([[None] * 30] * round(2 * minutes), 1.0, occupied="away")

    def at(self, height_deg: float) -> Bed:
        """Sits up or lies down."""
        self.height_deg = height_deg
        return self

    def unseen(self, minutes: float) -> Bed:
        return self._add([[None] * 30] * round(2 * minutes), 0.5, occupied="unknown")

    def changes(self) -> list[IntentChange]:
        """As the process tells them, its state kept as JSON all along."""
        state, told = Intent(), []
        for one, said in self.night:
            change = intent.step(state, one, said)
            state = msgspec.json.decode(msgspec.json.encode(state), type=Intent)
            told += [change] if change else []
        return told

    def segments(self) -> list[Segment]:
        return intent.segments(self.changes())


def off_min(found_utc_us: int | None, true_utc_us: int) -> float:
    assert found_utc_us is not None
    return abs(found_utc_us - true_utc_us) / MINUTE_US


@pytest.mark.parametrize("staged", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_reading_is_not_trying_to_sleep(seed: int, staged: bool) -> None:
    bed = Bed(seed, staged=staged).away(2).awake(3, per_hour=60).reading(45)
    lights_out = bed.now_utc_us
    (segment,) = bed.awake(10).asleep(120).segments()
    assert off_min(segment.from_utc_us, lights_out) < ERROR_MIN


@pytest.mark.parametrize("seed", range(20))
def test_without_reading_lights_out_is_soon_after_lying_down(seed: int) -> None:
    bed = Bed(seed).away(2).awake(6)
    lights_out = bed.now_utc_us
    (segment,) = bed.awake(12).asleep(120).segments()
    assert off_min(segment.from_utc_us, lights_out) < ERROR_MIN


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("awake_min", [2, 30, 70])
def test_who_lies_down_puts_the_light_out_however_long_sleep_takes(awake_min: int, seed: int) -> None:
    bed = Bed(seed).away(2).at(6).reading(45)
    lights_out = bed.now_utc_us
    (segment,) = bed.at(-6).awake(awake_min, per_hour=120).asleep(120).segments()
    assert off_min(segment.from_utc_us, lights_out) < 3


@pytest.mark.parametrize("seed", range(10))
def test_who_lies_from_the_start_tries_to_sleep_from_then_on(seed: int) -> None:
    bed = Bed(seed).away(2).at(-6).awake(6)
    lights_out = bed.now_utc_us
    (segment,) = bed.awake(60, per_hour=120).asleep(120).segments()
    assert off_min(segment.from_utc_us, lights_out) < ERROR_MIN


def test_reading_alone_is_never_trying_to_sleep() -> None:
    assert Bed(1).away(2).reading(90).away(40).segments() == []


@pytest.mark.parametrize("seed", range(10))
def test_waking_up_is_dated_back_to_when_sleep_ended(seed: int) -> None:
    bed = Bed(seed).away(2).awake(10).asleep(200)
    woke_up = bed.now_utc_us
    (segment,) = bed.awake(6).away(1).segments()
    assert off_min(segment.to_utc_us, woke_up) < 4


def test_it_is_told_as_soon_as_the_user_leaves() -> None:
    """The night may end half a minute later."""
    bed = Bed(3).away(2).awake(10).asleep(100).awake(5).away(0.5)
    assert bed.changes()[-1].state == AWAKE


@pytest.mark.parametrize("staged", [True, False])
@pytest.mark.parametrize("minutes", [1, 6, 20])
def test_the_bathroom_is_not_waking_up(minutes: int, staged: bool) -> None:
    bed = Bed(5, staged=staged).away(2).awake(10).asleep(100).awake(2).away(minutes).awake(4).asleep(100)
    woke_up = bed.now_utc_us
    (segment,) = bed.awake(6).away(40).segments()
    assert off_min(segment.to_utc_us, woke_up) < (4 if staged else 8)


def test_lying_awake_for_long_is_waking_up_unless_sleep_comes_back() -> None:
    bed = Bed(6).away(2).awake(10).asleep(100)
    woke_up = bed.now_utc_us
    (ended,) = bed.awake(40).segments()
    assert off_min(ended.to_utc_us, woke_up) < 4
    (going_on,) = bed.asleep(60).segments()
    assert going_on.to_utc_us is None


def test_after_hours_with_a_book_sleep_begins_anew() -> None:
    bed = Bed(7).away(2).awake(10).asleep(60).reading(120)
    again = bed.now_utc_us
    first, second = bed.asleep(60).segments()
    assert first.to_utc_us is not None and off_min(second.from_utc_us, again) < ERROR_MIN


def test_nobody_tries_to_sleep_in_an_empty_bed() -> None:
    assert Bed(8).away(60).unseen(60).changes() == []


def test_time_in_which_nothing_is_seen_changes_nothing() -> None:
    bed = Bed(9).away(2).awake(10).asleep(60).unseen(50).asleep(60)
    assert [change.state for change in bed.changes()] == [TRYING]


def test_a_second_night_in_bed_is_found_as_the_first() -> None:
    bed = Bed(10).away(2).awake(10).asleep(60).away(60).awake(10)
    lights_out = bed.now_utc_us
    segments = bed.asleep(60).segments()
    assert len(segments) == 2 and off_min(segments[1].from_utc_us, lights_out) < ERROR_MIN


def test_the_state_stays_small() -> None:
    state = Intent()
    for one, said in Bed(11).away(2).reading(30).asleep(400).night:
        intent.step(state, one, said)
    assert len(msgspec.json.encode(state)) < 6000


def change(at: int, state: str, told: int) -> IntentChange:
    return IntentChange(at, state, told, "")


@pytest.mark.parametrize(
    ("changes", "segments"),
    [
        ([], []),
        ([change(10, TRYING, 15)], [Segment(10, None)]),
        ([change(10, TRYING, 15), change(50, AWAKE, 60)], [Segment(10, 50)]),
        ([change(10, TRYING, 15), change(50, AWAKE, 60), change(50, TRYING, 70)], [Segment(10, None)]),
        ([change(10, TRYING, 15), change(50, AWAKE, 60), change(80, TRYING, 90)], [Segment(10, 50), Segment(80, None)]),
        ([change(10, TRYING, 15), change(50, AWAKE, 60), change(40, TRYING, 90)], [Segment(10, None)]),
        ([change(10, AWAKE, 15)], []),
    ],
)
def test_the_last_word_about_a_time_counts(changes: list[IntentChange], segments: list[Segment]) -> None:
    assert intent.segments(reversed(changes)) == segments
