"""The ring in flash: records come back in order, over boots and over its end, and whenever the power fails."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from tests.torn_flash import SECTOR, TornFlash
from wire import packet, table
from wire.table import Reason

ffi, lib = load()
SECTORS = 8  # of the ring in a flash of 64 KB
MORE_THAN_ALL = 420  # records of 80 bytes


class Ring:
    """One boot of a ring on a flash; what is full is forgotten, as by a device that nobody listens to."""

    def __init__(self, flash: TornFlash | None = None, boot: int = 1) -> None:
        self.flash = flash or TornFlash()
        self.flash.power_on()
        self.r: Any = ffi.new("sw_ring *")
        self.begun = ffi.new("uint32_t *")
        self.boot, self.seq = boot, 0
        self.dropped: list[int] = []
        self.may_begin = 1
        lib.sw_ring_init(self.r, boot, self.flash.now_us)
        self.run(0.2)

    def run(self, seconds: float) -> list[str]:
        """The news of the next seconds."""
        flash, news = self.flash, []
        end_us = flash.now_us + round(seconds * 1e6)
        while flash.now_us <= end_us and flash.powered:
            got = self.step()
            if got != "NOTHING":
                news.append(got)
                continue
            flash.now_us = max(flash.now_us + 1, min(self.r.at_us, end_us + 1))
        return news

    def step(self) -> str:
        flash = self.flash
        got = lib.sw_ring_step(self.r, flash.hal, flash.now_us, self.may_begin, self.begun)
        if got == lib.SW_RING_FULL:
            self.dropped += range(self.r.tail, self.r.drop_to)
            lib.sw_ring_forget(self.r, flash.now_us, self.r.drop_to)
        return str(ffi.string(ffi.cast("sw_ring_news", got))).removeprefix("SW_RING_")

    def write(self, n: int = 1) -> list[str]:
        """Writes packets of 52 bytes, one after the other; what became of each."""
        found = []
        for _ in range(n):
            if not self.flash.powered:
                break
            self.seq += 1
            found += self.write_packet(packet.VITALS, text(self))
        return found

    def write_packet(self, kind: int, payload: bytes) -> list[str]:
        """Under the number of the last one."""
        record = {"boot": self.boot, "seq": self.seq, "t_us": 1000 * self.seq, "type": kind, "n": len(payload)}
        lib.sw_ring_write(self.r, self.flash.now_us, ffi.new("sw_ring_record *", record | {"payload": payload}))
        return [one for one in self.run(1.0) if one in ("WRITTEN", "FAILED")]

    def read(self, at: int, cursor: Any = None) -> tuple[int, int] | None:
        """(boot, seq) of a record that is whole."""
        record = ffi.new("sw_ring_record *")
        if lib.sw_ring_read(self.r, self.flash.hal, at, cursor or ffi.new("sw_ring_cursor *"), record) <= 0:
            return None
        assert bytes(ffi.buffer(record.payload, record.n)) == f"{record.boot:8}{record.seq:44}".encode()
        assert (record.at, record.t_us) == (at, 1000 * record.seq)
        return record.boot, record.seq

    def all(self) -> list[tuple[int, int] | None]:
        cursor = ffi.new("sw_ring_cursor *")
        return [self.read(at, cursor) for at in range(self.r.tail, self.r.next)]

    def forget(self, at: int) -> None:
        lib.sw_ring_forget(self.r, self.flash.now_us, at)


def text(ring: Ring) -> bytes:
    return f"{ring.boot:8}{ring.seq:44}".encode()


def missing(ring: Ring) -> list[tuple[int, int]]:
    return [(one.boot, one.seq) for one in ring.r.missing[0 : ring.r.missing_n]]


def of(boot: int, *seqs: int) -> list[tuple[int, int]]:
    return [(boot, seq) for seq in seqs]


def test_what_was_written_comes_back_in_order() -> None:
    ring = Ring()
    assert ring.write(100) == ["WRITTEN"] * 100
    assert ring.all() == of(1, *range(1, 101))


def test_any_record_is_found_without_reading_from_the_beginning() -> None:
    ring = Ring()
    ring.write(250)
    assert [ring.read(at) for at in (250, 1, 77, 76, 249)] == of(1, 250, 1, 77, 76, 249)
    assert ring.read(251) is None and ring.read(0) is None


def test_a_new_boot_goes_on_behind_the_old_one() -> None:
    first = Ring()
    first.write(60)
    second = Ring(first.flash, boot=2)
    second.write(5)
    assert second.all() == of(1, *range(1, 61)) + of(2, 1, 2, 3, 4, 5)


def test_a_full_ring_gives_up_its_oldest_sector_and_keeps_the_rest() -> None:
    ring = Ring()
    assert ring.write(MORE_THAN_ALL) == ["WRITTEN"] * MORE_THAN_ALL
    kept = ring.all()
    assert kept == of(1, *range(len(ring.dropped) + 1, MORE_THAN_ALL + 1))
    assert len(kept) > (SECTORS - 2) * 50
    assert ring.dropped == [*range(1, len(ring.dropped) + 1)]


def test_the_ring_keeps_to_its_sectors_and_wears_them_alike() -> None:
    ring = Ring()
    ring.write(4 * MORE_THAN_ALL)
    times = [ring.flash.erased.count(sector) for sector in range(16)]
    assert times[:8] == [0] * 8
    assert max(times[8:]) - min(times[8:]) <= 1 and min(times[8:]) >= 3


def test_a_reboot_after_many_rounds_finds_the_same() -> None:
    ring = Ring()
    ring.write(3 * MORE_THAN_ALL)
    kept = ring.all()
    again = Ring(ring.flash, boot=2)
    assert again.all() == kept
    again.write(MORE_THAN_ALL)
    assert again.all()[-1] == (2, MORE_THAN_ALL)


def test_nothing_is_given_up_while_there_is_room_that_nobody_wants() -> None:
    ring = Ring()
    for _ in range(3 * MORE_THAN_ALL // 100):
        ring.write(100)
        ring.forget(ring.r.next - 20)
    assert ring.dropped == []
    assert ring.all() == of(1, *range(ring.seq - 19, ring.seq + 1))


def test_what_was_forgotten_half_a_minute_ago_stays_forgotten_over_a_reboot() -> None:
    ring = Ring()
    ring.write(30)
    ring.forget(21)
    ring.run(31.0)
    assert Ring(ring.flash, boot=2).all() == of(1, *range(21, 31))


def test_a_quiet_ring_does_nothing() -> None:
    ring = Ring()
    ring.write(30)
    ring.forget(31)
    ring.run(40.0)
    before = ring.flash.operations
    ring.run(1000.0)
    assert ring.flash.operations == before and ring.r.at_us == 2**64 - 1


def test_a_flash_that_takes_nothing_is_tried_again_after_a_minute() -> None:
    ring = Ring()
    ring.write(3)
    ring.flash.stuck = True
    assert ring.write() == ["FAILED"]
    ring.flash.stuck = False
    lib.sw_ring_pass(ring.r)
    ring.run(60.0)
    assert ring.write(2) == ["WRITTEN"] * 2
    assert ring.all() == [*of(1, 1, 2, 3), None, *of(1, 5, 6)]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_behind_a_record_that_a_power_cut_tore_its_sector_goes_on(share: float) -> None:
    ring = Ring()
    ring.write(5)
    sector = ring.r.newest
    for boot in range(2, 6):
        ring.flash.cut_at, ring.flash.share = ring.flash.operations + 1, share
        ring.write()
        ring = Ring(ring.flash, boot)
        assert ring.write(2) == ["WRITTEN"] * 2
    assert ring.r.newest == sector
    assert Ring(ring.flash, 6).all() == of(1, 1, 2, 3, 4, 5) + [(boot, seq) for boot in range(2, 6) for seq in (1, 2)]


def test_another_store_that_uses_the_flash_goes_first() -> None:
    ring = Ring()
    ring.may_begin = 0
    before = ring.flash.operations
    assert ring.write() == []
    assert ring.flash.operations == before
    ring.may_begin = 1
    assert ring.run(1.0) == ["WRITTEN"]


@pytest.mark.parametrize("share", [0.0, 0.4, 0.97])
@pytest.mark.parametrize("before", [0, 1, 49, 50, 51, 420])
def test_power_that_fails_in_any_operation_costs_at_most_the_packet_being_written(before: int, share: float) -> None:
    cut = 0
    while True:
        cut += 1
        ring = Ring()
        ring.write(before)
        ring.flash.cut_at, ring.flash.share = ring.flash.operations + cut, share
        outcome = ring.write(4)
        if ring.flash.powered:
            break
        written = before + outcome.count("WRITTEN")
        dropped = len(ring.dropped)
        again = Ring(ring.flash, boot=2)
        kept = again.all()
        written += (1, written + 1) in kept  # the power failed when the last bit of it was there
        assert kept == of(1, *range(dropped + len(again.dropped) + 1, written + 1))
        assert missing(again) in ([], of(1, written + 1))
        assert written == before + outcome.count("WRITTEN") or not missing(again)
        assert again.write(3) == ["WRITTEN"] * 3
        assert again.all()[-3:] == of(2, 1, 2, 3)
    assert cut > 4


def test_an_interrupted_packet_is_named_until_a_gap_tells_of_it() -> None:
    ring = Ring()
    ring.write(7)
    ring.flash.cut_at, ring.flash.share = ring.flash.operations + 1, 0.5
    ring.write()
    for boot in (2, 3):  # the second one is cut off before it has written anything but its name
        again = Ring(ring.flash, boot)
        assert missing(again) == of(1, 8)


def at_the_end(ring: Ring) -> int:
    """Address of the next record."""
    return int((8 + ring.r.newest % SECTORS) * SECTOR + ring.r.offset)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.98])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_boot_that_was_not_written_is_no_packet(cut: int, share: float) -> None:
    ring = Ring()
    ring.write(7)
    ring.flash.cut_at, ring.flash.share = ring.flash.operations + cut, share
    ring.flash.power_on = lambda: None  # type: ignore[method-assign]
    assert not Ring(ring.flash, boot=2).flash.powered
    del ring.flash.power_on
    assert missing(Ring(ring.flash, boot=3)) == []


def marked(cut: int) -> Ring:
    """The power has failed in the middle of the mark, or of the bit before it."""
    ring = Ring()
    ring.write(7)
    ring.forget(3)
    ring.flash.cut_at = ring.flash.operations + cut
    ring.run(31.0)
    assert not ring.flash.powered
    return ring


@pytest.mark.parametrize("cut", [1, 2])
def test_a_mark_that_was_not_written_is_no_packet(cut: int) -> None:
    assert missing(Ring(marked(cut).flash, boot=2)) == []


def test_without_the_bit_that_is_cleared_first_it_would_be_taken_for_one() -> None:
    ring = marked(2)
    ring.flash.content[at_the_end(ring) + 1] |= 1
    assert missing(Ring(ring.flash, boot=2)) == of(1, 8)


def test_packets_that_are_torn_in_a_row_are_all_named() -> None:
    ring = Ring()
    ring.write(7)
    for boot in (2, 3, 4):
        ring.flash.cut_at = ring.flash.operations + 1
        ring.write()
        ring = Ring(ring.flash, boot)
    assert missing(ring) == of(1, 8) + of(2, 1) + of(3, 1)


def test_a_gap_tells_of_those_it_names_and_of_no_others() -> None:
    ring = Ring()
    for boot in (2, 3):
        ring.flash.cut_at = ring.flash.operations + 1
        ring.write()
        ring = Ring(ring.flash, boot)
    gap = {"boot": 1, "first": 1, "last": 1, "reason": Reason["FLASH_TORN"], "what": table.Gap["PACKETS"]}
    ring.write_packet(packet.GAP, packet.make(packet.GAP, gap).payload)
    assert missing(Ring(ring.flash, boot=4)) == of(2, 1)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("before", range(45, 50))
def test_a_boot_that_is_cut_short_forgets_no_name(before: int, share: float) -> None:
    """At the end of a sector, too: then its own record is in the next one, or nothing but that one's header."""
    ring = Ring()
    ring.write(before)
    ring.flash.cut_at = ring.flash.operations + 1
    ring.write()
    torn = bytes(ring.flash.content)
    names = missing(Ring(holding(torn), boot=2))
    for cut in range(1, 6):
        flash = holding(torn)
        flash.cut_at, flash.share = cut, share
        flash.power_on = lambda: None  # type: ignore[method-assign]
        Ring(flash, boot=2)
        del flash.power_on
        assert missing(Ring(flash, boot=3)) == names
    assert names == of(1, before + 1)


def holding(content: bytes) -> TornFlash:
    flash = TornFlash()
    flash.content[:] = content
    return flash


def test_a_record_that_is_damaged_later_costs_its_sector_no_more() -> None:
    ring = Ring()
    ring.write(200)
    sector, offset = 10 * SECTOR, 20 + 36 + 80 * 3
    ring.flash.content[sector + offset + 30] ^= 1
    found = ring.all()
    lost = [at + 1 for at, one in enumerate(found) if one is None]
    assert lost and lost == [*range(lost[0], lost[-1] + 1)] and len(lost) <= 50
    assert [one for one in found if one] == of(1, *(seq for seq in range(1, 201) if seq not in lost))
