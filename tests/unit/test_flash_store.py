"""Records in flash: the newest one is found, and no power failure takes the one that was stored before."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from tests.device import Device
from tests.torn_flash import SECTOR, TornFlash

ffi, lib = load()
SLOT, SLOTS = lib.SW_STORE_SLOT_BYTES, lib.SW_STORE_SLOTS
BIG = 1024
"""A slot of several pages."""


def text(n: int, slot: int = SLOT) -> bytes:
    """Content of the n-th record, n from 1."""
    return n.to_bytes(4, "little") * ((slot - lib.SW_STORE_AROUND) // 4)


class Store:
    """A store on a flash, loaded. base: its first sector; slot: bytes of a record."""

    def __init__(self, flash: TornFlash | None = None, base: int = 0, slot: int = SLOT, begun: Any = ffi.NULL) -> None:
        self.flash, self.slot = flash or TornFlash(), slot
        self.s: Any = ffi.new("sw_flash_store *", {"begun": begun})
        self.record: Any = ffi.new("uint8_t[]", slot)
        self.status = lib.sw_flash_store_load(self.s, self.flash.hal, base, slot, self.record)
        self.found = bytes(ffi.buffer(self.record))[lib.SW_STORE_CONTENT_AT : -4] if self.status == 1 else None

    def start(self, n: int) -> None:
        """Starts to write record n."""
        ffi.memmove(self.record + lib.SW_STORE_CONTENT_AT, text(n, self.slot), self.slot - lib.SW_STORE_AROUND)
        lib.sw_flash_store_write(self.s, self.flash.hal, self.flash.now_us, self.record)

    def step(self) -> int:
        """Goes on at the next time it asked for."""
        self.flash.now_us = max(self.flash.now_us, self.s.poll_us)
        return int(lib.sw_flash_store_step(self.s, self.flash.hal, self.flash.now_us, self.record))

    def write(self, n: int, limit_us: int = 5_000_000) -> str:
        """Runs to the end of the write, or until the power is gone. Returns WRITTEN, FAILED or LOST."""
        flash = self.flash
        self.start(n)
        end_us = flash.now_us + limit_us
        while flash.powered and flash.now_us < end_us:
            result = self.step()
            if result != lib.SW_STORE_NOTHING:
                return "WRITTEN" if result == lib.SW_STORE_WRITTEN else "FAILED"
        return "LOST"

    def holds(self, n: int) -> bool:
        return bool(lib.sw_flash_store_holds(self.s, self.flash.hal, ffi.from_buffer(text(n, self.slot))))


def filled(n: int, base: int = 0, slot: int = SLOT) -> TornFlash:
    """A flash into which records 1..n were written."""
    store = Store(None, base, slot)
    assert all(store.write(i) == "WRITTEN" for i in range(1, n + 1))
    return store.flash


def reloaded(flash: TornFlash, base: int = 0, slot: int = SLOT) -> bytes | None:
    flash.power_on()
    return Store(flash, base, slot).found


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
    store.start(2)  # gets in, but cannot be read back
    store.flash.now_us += 700
    store.flash.refuses = True
    while store.step() == lib.SW_STORE_NOTHING:
        pass
    store.flash.refuses = False
    assert store.write(3) == "WRITTEN"
    assert reloaded(store.flash) == text(3)


def test_a_busy_flash_cannot_be_loaded_yet() -> None:
    flash = filled(1)
    flash.busy_forever = True
    assert Store(flash).status == -1


def test_a_write_waits_for_a_flash_that_is_busy_with_another_store() -> None:
    flash = TornFlash()
    one, other = Store(flash), Store(flash, base=2, slot=BIG)
    one.start(1)
    assert flash.busy
    assert other.write(2) == "WRITTEN"
    assert one.step() == lib.SW_STORE_WRITTEN
    assert (reloaded(flash), reloaded(flash, 2, BIG)) == (text(1), text(2, BIG))


def beside_an_erase(begun: Any) -> tuple[Store, Store]:
    """A store whose record was in before it looked, and another one that has begun a long erase meanwhile."""
    flash = filled(4, 2, BIG)
    one, other = Store(flash, begun=begun), Store(flash, 2, BIG, begun)
    one.start(1)
    flash.now_us += 800  # the program has ended; it will be asked for at 1000
    other.start(5)
    assert other.s.state == lib.SW_STORE_ERASING
    flash.busy_until_us = flash.now_us + 400_000  # the part's maximum
    while one.step() != lib.SW_STORE_WRITTEN:
        pass
    return one, other


def test_who_waits_for_the_erase_of_another_store_is_not_slow() -> None:
    one, other = beside_an_erase(ffi.new("uint32_t *"))
    assert (one.s.slow, other.s.slow) == (0, 0)


def test_a_store_that_knows_of_no_other_one_calls_that_slow() -> None:
    one, _ = beside_an_erase(ffi.NULL)
    assert one.s.slow == 1


def test_a_slow_erase_is_told_by_the_store_that_began_it() -> None:
    begun = ffi.new("uint32_t *")
    flash = filled(4, 2, BIG)
    one, other = Store(flash, begun=begun), Store(flash, 2, BIG, begun)
    one.start(1)
    flash.now_us += 800
    other.start(5)
    flash.busy_until_us = flash.now_us + 600_000
    while one.step() != lib.SW_STORE_WRITTEN:
        pass
    assert (one.s.slow, other.s.slow) == (0, 0)
    flash.busy_until_us = flash.now_us + 1  # it lasts a moment longer, and now it is asked for
    other.s.poll_us = flash.now_us
    lib.sw_flash_store_step(other.s, flash.hal, flash.now_us, other.record)
    assert (one.s.slow, other.s.slow) == (0, 1)


def test_stores_on_one_flash_leave_each_other_alone() -> None:
    flash = filled(3)
    other = Store(flash, base=2, slot=BIG)
    assert all(other.write(n) == "WRITTEN" for n in range(1, 20))
    assert set(flash.erased) == {2, 3}
    assert (reloaded(flash), reloaded(flash, 2, BIG)) == (text(3), text(19, BIG))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
@pytest.mark.parametrize("before", [1, 3, 4, 8])
def test_power_that_fails_in_any_page_leaves_the_old_record(before: int, share: float) -> None:
    for cut in range(1, 2 + BIG // 256):
        flash = filled(before, 2, BIG)
        flash.cut_at, flash.share = flash.operations + cut, share
        outcome = Store(flash, 2, BIG).write(before + 1)
        assert reloaded(flash, 2, BIG) == text(before + (outcome == "WRITTEN"), BIG)


def test_a_torn_record_is_counted() -> None:
    flash = filled(2, 2, BIG)
    flash.cut_at = flash.operations + 2
    Store(flash, 2, BIG).write(3)
    flash.power_on()
    assert Store(flash, 2, BIG).s.damaged == 1


def test_the_stores_of_a_device_count_their_operations_together() -> None:
    state = Device().run(1.0).fw.state
    begun = state.keeper.store.begun
    assert begun != ffi.NULL and begun == state.calibrator.store.begun
