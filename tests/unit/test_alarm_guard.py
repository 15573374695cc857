"""Every cell of the alarm guard, and the rules about its instants: none moves later but by a new SET."""

from __future__ import annotations

import pytest

from edge.alarm_diagram import DOCUMENT, placed
from edge.core import load

ffi, lib = load()
NEVER = 2**64 - 1
MINUTE_US = 60_000_000
SNOOZE_US, RING_US = lib.SW_ALARM_SNOOZE_US, lib.SW_ALARM_RING_US

STATES = ("OFF", "STORING", "ARMED", "RINGING", "SNOOZED")
RUNG = "RINGING RANG DEVICE"
EARLY = "RINGING RANG CLOUD HOST_REQUEST"
TAKEN_BACK = "OFF CANCELLED CLOUD COMMAND"
# what each event does in OFF, STORING, ARMED, RINGING, SNOOZED: next state, deed, by, reason; or nothing
CELLS: dict[str, tuple[str, str, str, str, str]] = {
    "SET": ("STORING", "", "STORING", "STORING", "STORING"),
    "RESTORED": ("ARMED", "", "", "", ""),
    "STORED": (
        "",
        "ARMED ARMED CLOUD COMMAND",
        "ARMED ARMED CLOUD COMMAND",
        "RINGING ARMED CLOUD COMMAND",
        "SNOOZED ARMED CLOUD COMMAND",
    ),
    "STORE_FAILED": ("", "ARMED", "", "", ""),
    "CANCEL": ("", TAKEN_BACK, TAKEN_BACK, TAKEN_BACK, TAKEN_BACK),
    "DUE": ("", f"{RUNG} SET_TIME", f"{RUNG} SET_TIME", "", f"{RUNG} SET_TIME"),
    "STEPPED_DUE": ("", f"{RUNG} CLOCK_STEPPED", f"{RUNG} CLOCK_STEPPED", "", f"{RUNG} CLOCK_STEPPED"),
    "CLOCK_LOST": ("", f"{RUNG} CLOCK_LOST", f"{RUNG} CLOCK_LOST", "", f"{RUNG} CLOCK_LOST"),
    "WAS_OFF": ("", f"{RUNG} WAS_OFF", f"{RUNG} WAS_OFF", "", f"{RUNG} WAS_OFF"),
    "EXPIRED": ("", "", "OFF CANCELLED DEVICE IN_THE_PAST", "", ""),
    "EARLY_DUE": ("", EARLY, EARLY, "", EARLY),
    "SNOOZE_OVER": ("", "", "", "", f"{RUNG} SNOOZE_OVER"),
    "BUTTON_SHORT": ("", "", "", "SNOOZED SNOOZED BUTTON BUTTON", ""),
    "BUTTON_LONG": ("", "", "", "OFF DISMISSED BUTTON BUTTON", "OFF DISMISSED BUTTON BUTTON"),
    "SNOOZE_ASKED": ("", "", "", "SNOOZED SNOOZED CLOUD COMMAND", ""),
    "RING_TIMEOUT": ("", "", "", "ARMED", ""),
    "RING_TIMEOUT_LAST": ("", "", "", "OFF DISMISSED DEVICE NOBODY_ANSWERED", ""),
}
WORDS = (("SW_ALARM_", "next"), ("SW_ALARM_DID_", "did"), ("SW_ALARM_BY_", "by"), ("SW_REASON_", "reason"))


