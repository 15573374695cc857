"""Records in flash: the newest one is found, and no power failure takes the one that was stored before."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from tests.torn_flash import SECTOR, TornFlash

ffi, lib = load()
BYTES, SLOT = lib.SW_STORE_BYTES, lib.SW_STORE_SLOT_BYTES
SLOTS = lib.SW_STORE_SLOTS


def text(n: int) -> bytes:
    """Content of the n-th record, n from 1."""
    return n.to_bytes(4, "little") * (BYTES // 4)


class Store:
    """A store on a flash, loaded."""

    def __init__(self, flash: TornFlash | None = None) -> None:
        self.flash = flash or TornFlash()
        self.s: Any = ffi.new("sw_flash_store *")
        content = ffi.new("uint8_t[]", BYTES)
        self.status = lib.sw_flash_store_load(self.s, self.flash.hal, content)
        self.found = bytes(ffi.buffer(content)) if self.status == 1 else None

    def write(self, n: int, limit_us: int = 5_000_000) -> str:
        """Runs to the end of the write, or until the power is gone. Returns WRITTEN, FAILED or LOST."""
        flash = self.flash
        lib.sw_flash_store_write(self.s, flash.hal, flash.now_us, ffi.from_buffer(text(n)))
        end_us = flash.now_us + limit_us
        while flash.powered and flash.now_us < end_us:
            flash.now_us = max(flash.now_us, self.s.poll_us)
            result = lib.sw_flash_store_step(self.s, flash.hal, flash.now_us)
            if result != lib.SW_STORE_NOTHING:
                return "WRITTEN" if result == lib.SW_STORE_WRITTEN else "FAILED"
        return "LOST"

    def holds(self, n: int) -> bool:
        return bool(lib.sw_flash_store_holds(self.s, self.flash.hal, ffi.from_buffer(text(n))))


def filled(n: int) -> TornFlash:
    """A flash into which records 1..n were written."""
    store = Store()
    assert all(store.write(i) == "WRITTEN" for i in range(1, n + 1))
    return store.flash


def reloaded(flash: TornFlash) -> bytes | None:
    flash.power_on()
    return Store(flash).found


def test_a_blank_flash_holds_nothing() -> None:
    store = Store()
    assert (store.status, store.holds(1)) == (0, False)


@pytest.mark.parametrize("n", [1, 2, SLOTS, SLOTS + 1, 2 * SLOTS, 2 * SLOTS + 1, 3 * SLOTS + 5])
def test_the_newest_record_is_found(n: int) -> None:
    assert reloaded(filled(n)) == text(n)


def test_written_means_read_back() -> None:
    store = Store()
    assert store.write(1) == "WRITTEN"
    assert store.holds(1) and not store.holds(2)


def test_a_byte_that_decays_is_noticed() -> None:
    store = Store()
    store.write(1)
    store.flash.content[20] ^= 1
    assert not store.holds(1)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("before", [1, 7, SLOTS - 1, SLOTS, SLOTS + 1, 2 * SLOTS, 2 * SLOTS + 1])
def test_power_that_fails_in_any_operation_leaves_the_old_record(before: int, share: float) -> None:
    # an erase and a program at most
    for cut in (1, 2):
        flash = filled(before)
        flash.cut_at, flash.share = flash.operations + cut, share
        outcome = Store(flash).write(before + 1)
        assert reloaded(flash) == text(before + (outcome == "WRITTEN"))


def test_power_that_fails_again_and_again_loses_nothing() -> None:
    flash, last = filled(5), 5
    for attempt in range(6, 400):
        flash.cut_at = flash.operations + 1 + attempt % 3
        flash.share = attempt % 7 / 7
        if Store(flash).write(attempt) == "WRITTEN":
            last = attempt
        assert reloaded(flash) == text(last)
    assert last > 100


def test_the_sector_of_the_newest_record_is_never_erased() -> None:
    flash = filled(SLOTS)
    for n in range(SLOTS + 1, 4 * SLOTS):
        store = Store(flash)
        before, erased = store.s.newest // SECTOR, len(flash.erased)
        store.write(n)
        assert before not in flash.erased[erased:]


def test_a_flash_that_takes_nothing_fails_and_says_so() -> None:
    store = Store()
    store.write(1)
    store.flash.stuck = True
    assert store.write(2) == "FAILED"
    store.flash.stuck = False
    assert reloaded(store.flash) == text(1)
    assert store.write(3) == "WRITTEN"
    assert reloaded(store.flash) == text(3)


def test_a_flash_that_stays_busy_fails_within_its_time() -> None:
    store = Store()
    store.write(1)
    store.flash.busy_forever = True
    start_us = store.flash.now_us
    assert store.write(2) == "FAILED"
    assert store.flash.now_us - start_us <= 2 * lib.SW_STORE_TIMEOUT_US


def test_worn_slots_are_passed_over() -> None:
    flash = filled(3)
    at = 3 * SLOT
    flash.content[at : at + 3 * SLOT] = bytes(3 * SLOT)  # programmed to zero by somebody
    store = Store(flash)
    assert (store.found, store.write(4)) == (text(3), "WRITTEN")
    assert reloaded(flash) == text(4)


def test_what_failed_is_never_taken_for_newer_than_what_came_after_it() -> None:
    store = Store()
    store.write(1)
    store.flash.busy_forever = True  # the record gets in, but nobody can read it back in time
    flash = store.flash
    lib.sw_flash_store_write(store.s, flash.hal, flash.now_us, ffi.from_buffer(text(2)))
    flash.busy_forever = False
    flash.now_us += 700
    lib.sw_flash_store_write(store.s, flash.hal, flash.now_us, ffi.from_buffer(text(2)))
    flash.refuses = True
    while lib.sw_flash_store_step(store.s, flash.hal, flash.now_us) == lib.SW_STORE_NOTHING:
        flash.now_us = max(flash.now_us, store.s.poll_us)
    flash.refuses = False
    assert store.write(3) == "WRITTEN"
    assert reloaded(flash) == text(3)


def test_a_busy_flash_cannot_be_loaded_yet() -> None:
    flash = filled(1)
    flash.busy_forever = True
    assert Store(flash).status == -1
