"""What the device knows of UTC, and whose word counts."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load

ffi, lib = load()
UTC_US = 1_700_000_000_000_000
ANSWER_US = lib.SW_CLOCK_ANSWER_US


def clock() -> Any:
    c = ffi.new("sw_clock *")
    lib.sw_clock_init(c)
    return c


def told(c: Any, tick_us: int, utc_us: int, after_us: int = 1_000_000, nonce: int = 7, answer: int = 7) -> int:
    lib.sw_clock_nonce(c, tick_us - after_us, nonce)
    return int(lib.sw_clock_host(c, tick_us, answer, utc_us))


def test_at_first_nothing_is_known() -> None:
    c = clock()
    assert (c.source, lib.sw_clock_utc(c, 123)) == (lib.SW_CLOCK_UNKNOWN, 0)


def test_the_battery_clocks_second_is_taken_at_its_end() -> None:
    c = clock()
    assert lib.sw_clock_battery(c, 500, UTC_US // 10**6) == 1
    assert lib.sw_clock_utc(c, 500) == UTC_US + 1_000_000
    assert c.source == lib.SW_CLOCK_BATTERY


@pytest.mark.parametrize("unix_s", [0, 946_684_800, 1_577_836_798, 2**32 - 1])
def test_a_battery_clock_that_shows_another_century_is_not_believed(unix_s: int) -> None:
    c = clock()
    assert lib.sw_clock_battery(c, 500, unix_s) == 0
    assert c.source == lib.SW_CLOCK_UNKNOWN


def test_the_hosts_time_is_taken_to_the_microsecond() -> None:
    c = clock()
    assert told(c, 10_000_000, UTC_US + 42) == 1
    assert lib.sw_clock_utc(c, 10_000_007) == UTC_US + 49
    assert lib.sw_clock_utc(c, 9_999_999) == UTC_US + 41
    assert c.source == lib.SW_CLOCK_HOST


@pytest.mark.parametrize(("after_us", "counts"), [(0, 1), (ANSWER_US, 1), (ANSWER_US + 1, 0), (60_000_000, 0)])
def test_it_counts_for_two_seconds_after_the_nonce(after_us: int, counts: int) -> None:
    assert told(clock(), 100_000_000, UTC_US, after_us) == counts


def test_a_nonce_counts_once_and_only_the_last_one() -> None:
    c = clock()
    assert told(c, 10_000_000, UTC_US) == 1
    assert lib.sw_clock_host(c, 10_000_001, 7, UTC_US + 10**9) == 0
    lib.sw_clock_nonce(c, 11_000_000, 8)
    lib.sw_clock_nonce(c, 11_000_001, 9)
    assert lib.sw_clock_host(c, 11_000_002, 8, UTC_US) == 0
    assert lib.sw_clock_host(c, 11_000_002, 9, UTC_US) == 1


def test_a_wrong_answer_changes_nothing_and_the_right_one_still_counts() -> None:
    c = clock()
    assert told(c, 10_000_000, UTC_US, answer=6) == 0
    assert c.source == lib.SW_CLOCK_UNKNOWN
    assert lib.sw_clock_host(c, 10_000_001, 7, UTC_US) == 1


def test_a_late_answer_uses_the_nonce_up() -> None:
    c = clock()
    assert told(c, 10_000_000, UTC_US, ANSWER_US + 1) == 0
    assert c.nonce == 0


def test_without_a_question_no_answer_counts() -> None:
    assert lib.sw_clock_host(clock(), 10, 0, UTC_US) == 0


@pytest.mark.parametrize("utc_us", [0, 1_577_836_799_999_999, 4_102_444_800_000_001, 2**64 - 1])
def test_a_time_of_another_century_is_not_believed(utc_us: int) -> None:
    assert told(clock(), 10_000_000, utc_us) == 0


def test_ticks_and_utc_are_each_others_inverse() -> None:
    c = clock()
    told(c, 10_000_000, UTC_US)
    for tick_us in (0, 9_999_999, 10_000_000, 10**12):
        assert lib.sw_clock_tick(c, lib.sw_clock_utc(c, tick_us)) == tick_us


def test_what_was_before_this_boot_is_tick_zero() -> None:
    c = clock()
    told(c, 10_000_000, UTC_US)
    assert lib.sw_clock_tick(c, UTC_US - 10_000_001) == 0


def test_the_battery_clocks_second_once_it_was_seen_to_begin() -> None:
    c = clock()
    assert lib.sw_clock_battery_edge(c, 990_000, 1_000_000, UTC_US // 10**6) == 1
    assert lib.sw_clock_utc(c, 1_000_000) == UTC_US + 10_000
