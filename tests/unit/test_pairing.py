"""Pairing and what may befall it: power cuts at every operation of the flash, and the button that is the alarm's, too."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from edge.core import load as load_core
from edge.firmware import paired_flash
from hw_sim.chip.core import lib as board_lib
from tests.alarm_bed import Bedside, armed
from tests.device import NEVER_US, Device
from tests.paired import DEVICE_ID, KEY, Host
from wire import packet, table, trust
from wire.packet import Packet

_, lib = load_core()
PART = tuple(range(100, 132))
FIRST = lib.SW_TRUST_SECTOR * lib.SW_STORE_SECTOR_BYTES
SLOTS = lib.SW_STORE_SLOTS
STATE, PAIRING = table.AlarmState, table.Pairing
SHARES = (0.0, 0.3, 0.9, 1.0)


def rekeyed(device: Device, key: trust.Key | None, pairings: int = 1) -> None:
    """The device's flash as after so many pairings with this key; None: as delivered."""
    blank = b"\xff" * 2 * lib.SW_STORE_SECTOR_BYTES
    record = b"" if key is None else paired_flash(DEVICE_ID, key.secret)[FIRST:]
    size = lib.SW_STORE_SLOT_BYTES
    content = b"".join(_counted(record, n + 1) for n in range(pairings)) if record else b""
    assert len(record) in (0, size)
    content += blank[len(content) :]
    assert board_lib.nor_flash_put(device.flash, FIRST, content, len(content)) == 0


def _counted(record: bytes, counter: int) -> bytes:
    """The same record, written as the counter-th."""
    body = record[:4] + counter.to_bytes(4, "little") + record[8:-4]
    return body + zlib.crc32(body).to_bytes(4, "little")


def bedside(key: trust.Key | None, pairings: int = 1) -> tuple[Bedside, int]:
    """A device with an armed alarm and this key, just booted; and the alarm's time."""
    bed, deadline_us = armed(after_s=600.0)
    rekeyed(bed.device, key, pairings)
    bed.reboot()
    bed.run(7.0)
    return bed, deadline_us


def pair(bed: Bedside, nonce: int = 9) -> tuple[str, trust.Key]:
    """What the device says to PAIR, and the key that comes of it."""
    before = len(bed.heard)
    bed.device.host(packet.make(packet.PAIR, {"nonce": nonce, "part": PART}))
    bed.run(0.1)
    [answer] = [one.fields for one in bed.heard[before:] if one.type == packet.PAIRED]
    state = answer["state"]
    assert isinstance(state, int)
    return PAIRING(state).name, given(bed.heard[before:])[0]


def speaks(bed: Bedside, key: trust.Key) -> bool:
    """The device answers a host with this key, sealed by it."""
    host = Host(bed.device, key)
    host.nonce = bed.device.now_us
    hello = host.hello()
    return host.session is not None and trust.genuine(host.session, hello) and len(host.ping()) == 1


def operations(bed: Bedside) -> int:
    return int(bed.device.flash.programs + bed.device.flash.erases)


def rings_in_time(bed: Bedside, deadline_us: int) -> bool:
    bed.device.pins.clear()
    bed.run((deadline_us - bed.utc()) / 1e6 + 2.0)
    [rose] = bed.rises
    return -1_000_000 <= rose - deadline_us <= 10_000  # after a reboot


def cut(bed: Bedside, operation: int, share: float) -> trust.Key:
    """Pairs, with the button held; the power fails in the operation-th of the flash. Returns the key that was being given."""
    device, flash = bed.device, bed.device.flash
    device.press(1)
    bed.run(0.1)
    flash.cut_op, flash.cut_permille = operations(bed) + operation, round(1000 * share)
    before = len(bed.heard)
    device.host(packet.make(packet.PAIR, {"nonce": 9, "part": PART}))
    for _ in range(4000):
        if flash.cut_at_us != NEVER_US:
            break
        bed.run(50e-6)
    bed.run(max(0.0, (flash.cut_at_us - device.now_us) / 1e6))
    board_lib.nor_flash_power_off(flash, device.now_us)
    [key] = given(bed.heard[before:])
    device.press(0)
    bed.reboot()
    bed.run(7.0)
    return key


def given(heard: list[Packet]) -> list[trust.Key]:
    """The keys of PAIRED packets."""
    parts = [one.fields["part"] for one in heard if one.type == packet.PAIRED]
    return [trust.paired_key(bytes(PART), bytes(part)) for part in parts if isinstance(part, tuple)]


def keys_of(bed: Bedside, old: trust.Key | None, new: trust.Key) -> tuple[bool, bool]:
    """Whether the device has the old key (None: none, as before), and whether it has the new one."""
    state = bed.device.fw.state.trust.state
    has_old = state in (lib.SW_TRUST_UNPAIRED, lib.SW_TRUST_LOCKED) if old is None else speaks(bed, old)
    return has_old, state == lib.SW_TRUST_PAIRED and speaks(bed, new)


