"""Two rings in one flash: the oldest packets of a full one go on without their waveforms, whatever the power does."""

from __future__ import annotations

import pytest

from tests.torn_flash import TornFlash
from tests.two_rings import FULL, PER_SECTOR, PER_THIN, SIZE, THIN, Rings, boots, content, ffi, lib, vitals
from wire import packet, values
from wire.packet import Packet
from wire.table import Reason


def again(n: int, boot: int = 2) -> Rings:
    flash = TornFlash(SIZE)
    flash.content[:] = content(n)
    return Rings(flash, boot)


def test_the_flash_is_shared_five_to_three() -> None:
    rings = Rings()
    assert (rings.r.sectors, rings.thin.sectors, getattr(rings.thin, "from")) == (FULL, THIN, 8 + FULL)


def test_until_the_first_ring_is_full_nothing_is_changed() -> None:
    rings = Rings()
    rings.write((FULL - 2) * PER_SECTOR)
    assert rings.told == [] and rings.flash.operations > 0
    assert rings.all() == {seq: vitals(seq) for seq in range(1, (FULL - 2) * PER_SECTOR + 1)}
    assert not any(sector >= 43 for sector in rings.flash.erased)


N_THIN = 2000


def test_then_the_oldest_lose_their_waves_and_nothing_else() -> None:
    rings = again(N_THIN)
    full_from, kept = int(rings.r.full_from), rings.all()
    assert rings.r.tail == 1 and N_THIN - (FULL - 1) * PER_SECTOR <= full_from - 1 <= N_THIN - (FULL - 7) * PER_SECTOR
    assert kept == {seq: vitals(seq, wave=seq >= full_from) for seq in range(1, N_THIN + 1)}


def test_a_packet_without_its_wave_says_why() -> None:
    rings = again(N_THIN)
    seen = values.vitals(Packet(packet.VITALS, 1, 1, 1000, rings.all()[1]))
    assert (seen.wave_um, seen.wave_reason) == (None, values.reason_text(Reason["STORE_FULL"]))
    assert seen.respiration_rate_per_min == 14.0


N_ALL = 4000


def test_only_when_both_are_full_packets_go_and_the_oldest_first() -> None:
    rings = again(N_ALL)
    kept = rings.all()
    assert sorted(kept) == list(range(rings.r.tail, N_ALL + 1))
    assert len(kept) >= (FULL - 7) * PER_SECTOR + (THIN - 2) * PER_THIN
    assert all(one == vitals(seq, wave=seq >= rings.r.full_from) for seq, one in kept.items())


def test_what_is_told_is_told_before_it_is_done() -> None:
    rings = Rings()
    for _ in range(N_ALL // 50):
        rings.write(50)
        waves, packets = rings.told[-1] if rings.told else (0, 1)
        assert rings.r.full_from <= max(waves, 1) or not rings.told
        assert rings.r.tail == packets


def test_any_packet_is_found_wherever_it_lies() -> None:
    rings = again(N_THIN)
    cursor, record = ffi.new("sw_ring_cursor *"), ffi.new("sw_ring_record *")
    border = int(rings.r.full_from)
    for at in (N_THIN, 1, border, border - 1, 300, border + 300, 299):
        assert lib.sw_ring_read(rings.r, rings.flash.hal, at, cursor, record) == 1 and record.at == at


def test_what_is_acknowledged_is_not_copied() -> None:
    rings = again(N_THIN)
    lib.sw_ring_forget(rings.r, rings.flash.now_us, N_THIN)
    before = rings.flash.erased.copy()
    rings.write(1000)
    assert not [sector for sector in rings.flash.erased[len(before) :] if sector >= 43]
    assert boots(rings).keys() == {(1, N_THIN)} | {(2, seq) for seq in range(1, 1001)}


A_BATCH = 4 * PER_SECTOR + 10


def walked(n: int, cuts: range, share: float) -> int:
    """The power fails at each of these operations of writing a batch behind n. Returns how many there are at most."""
    last = 0
    for cut in cuts:
        rings = again(n)
        before = rings.all()
        rings.flash.cut_at, rings.flash.share = rings.flash.operations + cut, share
        written = rings.write(A_BATCH).count("WRITTEN")
        if rings.flash.powered:
            break
        last, tail = cut, int(rings.r.tail)
        waves = max((one for one, _ in rings.told), default=int(rings.r.full_from))
        after = Rings(rings.flash, boot=3)
        waves, tail = (max([was, *(one[i] for one in after.told)]) for i, was in enumerate((waves, tail)))
        kept = boots(after)
        wanted = {(1, seq) for seq in before if seq >= tail} | {(2, seq) for seq in range(1, written + 1)}
        assert wanted <= kept.keys() <= wanted | {(2, written + 1)} | {(1, seq) for seq in range(1, tail)}
        assert all(kept[1, seq] == vitals(seq) for seq in before if seq >= waves)
        assert all(one in (vitals(seq), vitals(seq, wave=False)) for (_, seq), one in kept.items())
        assert after.write(2) == ["WRITTEN"] * 2
    return last


@pytest.mark.parametrize("n", [N_THIN, N_ALL])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.97])
def test_power_that_fails_while_packets_lose_their_waves_costs_none_of_them(n: int, share: float) -> None:
    assert walked(n, range(1, 1000, 71), share) > 350


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("n", [N_THIN, N_ALL])
def test_power_that_fails_in_any_operation_of_a_batch_costs_none_of_them(n: int) -> None:
    assert walked(n, range(1, 1000), 0.5) > 400


def test_a_thin_ring_that_forgets_is_seen() -> None:
    """The walk itself: packets that are dropped before they were copied are missed."""
    rings = Rings()
    rings.write((FULL - 1) * PER_SECTOR)
    rings.r.full_from = 200  # as if they had been copied
    rings.write(300)
    assert sorted(boots(Rings(rings.flash, 2))) != [(1, seq) for seq in range(1, rings.seq + 1)]


DAY = 24 * (3600 + 60)  # VITALS and ROOM at their highest rate


def test_sixteen_megabytes_are_more_than_a_day_with_waves_and_two_without() -> None:
    rings = Rings(TornFlash(1 << 24))
    with_waves = (rings.r.sectors - 2 - lib.SW_RING_BATCH) * PER_SECTOR
    without = (rings.thin.sectors - 2) * PER_THIN
    assert with_waves > 1.1 * DAY and with_waves + without > 2.2 * DAY


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_day_of_packets_is_there_with_all_its_waves() -> None:
    rings = Rings(TornFlash(1 << 24))
    assert rings.write(DAY) == ["WRITTEN"] * DAY
    assert rings.told == []
    assert all(one == vitals(seq) for seq, one in rings.all().items()) and rings.r.next == DAY + 1
