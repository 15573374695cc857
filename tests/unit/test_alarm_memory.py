"""What flash remembers of the alarm, from the source alone: each rule at its edge, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from tests.unit.test_keeper import Keeper

ffi, lib = load()
NEVER = 2**64 - 1
T0_UTC_US = 1_700_000_000_000_000
"""UTC at tick 0."""
COUNT_US, NEAR_US, NEAR = lib.SW_ALARM_CLOCK_COUNT_US, lib.SW_ALARM_CLOCK_NEAR_US, lib.SW_ALARM_CLOCK_NEAR
SLACK_US, STEP_US, MISSED_US = lib.SW_ALARM_CLOCK_SLACK_US, lib.SW_ALARM_STEP_US, lib.SW_ALARM_CLOCK_MISSED_US
DUE, STEPPED, WAS_OFF, EXPIRED, LOST = (
    getattr(lib, f"SW_ALARM_EVENT_{name}") for name in ("DUE", "STEPPED_DUE", "WAS_OFF", "EXPIRED", "CLOCK_LOST")
)
FAR_US = 10**9
NOTHING = {"set_for_utc_us": 0, "ring_utc_us": 0, "sunrise_s": 0, "near": 0, "waited": 0, "stepped": 0}


class Memory:
    """An alarm clock whose battery clock has been seen to run. power_on_us: the tick of this boot."""

    def __init__(self, known: bool = True, power_on_us: int = 7) -> None:
        self.keeper = Keeper()
        self.a: Any = ffi.new("sw_alarm_clock *")
        self.a.keeper, self.a.hal, self.a.power_on_us = self.keeper.k, self.keeper.flash.hal, power_on_us
        self.a.rtc_edge_us = self.a.rtc_due_us = NEVER
        lib.sw_alarm_guard_init(ffi.addressof(self.a, "guard"))
        if known:
            self.a.clock = {"source": lib.SW_CLOCK_HOST, "utc_us": T0_UTC_US}

    def arm(self, deadline_us: int, sunrise_s: int = 0) -> Memory:
        change = ffi.new("sw_alarm_change *")
        guard = ffi.addressof(self.a, "guard")
        lib.sw_alarm_guard_set(guard, 0, T0_UTC_US + deadline_us, deadline_us, sunrise_s, change)
        return self

    def kept(self, set_us: int, ring_us: int | None = None, **more: int) -> Memory:
        """The record in flash, in ticks."""
        ring_utc_us = T0_UTC_US + (set_us if ring_us is None else ring_us)
        self.record = {**NOTHING, "set_for_utc_us": T0_UTC_US + set_us, "ring_utc_us": ring_utc_us, **more}
        return self

    @property
    def record(self) -> dict[str, int]:
        alarm = self.keeper.k.wanted.alarm
        return {name: int(getattr(alarm, name)) for name in NOTHING}

    @record.setter
    def record(self, fields: dict[str, int]) -> None:
        self.keeper.k.wanted.alarm = fields

    def keep(self, now_us: int) -> Memory:
        lib.sw_alarm_memory_keep(self.a, now_us)
        return self

    def restore(self, now_us: int) -> tuple[int, int, int]:
        """State, deadline and what happens then."""
        lib.sw_alarm_memory_restore(self.a, now_us)
        return self.a.guard.state, self.a.guard.deadline_us, self.a.guard.deadline_event


def both(deadline_us: int = FAR_US, **more: int) -> Memory:
    """Armed, and so kept in flash."""
    return Memory().arm(deadline_us).kept(deadline_us, **more)


# what happens at an instant


@pytest.mark.parametrize(
    ("now_us", "ring_us", "set_us", "event"),
    [
        (MISSED_US + 101, 100, 100, EXPIRED),
        (MISSED_US + 100, 100, 100, WAS_OFF),
        (101, 100, 100, WAS_OFF),
        (100, 100, 100, DUE),
        (5, 100, 100 + STEP_US, DUE),
        (5, 100, 101 + STEP_US, STEPPED),
        (101, 100, 101 + STEP_US, WAS_OFF),
    ],
)
def test_what_happens_when_it_is_due(now_us: int, ring_us: int, set_us: int, event: int) -> None:
    assert lib.sw_alarm_memory_due(now_us, ring_us, set_us) == event


# restored


@pytest.mark.parametrize(
    ("near", "waited", "pieces"),
    [(0, 0, 6), (0, 5, 1), (0, 6, 0), (0, 200, 0), (1, 0, 1), (NEAR - 1, 0, 1), (1, 1, 0), (NEAR, 0, 0), (NEAR, 9, 0)],
)
def test_without_a_clock_it_waits_what_is_left_of_its_minute(near: int, waited: int, pieces: int) -> None:
    memory = Memory(known=False).kept(FAR_US, near=near, waited=waited)
    assert memory.restore(9) == (lib.SW_ALARM_ARMED, 7 + pieces * COUNT_US, LOST)
    assert memory.a.waited == waited


@pytest.mark.parametrize(
    ("now_us", "ring_us", "stepped", "event"),
    [
        (50, FAR_US, 0, DUE),
        (50, FAR_US, 1, STEPPED),
        (50, FAR_US - STEP_US - 1, 0, STEPPED),
        (FAR_US + 1, FAR_US, 1, WAS_OFF),
    ],
)
def test_with_a_clock_it_rings_when_flash_says(now_us: int, ring_us: int, stepped: int, event: int) -> None:
    memory = Memory().kept(FAR_US, ring_us, stepped=stepped, sunrise_s=9)
    assert memory.restore(now_us) == (lib.SW_ALARM_ARMED, ring_us, event)
    assert (memory.a.guard.set_for_utc_us, memory.a.guard.sunrise_s) == (T0_UTC_US + FAR_US, 9)


def test_no_alarm_in_flash_arms_nothing_but_the_count_is_taken_over() -> None:
    memory = Memory()
    memory.record = {**NOTHING, "waited": 3}
    assert memory.restore(50)[:2] == (lib.SW_ALARM_OFF, NEVER)
    assert memory.a.waited == 3


def test_what_was_set_meanwhile_stays() -> None:
    memory = Memory().arm(500).kept(FAR_US)
    assert memory.restore(50)[:2] == (lib.SW_ALARM_STORING, 500)


def test_a_clock_that_stands_is_none_and_its_alarm_waits_its_minute() -> None:
    memory = both(waited=0)
    lib.sw_alarm_memory_clock_lost(memory.a)
    assert memory.a.clock.source == lib.SW_CLOCK_UNKNOWN
    assert (memory.a.guard.deadline_us, memory.a.guard.deadline_event) == (7 + 6 * COUNT_US, LOST)


# why it rings sooner


@pytest.mark.parametrize(
    ("last_us", "event", "stepped"),
    [
        (FAR_US + STEP_US, STEPPED, 0),
        (FAR_US + STEP_US + 1, STEPPED, 1),
        (FAR_US + STEP_US + 1, DUE, 0),
        (FAR_US - 10 * STEP_US, STEPPED, 0),
        (NEVER, STEPPED, 0),
    ],
)
def test_a_step_that_makes_it_ring_sooner_is_remembered(last_us: int, event: int, stepped: int) -> None:
    memory = both()
    memory.a.guard.deadline_event = event
    lib.sw_alarm_memory_clock_set(memory.a, last_us)
    assert memory.record["stepped"] == stepped


# counted: what is waited without a clock


@pytest.mark.parametrize(
    ("now_us", "before", "waited", "next_us"),
    [
        (7, 0, 1, 7 + COUNT_US),
        (6 + COUNT_US, 0, 1, 7 + COUNT_US),
        (7 + COUNT_US, 0, 2, 7 + 2 * COUNT_US),
        (7 + COUNT_US, 3, 5, 7 + 2 * COUNT_US),
        (7, 253, 254, 7 + COUNT_US),
        (7, 254, 255, 7 + COUNT_US),
        (7, 255, 255, 7 + COUNT_US),
    ],
)
def test_each_piece_of_the_wait_is_counted_as_it_begins(now_us: int, before: int, waited: int, next_us: int) -> None:
    memory = Memory(known=False).kept(FAR_US, waited=before)
    memory.restore(7)
    memory.keep(now_us)
    assert (memory.record["waited"], memory.a.memory_us) == (waited, next_us)


def test_what_rang_without_a_clock_waits_no_more() -> None:
    memory = Memory(known=False).kept(FAR_US)
    memory.restore(7)
    memory.a.guard.deadline_us = NEVER
    memory.keep(8)
    assert (memory.record["waited"], memory.a.memory_us) == (255, NEVER)


def test_without_an_alarm_in_flash_nothing_is_counted() -> None:
    memory = Memory(known=False).arm(FAR_US).keep(7)
    assert (memory.record, memory.a.memory_us) == (NOTHING, NEVER)


# counted: how near it is

LEFT = [
    (NEAR * NEAR_US + 1, 0, NEAR * NEAR_US),
    (NEAR * NEAR_US, 1, (NEAR - 1) * NEAR_US),
    (2 * NEAR_US + 1, 4, 2 * NEAR_US),
    (2 * NEAR_US, 5, NEAR_US),
    (NEAR_US + 1, 5, NEAR_US),
    (NEAR_US, 6, None),
    (1, 6, None),
    (0, 6, None),
    (10 * NEAR_US, 0, NEAR * NEAR_US),
]


@pytest.mark.parametrize(("left_us", "near", "next_left_us"), LEFT)
def test_the_last_two_minutes_are_counted(left_us: int, near: int, next_left_us: int | None) -> None:
    memory = both().keep(FAR_US - left_us)
    next_us = NEVER if next_left_us is None else FAR_US - next_left_us
    assert (memory.record["near"], memory.a.memory_us) == (near, next_us)


def test_past_its_time_it_is_as_near_as_can_be() -> None:
    assert both().keep(FAR_US + 10 * NEAR_US).record["near"] == NEAR


def test_of_an_alarm_and_the_one_it_replaces_the_nearer_is_counted() -> None:
    memory = both()
    memory.a.guard.replaced_us = NEAR_US
    memory.keep(0)
    assert memory.record["near"] == NEAR


@pytest.mark.parametrize(("seen", "near", "waited"), [(True, 0, 0), (False, 3, 2)])
def test_a_clock_not_seen_to_run_makes_nothing_farther(seen: bool, near: int, waited: int) -> None:
    memory = both(near=3, waited=2)
    memory.a.rtc_edge_us = NEVER if seen else 10
    memory.keep(5)
    assert (memory.record["near"], memory.record["waited"]) == (near, waited)


def test_but_nearer_it_does_make_it() -> None:
    memory = both(near=3)
    memory.a.rtc_edge_us = FAR_US
    assert memory.keep(FAR_US - NEAR_US).record["near"] == NEAR


def test_an_alarm_that_is_not_in_flash_yet_is_not_counted() -> None:
    memory = Memory().arm(NEAR_US)
    memory.a.rtc_due_us = 10
    memory.keep(0)
    assert (memory.record, memory.a.memory_us) == (NOTHING, NEVER)


# when the record is written


@pytest.mark.parametrize(("by_us", "written"), [(-SLACK_US, 0), (-SLACK_US - 1, 1), (SLACK_US, 0), (SLACK_US + 1, 0)])
def test_before_the_battery_clock_is_set_the_record_is_only_lowered(by_us: int, written: int) -> None:
    memory = both(near=0).kept(FAR_US * 2, FAR_US - by_us)
    memory.a.guard.set_for_utc_us = T0_UTC_US + FAR_US * 2
    memory.a.rtc_due_us = 10
    memory.keep(0)
    assert memory.record["ring_utc_us"] == T0_UTC_US + FAR_US - (0 if written else by_us)


@pytest.mark.parametrize(("by_us", "written"), [(SLACK_US, 0), (SLACK_US + 1, 1), (-SLACK_US, 0)])
def test_it_is_raised_once_the_battery_clock_is_set(by_us: int, written: int) -> None:
    memory = both().kept(FAR_US * 2, FAR_US - by_us)
    memory.a.guard.set_for_utc_us = T0_UTC_US + FAR_US * 2
    memory.keep(0)
    assert memory.record["ring_utc_us"] == T0_UTC_US + FAR_US - (0 if written else by_us)


@pytest.mark.parametrize("rtc_due_us", [10, NEVER])
@pytest.mark.parametrize(("set_us", "sunrise_s"), [(FAR_US - 1, 0), (FAR_US, 1)])
def test_another_alarm_is_written_once_the_battery_clock_is_set(rtc_due_us: int, set_us: int, sunrise_s: int) -> None:
    memory = Memory().arm(FAR_US).kept(set_us, FAR_US * 2, sunrise_s=sunrise_s, stepped=1)
    before = memory.record
    memory.a.rtc_due_us = rtc_due_us
    after = memory.keep(0).record
    assert after == (before if rtc_due_us == 10 else Memory().kept(FAR_US).record)


def test_another_alarm_that_a_step_moves_is_remembered_as_such() -> None:
    memory = Memory().arm(FAR_US)
    memory.a.guard.deadline_event = STEPPED
    assert memory.keep(0).record["stepped"] == 1


def test_a_step_once_remembered_stays_when_the_record_is_lowered_again() -> None:
    memory = both(stepped=1).kept(FAR_US, FAR_US + 10 * SLACK_US, stepped=1)
    assert memory.keep(0).record["stepped"] == 1


def test_it_never_rings_behind_the_set_time() -> None:
    memory = Memory().arm(FAR_US)
    memory.a.guard.deadline_us = FAR_US + 5
    assert memory.keep(0).record["ring_utc_us"] == T0_UTC_US + FAR_US


def test_what_is_over_is_forgotten_and_what_has_rung_is_not() -> None:
    memory = both(near=2, waited=1)
    memory.a.guard.state, memory.a.guard.deadline_us = lib.SW_ALARM_RINGING, NEVER
    before = memory.record
    assert (memory.keep(FAR_US).record, memory.a.memory_us) == (before, NEVER)
    memory.a.guard.state = lib.SW_ALARM_OFF
    assert memory.keep(FAR_US).record == NOTHING


# what it says to hold


def stored() -> Memory:
    """An alarm that is in a flash."""
    memory = both()
    alarm = memory.record
    memory.keeper.run()  # reads the flash, which is empty
    memory.record = alarm
    memory.keeper.run()
    return memory


def test_it_holds_what_is_armed_and_in_flash() -> None:
    memory = stored()
    assert lib.sw_alarm_memory_holds(memory.a) == 1
    assert lib.sw_alarm_memory_holds(Memory().a) == 0


@pytest.mark.parametrize("field", ["state", "set_for_utc_us", "sunrise_s"])
def test_it_holds_no_alarm_but_the_guards_own(field: str) -> None:
    memory = stored()
    setattr(memory.a.guard, field, 0 if field == "state" else 5)
    assert lib.sw_alarm_memory_holds(memory.a) == 0


def test_it_holds_nothing_while_flash_holds_less() -> None:
    memory = stored()
    memory.keeper.k.wanted.side = lib.SW_SIDE_RIGHT
    assert lib.sw_alarm_memory_holds(memory.a) == 0