class Guard:
    """A guard at tick 0; now_us moves with run()."""

    def __init__(self) -> None:
        self.g = ffi.new("sw_alarm_guard *")
        lib.sw_alarm_guard_init(self.g)
        self.now_us = 0
        self.rang_us: list[int] = []
        self.reasons: list[str] = []

    @property
    def state(self) -> str:
        return str(ffi.string(ffi.cast("sw_alarm", self.g.state))).removeprefix("SW_ALARM_")

    def arm(self, deadline_us: int, stored: bool = True) -> Guard:
        change = ffi.new("sw_alarm_change *")
        lib.sw_alarm_guard_set(self.g, self.now_us, 10**15 + deadline_us, deadline_us, 0, change)
        return self.tell("STORED") if stored else self

    def restore(self, deadline_us: int, event: str) -> Guard:
        event_number = getattr(lib, f"SW_ALARM_EVENT_{event}")
        lib.sw_alarm_guard_restore(self.g, self.now_us, 10**15 + deadline_us, deadline_us, event_number, 0)
        return self

    def tell(self, event: str) -> Guard:
        change = ffi.new("sw_alarm_change *")
        lib.sw_alarm_guard_event(self.g, self.now_us, getattr(lib, f"SW_ALARM_EVENT_{event}"), change)
        return self

    def clock(self, deadline_us: int, event: str = "DUE", doubt_us: int = 0) -> Guard:
        lib.sw_alarm_guard_clock(self.g, self.now_us, deadline_us, getattr(lib, f"SW_ALARM_EVENT_{event}"), doubt_us)
        return self

    def ring(self, ring_us: int) -> str:
        refused = lib.sw_alarm_guard_ring(self.g, self.now_us, ring_us)
        return str(ffi.string(ffi.cast("sw_reason", refused))).removeprefix("SW_REASON_")

    def run(self, until_us: int) -> Guard:
        """Everything due until then."""
        change = ffi.new("sw_alarm_change *")
        while (at := max(self.now_us, lib.sw_alarm_guard_next(self.g))) <= until_us:
            self.now_us = at
            if lib.sw_alarm_guard_step(self.g, at, change) and change.cell.did == lib.SW_ALARM_DID_RANG:
                self.rang_us.append(at)
                reason = ffi.string(ffi.cast("sw_reason", change.cell.reason))
                self.reasons.append(str(reason).removeprefix("SW_REASON_"))
        self.now_us = until_us
        return self


def test_the_walk_below_meets_every_cell() -> None:
    assert len(STATES) == lib.SW_ALARM_COUNT
    assert [f"SW_ALARM_EVENT_{name}" for name in CELLS] == [
        name
        for value, name in sorted(ffi.typeof("sw_alarm_event").elements.items())
        if value < lib.SW_ALARM_EVENT_COUNT
    ]


@pytest.mark.parametrize("event", CELLS)
@pytest.mark.parametrize("state", STATES)
def test_each_cell_does_what_it_should(state: str, event: str) -> None:
    expected = (CELLS[event][STATES.index(state)] or state).split()
    expected += ["", "NOBODY", "NONE"][len(expected) - 1 :]
    cell = lib.sw_alarm_guard_cell(getattr(lib, f"SW_ALARM_{state}"), getattr(lib, f"SW_ALARM_EVENT_{event}"))
    numbers = [getattr(lib, prefix + word) if word else 0 for (prefix, _), word in zip(WORDS, expected, strict=True)]
    assert [getattr(cell, name) for _, name in WORDS] == numbers


@pytest.mark.parametrize("event", CELLS)
@pytest.mark.parametrize("state", STATES)
def test_the_state_is_the_tables(state: str, event: str) -> None:
    guard = Guard()
    guard.g.state = getattr(lib, f"SW_ALARM_{state}")
    guard.tell(event)
    assert guard.state == (CELLS[event][STATES.index(state)] or state).split()[0]


def test_it_rings_at_the_deadline_and_not_before() -> None:
    guard = Guard().arm(1000).run(999)
    assert guard.state == "ARMED"
    assert guard.run(1000).rang_us == [1000]


def test_a_failed_write_leaves_the_alarm_in_memory() -> None:
    guard = Guard().arm(1000, stored=False).tell("STORE_FAILED")
    assert guard.state == "ARMED" and guard.g.unstored == 1
    assert guard.run(1000).rang_us == [1000]


@pytest.mark.parametrize("end", ["", "STORE_FAILED"])
def test_until_a_later_alarm_is_stored_the_one_it_replaces_rings(end: str) -> None:
    guard = Guard().arm(1000).arm(9000, stored=False)
    if end:
        guard.tell(end)
    assert guard.run(2000).rang_us == [1000]


def test_once_it_is_stored_the_one_it_replaced_is_forgotten() -> None:
    assert Guard().arm(1000).arm(9000).run(9000).rang_us == [9000]


def test_what_cannot_be_stored_rings_as_well_as_what_it_replaces() -> None:
    guard = Guard().arm(MINUTE_US).arm(100 * MINUTE_US, stored=False).tell("STORE_FAILED")
    assert guard.run(MINUTE_US + RING_US).state == "ARMED"
    assert guard.run(100 * MINUTE_US).rang_us == [MINUTE_US, 100 * MINUTE_US]