# 1: the record is appended; SLOTS: the sector is full, and the other one is erased first
HISTORIES = [(None, 1), (KEY, 1), (KEY, SLOTS)]


def n_operations(key: trust.Key | None, pairings: int) -> int:
    """Operations of the flash that a whole pairing takes."""
    bed, _ = bedside(key, pairings)
    bed.device.press(1)
    bed.run(0.1)
    before = operations(bed)
    pair(bed)
    bed.run(1.0)
    assert bed.device.fw.state.trust.pairing == lib.SW_PAIRING_STORED
    return operations(bed) - before


@pytest.mark.parametrize(("key", "pairings"), HISTORIES, ids=["first", "anew", "anew, into the other sector"])
def test_a_power_cut_leaves_the_old_key_or_the_new_one_and_the_alarm(key: trust.Key | None, pairings: int) -> None:
    n = n_operations(key, pairings)
    assert n >= (1 if pairings < SLOTS else 2)
    seen = set()
    for operation in range(1, n + 1):
        for share in SHARES:
            bed, deadline_us = bedside(key, pairings)
            new = cut(bed, operation, share)

            seen.add(keys_of(bed, key, new))
            assert seen <= {(True, False), (False, True)}, (operation, share)
            assert rings_in_time(bed, deadline_us), (operation, share)
    assert seen == {(True, False), (False, True)}


def test_a_device_that_erases_its_key_first_would_be_found() -> None:
    bed, _ = bedside(KEY)
    rekeyed(bed.device, None)

    new = cut(bed, 1, 0.3)

    assert keys_of(bed, KEY, new) == (False, False)


def test_after_a_torn_first_pairing_it_can_be_paired_by_whoever_holds_the_button() -> None:
    bed, _ = bedside(None)
    cut(bed, 1, 0.5)
    assert pair(bed, 11)[0] == "REFUSED"

    bed.device.press(1)
    bed.run(0.1)

    assert pair(bed, 12)[0] == "STORING"


# the button


def hold(bed: Bedside) -> None:
    bed.device.press(1)
    bed.run(0.1)


def let_go(bed: Bedside) -> None:
    bed.device.press(0)
    bed.run(0.1)


def while_ringing(bed: Bedside) -> None:
    hold(bed)


def held_from_before(bed: Bedside) -> None:
    """Pressed before it rang; the press is no answer to it, and no leave to pair."""


def after_dismissing(bed: Bedside) -> None:
    hold(bed)
    bed.run(2.0)


def after_a_snooze(bed: Bedside) -> None:
    hold(bed)
    let_go(bed)
    hold(bed)


@pytest.mark.parametrize("press", [while_ringing, held_from_before, after_dismissing, after_a_snooze])
def test_a_press_that_is_for_the_alarm_takes_no_key(press: Callable[[Bedside], None]) -> None:
    bed, deadline_us = bedside(KEY)
    bed.run((deadline_us - bed.utc()) / 1e6 - 1.0)
    if press is held_from_before:
        hold(bed)
    bed.run(2.0)
    assert bed.buzzer == 1
    press(bed)

    assert pair(bed)[0] == "REFUSED"
    assert speaks(bed, KEY)


def test_a_press_of_its_own_after_the_alarm_takes_one() -> None:
    bed, deadline_us = bedside(KEY)
    bed.run((deadline_us - bed.utc()) / 1e6 + 1.0)
    after_dismissing(bed)
    let_go(bed)
    assert bed.buzzer == 0
    hold(bed)

    assert pair(bed)[0] == "STORING"


def test_a_press_still_answers_a_ring_while_somebody_asks_for_a_key() -> None:
    bed, deadline_us = bedside(KEY)
    bed.run((deadline_us - bed.utc()) / 1e6 + 1.0)
    hold(bed)
    pair(bed)
    bed.run(2.0)

    assert bed.device.fw.state.alarm.guard.state == STATE["OFF"]


def test_holding_it_for_a_key_leaves_an_armed_alarm_armed() -> None:
    bed, deadline_us = bedside(KEY)
    hold(bed)
    assert pair(bed)[0] == "STORING"
    bed.run(3.0)
    let_go(bed)

    assert rings_in_time(bed, deadline_us)


@pytest.mark.parametrize("stuck", ["since the power came", "for longer than anybody presses"])
def test_a_button_that_is_stuck_is_not_held(stuck: str) -> None:
    bed, _ = bedside(KEY)
    hold(bed)
    if stuck == "since the power came":
        bed.reboot()
        bed.run(7.0)
    else:
        bed.run(31.0)

    assert pair(bed)[0] == "REFUSED"
