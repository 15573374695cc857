"""What the alarm guard keeps beside its state: instants, reasons, and nothing of an alarm that is over."""

from __future__ import annotations

import pytest

from edge.core import load
from tests.unit.test_alarm_guard import MINUTE_US, NEVER, RING_US, SNOOZE_US, Guard

ffi, lib = load()
KEPT = ("set_for_utc_us", "sunrise_s", "unstored", "timeless")
INSTANTS = ("deadline_us", "replaced_us", "early_us", "snooze_us", "ring_ends_us")


def kept(guard: Guard) -> tuple[list[int], list[int]]:
    return [getattr(guard.g, name) for name in KEPT], [getattr(guard.g, name) for name in INSTANTS]


def rung(guard: Guard) -> tuple[int, int, int]:
    return guard.g.rang_us, guard.g.rung_by, guard.g.rung_reason


def ringing_without_a_clock() -> Guard:
    """Since a minute."""
    return Guard().restore(MINUTE_US, "CLOCK_LOST").run(MINUTE_US)


def test_a_new_guard_keeps_nothing() -> None:
    assert kept(Guard()) == ([0] * 4, [NEVER] * 5)
    assert rung(Guard()) == (NEVER, 0, 0)


def test_nothing_of_an_alarm_is_kept_when_it_is_over() -> None:
    guard = Guard().arm(50 * MINUTE_US).arm(60 * MINUTE_US, stored=False)
    guard.g.sunrise_s = guard.g.timeless = 1
    guard.ring(MINUTE_US)
    assert kept(guard.tell("CANCEL")) == ([0] * 4, [NEVER] * 5)


def test_a_new_alarm_takes_nothing_from_the_one_before_but_its_deadline() -> None:
    guard = Guard().arm(50 * MINUTE_US)
    guard.ring(MINUTE_US)
    guard.run(MINUTE_US).tell("BUTTON_SHORT").arm(60 * MINUTE_US, stored=False)
    assert kept(guard)[1] == [60 * MINUTE_US, 50 * MINUTE_US, NEVER, NEVER, NEVER]
    assert rung(guard) == (NEVER, lib.SW_ALARM_BY_NOBODY, lib.SW_REASON_NONE)


def test_it_remembers_when_and_why_it_rang() -> None:
    guard = Guard().arm(MINUTE_US).run(MINUTE_US)
    assert rung(guard) == (MINUTE_US, lib.SW_ALARM_BY_DEVICE, lib.SW_REASON_SET_TIME)


def test_a_restored_alarm_has_what_was_kept() -> None:
    guard = Guard()
    lib.sw_alarm_guard_restore(guard.g, 0, 77, 500, lib.SW_ALARM_EVENT_WAS_OFF, 9)
    assert (guard.g.set_for_utc_us, guard.g.sunrise_s, guard.g.deadline_us) == (77, 9, 500)
    assert guard.run(500).reasons == ["WAS_OFF"]


def test_while_it_rings_only_its_end_is_to_come() -> None:
    guard = Guard().arm(MINUTE_US).run(MINUTE_US)
    assert lib.sw_alarm_guard_next(guard.g) == MINUTE_US + RING_US


def test_the_step_that_rings_leaves_nothing_else_due() -> None:
    guard, change = Guard().arm(MINUTE_US), ffi.new("sw_alarm_change *")
    assert lib.sw_alarm_guard_step(guard.g, MINUTE_US, change) == 1
    assert lib.sw_alarm_guard_step(guard.g, MINUTE_US, change) == 0


def test_a_clock_lost_for_the_very_deadline_changes_no_reason() -> None:
    guard = Guard().restore(60, "DUE")
    lib.sw_alarm_guard_clock_lost(guard.g, 60)
    assert guard.run(60).reasons == ["SET_TIME"]


def test_while_it_is_snoozed_only_the_end_of_that_is_to_come() -> None:
    guard = Guard().arm(MINUTE_US).run(MINUTE_US).tell("BUTTON_SHORT")
    assert lib.sw_alarm_guard_next(guard.g) == MINUTE_US + SNOOZE_US


