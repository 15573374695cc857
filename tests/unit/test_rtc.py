"""The clock chip: counts, keeps its phase, says when its time is lost. Calendar against Python's."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from hw_sim.chip.core import ffi, lib

T_UTC_S = 1_768_516_200


@pytest.fixture
def clock() -> Any:
    return fresh(0)


def fresh(ppb: int) -> Any:
    memory = ffi.new("rtc *")
    lib.rtc_init(memory, ppb)
    return memory


def transfer(clock: Any, now_us: int, tx: bytes, n: int = 0, address: int = 0x52) -> bytes | None:
    """One transaction; None: nobody there."""
    data = ffi.new("uint8_t[]", max(n, 1))
    status = lib.rtc_transfer(clock, now_us, address, tx, len(tx), data, n)
    return bytes(ffi.buffer(data, n)) if status == 0 else None


def unix(clock: Any, now_us: int) -> int:
    found = transfer(clock, now_us, b"\x1b", 4)
    assert found is not None
    return int.from_bytes(found, "little")


def test_at_first_power_its_time_is_lost(clock: Any) -> None:
    assert transfer(clock, 0, b"\x0e", 1) == b"\x01"
    assert unix(clock, 0) == 0


def test_porf_is_cleared_by_writing_0_and_never_set_from_outside(clock: Any) -> None:
    transfer(clock, 0, b"\x0e\x00")
    assert transfer(clock, 1, b"\x0e", 1) == b"\x00"
    transfer(clock, 2, b"\x0e\xff")
    assert transfer(clock, 3, b"\x0e", 1) == b"\x00"


def test_unix_time_written_in_one_transaction_counts_on(clock: Any) -> None:
    transfer(clock, 300_000, b"\x1b" + T_UTC_S.to_bytes(4, "little"))
    assert [unix(clock, t_us) - T_UTC_S for t_us in (999_999, 1_000_000, 61_000_000)] == [0, 1, 61]


def test_reset_starts_a_new_second_now(clock: Any) -> None:
    transfer(clock, 300_000, b"\x1b" + T_UTC_S.to_bytes(4, "little"))
    transfer(clock, 300_000, b"\x10\x01")
    assert [unix(clock, t_us) - T_UTC_S for t_us in (1_299_999, 1_300_000)] == [0, 1]
    assert transfer(clock, 400_000, b"\x10", 1) == b"\x00"


def test_reading_often_changes_nothing(clock: Any) -> None:
    lib.rtc_set(clock, 0, T_UTC_S * 1_000_000 + 250_000)
    often = [unix(clock, t_us) for t_us in range(0, 10_000_000, 7_919)]
    once = fresh(0)
    lib.rtc_set(once, 0, T_UTC_S * 1_000_000 + 250_000)
    assert often[-1] == unix(once, 9_999_999 // 7_919 * 7_919) == T_UTC_S + 10


@pytest.mark.parametrize("ppb", [20_000, -20_000, 0])
def test_its_error_is_its_own(ppb: int) -> None:
    clock = fresh(ppb)
    lib.rtc_set(clock, 0, T_UTC_S * 1_000_000 + 500_000)
    hours = 100
    true_us = hours * 3600 * 1_000_000
    assert unix(clock, true_us) == T_UTC_S + (500_000 + true_us + true_us * ppb // 10**9) // 1_000_000


@pytest.mark.parametrize(
    "text",
    ["2000-01-01 00:00:00", "2024-02-28 23:59:59", "2026-03-29 00:59:59", "2028-12-31 23:59:59", "2099-12-30 12:34:56"],
)
def test_the_calendar_is_pythons(clock: Any, text: str) -> None:
    start = datetime.datetime.fromisoformat(text)
    digits = (start.second, start.minute, start.hour, 0, start.day, start.month, start.year - 2000)
    transfer(clock, 0, bytes([0, *(int(str(d), 16) for d in digits)]))
    for after_s in (0, 1, 86_400):
        then = start + datetime.timedelta(seconds=after_s)
        found = transfer(clock, after_s * 1_000_000, b"\x00", 7)
        assert found is not None
        fields = [int(f"{byte:x}") for byte in found]
        expected = [then.second, then.minute, then.hour, then.isoweekday() % 7, then.day, then.month, then.year - 2000]
        assert fields == expected


def test_the_two_counters_are_apart(clock: Any) -> None:
    lib.rtc_set(clock, 0, T_UTC_S * 1_000_000)
    transfer(clock, 0, b"\x06\x30")
    assert unix(clock, 0) == T_UTC_S


def test_losing_all_power(clock: Any) -> None:
    lib.rtc_set(clock, 0, T_UTC_S * 1_000_000)
    assert transfer(clock, 1, b"\x0e", 1) == b"\x00"
    lib.rtc_lose(clock, 5_500_000)
    assert transfer(clock, 5_500_000, b"\x0e", 1) == b"\x01"
    assert [unix(clock, t_us) for t_us in (6_499_999, 6_500_000)] == [0, 1]


def test_another_address_is_nobodys(clock: Any) -> None:
    assert transfer(clock, 0, b"\x0e", 1, address=0x51) is None