def test_a_later_try_that_goes_well_forgets_what_was_replaced() -> None:
    guard = Guard().arm(1000).arm(9000, stored=False).tell("STORE_FAILED").tell("STORED")
    assert guard.run(9000).rang_us == [9000]


def test_it_rings_while_the_flash_is_still_busy() -> None:
    guard = Guard().arm(1000, stored=False).run(1000)
    assert (guard.rang_us, guard.state) == ([1000], "RINGING")


# the clock is set


@pytest.mark.parametrize("by_the_new_clock_us", [400, 1000, 5_000_000])
def test_a_clock_that_is_set_never_moves_a_deadline_later(by_the_new_clock_us: int) -> None:
    guard = Guard().arm(1000).clock(by_the_new_clock_us).run(6_000_000)
    assert guard.rang_us == [min(1000, by_the_new_clock_us)]


def test_a_step_is_named_as_the_reason_and_a_correction_is_not() -> None:
    late = 10 * MINUTE_US
    assert Guard().arm(late).clock(late - 999_999).run(late).reasons == ["SET_TIME"]
    assert Guard().arm(late).clock(late - 1_000_001).run(late).reasons == ["CLOCK_STEPPED"]
    assert Guard().arm(late).clock(late + 1_000_001).run(late).reasons == ["CLOCK_STEPPED"]


def test_only_the_doubt_of_the_old_clock_may_make_it_later() -> None:
    assert Guard().arm(1000).clock(1500, doubt_us=500).run(2000).rang_us == [1500]
    assert Guard().arm(1000).clock(1501, doubt_us=500).run(2000).rang_us == [1000]


def test_what_rang_too_early_by_a_step_rings_at_the_set_time_too() -> None:
    guard = Guard().arm(100 * MINUTE_US).clock(MINUTE_US).run(2 * MINUTE_US)
    guard.clock(100 * MINUTE_US).run(100 * MINUTE_US)
    assert guard.rang_us == [MINUTE_US, 100 * MINUTE_US]
    assert guard.reasons == ["CLOCK_STEPPED", "SET_TIME"]


# after a reboot without a clock


def test_a_lost_clock_rings_unless_the_host_tells_the_time_before() -> None:
    assert Guard().restore(MINUTE_US, "CLOCK_LOST").run(MINUTE_US).reasons == ["CLOCK_LOST"]
    told = Guard().restore(MINUTE_US, "CLOCK_LOST").run(MINUTE_US - 1).clock(5 * MINUTE_US)
    assert told.run(9 * MINUTE_US).rang_us == [5 * MINUTE_US]


def test_after_a_ring_without_a_clock_the_set_time_still_rings() -> None:
    guard = Guard().restore(MINUTE_US, "CLOCK_LOST").run(MINUTE_US + RING_US)
    assert guard.state == "ARMED"
    guard.clock(200 * MINUTE_US).run(200 * MINUTE_US)
    assert guard.reasons == ["CLOCK_LOST", "SET_TIME"]


def test_a_time_that_says_it_has_passed_rings_what_has_fallen_silent() -> None:
    guard = Guard().restore(MINUTE_US, "CLOCK_LOST").run(MINUTE_US + RING_US)
    assert guard.clock(0, "WAS_OFF").run(guard.now_us).reasons == ["CLOCK_LOST", "WAS_OFF"]


def test_a_time_that_says_it_has_passed_does_not_end_a_ring_or_a_snooze() -> None:
    guard = Guard().restore(MINUTE_US, "CLOCK_LOST").run(MINUTE_US).clock(0, "EXPIRED").run(MINUTE_US)
    assert guard.state == "RINGING"
    guard.tell("BUTTON_SHORT").clock(0, "EXPIRED").run(MINUTE_US)
    assert guard.state == "SNOOZED"


# the host's early ring


def test_an_early_ring_comes_before_the_deadline_and_does_not_replace_it() -> None:
    guard = Guard().arm(100 * MINUTE_US)
    assert guard.ring(10 * MINUTE_US) == "NONE"
    assert guard.run(100 * MINUTE_US).rang_us == [10 * MINUTE_US, 100 * MINUTE_US]


def test_of_two_early_rings_the_first_counts() -> None:
    guard = Guard().arm(100 * MINUTE_US)
    guard.ring(10 * MINUTE_US)
    guard.ring(12 * MINUTE_US)
    assert guard.run(11 * MINUTE_US).rang_us == [10 * MINUTE_US]