def test_a_snooze_that_the_set_time_ended_does_not_ring_again() -> None:
    guard = Guard().arm(10 * MINUTE_US)
    guard.ring(8 * MINUTE_US)
    guard.run(8 * MINUTE_US).tell("BUTTON_SHORT").run(10 * MINUTE_US)
    assert guard.g.snooze_us == NEVER


def test_the_set_time_while_it_rings_ends_no_later_than_its_whole_length() -> None:
    guard = Guard().arm(20 * MINUTE_US)
    guard.ring(MINUTE_US)
    assert guard.run(20 * MINUTE_US + RING_US).state == "OFF"


def test_a_clock_is_nothing_to_a_guard_without_an_alarm() -> None:
    guard = Guard().clock(5000)
    lib.sw_alarm_guard_clock_lost(guard.g, 40)
    assert kept(guard) == ([0] * 4, [NEVER] * 5)


def test_a_clock_that_means_nothing_adds_no_ring_to_one_that_was() -> None:
    guard = Guard().arm(MINUTE_US).run(MINUTE_US)
    lib.sw_alarm_guard_clock_lost(guard.g, 2 * MINUTE_US)
    assert guard.g.deadline_us == NEVER


def test_who_has_heard_the_time_waits_no_longer_for_a_set_time() -> None:
    guard = ringing_without_a_clock()
    assert guard.g.timeless == 1
    assert guard.clock(0, "WAS_OFF").run(MINUTE_US + RING_US).state == "OFF"


def test_a_set_time_that_is_now_asks_no_more_of_what_rings() -> None:
    guard = ringing_without_a_clock().run(2 * MINUTE_US)
    guard.clock(2 * MINUTE_US)
    assert guard.g.deadline_us == NEVER
    assert lib.sw_alarm_guard_next(guard.g) == MINUTE_US + RING_US


def test_a_set_time_to_come_rings_after_a_ring_without_a_clock() -> None:
    guard = ringing_without_a_clock().clock(2 * MINUTE_US)
    assert (guard.g.deadline_us, guard.g.deadline_event) == (2 * MINUTE_US, lib.SW_ALARM_EVENT_DUE)


def test_of_two_that_are_due_at_once_the_users_own_gives_the_reason() -> None:
    snoozed = Guard().arm(100 * MINUTE_US)
    snoozed.ring(MINUTE_US)
    snoozed.run(MINUTE_US).tell("BUTTON_SHORT").ring(MINUTE_US + SNOOZE_US)
    assert snoozed.run(MINUTE_US + SNOOZE_US).reasons == ["HOST_REQUEST", "SNOOZE_OVER"]
    due = Guard().arm(MINUTE_US + SNOOZE_US)
    due.ring(MINUTE_US)
    assert due.run(MINUTE_US).tell("BUTTON_SHORT").run(MINUTE_US + SNOOZE_US).reasons == ["HOST_REQUEST", "SET_TIME"]


def test_of_an_alarm_and_the_one_it_replaces_the_earlier_gives_the_reason() -> None:
    guard = Guard().restore(5000, "STEPPED_DUE").arm(3000, stored=False)
    assert guard.run(5000).reasons == ["SET_TIME"]
    assert guard.g.replaced_us == NEVER


def test_a_cell_out_of_range_is_one_of_the_first() -> None:
    def cell(state: int, event: int) -> tuple[int, int]:
        found = lib.sw_alarm_guard_cell(state, event)
        return found.next, found.did

    states, events = lib.SW_ALARM_COUNT, lib.SW_ALARM_EVENT_COUNT
    for event in range(events):
        assert cell(states, event) == cell(states + 9, event) == cell(0, event)
    for state in range(states):
        assert cell(state, events) == cell(state, events + 9) == cell(state, 0)


def test_it_begins_the_same_from_whatever_memory() -> None:
    used = Guard()
    ffi.memmove(used.g, b"\xa5" * ffi.sizeof("sw_alarm_guard"), ffi.sizeof("sw_alarm_guard"))
    lib.sw_alarm_guard_init(used.g)
    assert kept(used) == kept(Guard()) and rung(used) == rung(Guard()) and used.state == "OFF"


def test_a_set_time_that_passed_while_it_was_off_rings_its_whole_length() -> None:
    guard = Guard().arm(MINUTE_US).run(MINUTE_US).run(2 * MINUTE_US).tell("WAS_OFF")
    assert guard.g.ring_ends_us == 2 * MINUTE_US + RING_US


def test_what_is_no_set_time_does_not_make_a_ring_longer() -> None:
    for event in ("STORED", "EXPIRED", "RESTORED", "SNOOZE_OVER", "EARLY_DUE"):
        guard = Guard().arm(MINUTE_US).run(MINUTE_US).run(2 * MINUTE_US).tell(event)
        assert guard.g.ring_ends_us == MINUTE_US + RING_US


def test_a_snooze_is_not_made_longer_by_what_happens_in_it() -> None:
    guard = Guard().arm(MINUTE_US).run(MINUTE_US).tell("BUTTON_SHORT").run(2 * MINUTE_US).tell("STORED")
    assert guard.g.snooze_us == MINUTE_US + SNOOZE_US


def test_a_ring_that_is_snoozed_has_no_end_of_its_own_any_more() -> None:
    assert Guard().arm(MINUTE_US).run(MINUTE_US).tell("BUTTON_SHORT").g.ring_ends_us == NEVER


def test_a_set_alarm_is_kept_as_it_was_set() -> None:
    guard, change = Guard(), ffi.new("sw_alarm_change *")
    lib.sw_alarm_guard_set(guard.g, 0, 77, 500, 9, change)
    assert (guard.g.set_for_utc_us, guard.g.deadline_us, guard.g.sunrise_s) == (77, 500, 9)


def test_no_early_ring_when_the_set_time_has_rung() -> None:
    assert Guard().arm(MINUTE_US).run(MINUTE_US).ring(2 * MINUTE_US) == "IN_THE_PAST"


def test_an_early_ring_may_be_now() -> None:
    guard = Guard().arm(1000).run(400)
    assert guard.ring(400) == "NONE"
    assert guard.run(400).rang_us == [400]


def test_an_early_ring_at_the_very_end_of_a_ring_adds_none() -> None:
    guard = Guard().arm(60 * MINUTE_US)
    guard.ring(MINUTE_US)
    guard.run(MINUTE_US).ring(MINUTE_US + RING_US)
    assert (guard.run(MINUTE_US + RING_US).rang_us, guard.state) == ([MINUTE_US], "ARMED")


def test_a_clock_set_by_exactly_a_step_has_not_stepped() -> None:
    late = 10 * MINUTE_US
    for by_us in (late - lib.SW_ALARM_STEP_US, late + lib.SW_ALARM_STEP_US):
        assert Guard().arm(late).clock(by_us).run(late).reasons == ["SET_TIME"]


def test_a_step_to_the_very_instant_of_the_alarm_it_replaces_is_named() -> None:
    guard = Guard().arm(MINUTE_US).arm(60 * MINUTE_US, stored=False).clock(MINUTE_US)
    assert guard.run(MINUTE_US).reasons == ["CLOCK_STEPPED"]


def test_once_stored_it_is_no_longer_unstored() -> None:
    guard = Guard().arm(1000, stored=False)
    assert guard.g.unstored == 1
    assert guard.tell("STORED").g.unstored == 0


@pytest.mark.parametrize("lost_us", [500, 1000])
def test_what_is_replaced_does_not_end_the_wait_of_an_alarm_without_a_clock(lost_us: int) -> None:
    guard = Guard().arm(1000).arm(90 * MINUTE_US, stored=False)
    lib.sw_alarm_guard_clock_lost(guard.g, lost_us)
    assert guard.run(1000 + RING_US).state == "ARMED"
    assert guard.clock(90 * MINUTE_US).run(90 * MINUTE_US).rang_us == [lost_us, 90 * MINUTE_US]