@pytest.mark.parametrize("ring_us", [1000, 1001, 10**9])
def test_a_ring_that_is_not_before_the_deadline_is_refused(ring_us: int) -> None:
    guard = Guard().arm(1000)
    assert guard.ring(ring_us) == "IN_THE_PAST"
    assert guard.run(1000).rang_us == [1000]


def test_a_ring_without_an_alarm_or_in_the_past_is_refused() -> None:
    assert Guard().ring(5) == "NOT_ARMED"
    assert Guard().arm(1000).run(500).ring(499) == "IN_THE_PAST"


# snooze, dismissal, silence


def test_a_snooze_before_the_set_time_ends_there_at_the_latest() -> None:
    guard = Guard().arm(10 * MINUTE_US)
    guard.ring(8 * MINUTE_US)
    guard.run(8 * MINUTE_US).tell("BUTTON_SHORT").run(10 * MINUTE_US)
    assert guard.rang_us == [8 * MINUTE_US, 10 * MINUTE_US]
    assert guard.reasons == ["HOST_REQUEST", "SET_TIME"]


def test_a_snooze_long_before_the_set_time_rings_again_and_at_the_set_time() -> None:
    guard = Guard().arm(60 * MINUTE_US)
    guard.ring(MINUTE_US)
    guard.run(MINUTE_US).tell("BUTTON_SHORT").run(MINUTE_US + SNOOZE_US).tell("BUTTON_SHORT")
    guard.run(MINUTE_US + 2 * SNOOZE_US).run(60 * MINUTE_US)
    assert guard.rang_us == [MINUTE_US, MINUTE_US + SNOOZE_US, MINUTE_US + 2 * SNOOZE_US, 60 * MINUTE_US]


def test_after_the_set_time_a_snooze_repeats() -> None:
    guard = Guard().arm(MINUTE_US).run(MINUTE_US)
    for _ in range(5):
        guard.tell("BUTTON_SHORT").run(guard.now_us + SNOOZE_US)
    assert guard.rang_us == [MINUTE_US + i * SNOOZE_US for i in range(6)]


def test_a_dismissal_ends_the_alarm_also_before_its_time() -> None:
    guard = Guard().arm(10 * MINUTE_US)
    guard.ring(MINUTE_US)
    guard.run(MINUTE_US).tell("BUTTON_LONG").run(60 * MINUTE_US)
    assert (guard.rang_us, guard.state) == ([MINUTE_US], "OFF")


def test_nobody_answers_it_stops_by_itself() -> None:
    guard = Guard().arm(MINUTE_US).run(MINUTE_US + RING_US - 1)
    assert guard.state == "RINGING"
    assert guard.run(MINUTE_US + RING_US).state == "OFF"


def test_an_early_ring_that_nobody_answers_leaves_the_set_time() -> None:
    guard = Guard().arm(100 * MINUTE_US)
    guard.ring(MINUTE_US)
    assert guard.run(MINUTE_US + RING_US).state == "ARMED"
    assert guard.run(100 * MINUTE_US).rang_us == [MINUTE_US, 100 * MINUTE_US]


def test_the_set_time_gives_a_ring_under_way_its_whole_length() -> None:
    guard = Guard().arm(20 * MINUTE_US)
    guard.ring(MINUTE_US)
    assert guard.run(20 * MINUTE_US + RING_US - 1).state == "RINGING"


def test_the_documents_diagram_is_the_table() -> None:
    document = DOCUMENT.read_text()
    assert placed(document) == document, "run: python -m edge.alarm_diagram"


def test_a_wrong_diagram_is_seen() -> None:
    document = DOCUMENT.read_text().replace("ringing --> snoozed", "ringing --> off")
    assert placed(document) != document


@pytest.mark.parametrize(("deadline_us", "rings_us"), [(90, 60), (40, 40)])
def test_a_clock_that_means_nothing_makes_it_ring_sooner_never_later(deadline_us: int, rings_us: int) -> None:
    guard = Guard().restore(deadline_us, "DUE")
    lib.sw_alarm_guard_clock_lost(guard.g, 60)
    assert guard.run(200).rang_us == [rings_us]


def test_a_clock_found_in_time_gives_the_lost_deadline_back() -> None:
    guard = Guard().restore(90, "DUE")
    lib.sw_alarm_guard_clock_lost(guard.g, 60)
    assert guard.clock(80).run(200).rang_us == [80]
