"""The power fails at every operation of the flash in turn, and within it: nothing that was kept is lost, and it is said.

A short life in standby: settings, an alarm, a ring and a snooze, another alarm, orders, the bed learnt, a calibration stored,
other settings; the sectors are nearly full, so that erasing is among the operations.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from edge.core import load
from edge.firmware import open_flash
from hw_sim.rig import HostTarget, Rig
from wire import codec, packet, table
from wire.packet import Packet

ffi, lib = load()
T0_UTC_US = 1_800_000_000_000_000
HOUR_US = 3_600_000_000
TORN = table.Reason["FLASH_TORN"]
SHARES = (0.0, 0.05, 0.5, 0.95, 1.0)
PLACE = struct.pack("<HHhhB", 500, 900, -1000, 1000, 2).ljust(16, b"\0")
"""Near and far, mm, azimuths, 0.01 degree, the side it was learnt on."""


@dataclass(frozen=True)
class Kept:
    """What a device has: the armed alarm's time, 0 none; side; bed learnt; standby by command, wake window and crc of the
    radar config; content of the calibration."""

    alarm_utc_us: int
    side: int
    bed: int
    orders: tuple[int, int, int]
    calibration: bytes


class Life:
    """A device in standby with a host that asks one thing at a time."""

    def __init__(self, flash: bytes, target: str = "host") -> None:
        self.rig = Rig(target=target, rtc_valid=True, t0_utc_us=T0_UTC_US)
        self.rig.board.load_flash(flash)
        self.rig.set_standby(True)
        self._nonce = 0
        self.rig.run(8.0)

    @property
    def boots(self) -> int:
        return len({one.boot for one in self.rig.packets})

    @property
    def utc_us(self) -> int:
        return T0_UTC_US + self.rig.board.now_us

    @property
    def state(self) -> Any:
        assert isinstance(self.rig.device, HostTarget)
        return self.rig.device.firmware.state

    def ask(self, kind: int, **fields: int) -> Packet | None:
        """The answer, within 2 s; None: the power failed meanwhile."""
        self._nonce += 1
        self.rig.send(codec.encode(packet.make(kind, {"nonce": self._nonce, **fields})))
        self.rig.run(2.0)
        return next((one for one in self.rig.packets if one.fields.get("nonce") == self._nonce), None)

    def press(self, seconds: float) -> None:
        self.rig.button(True)
        self.rig.run(seconds)
        self.rig.button(False)
        self.rig.run(1.0)

    def kept(self) -> Kept:
        alarm, settings = self.ask(packet.ALARM_READ), self.ask(packet.SETTINGS_READ)
        orders = self.ask(packet.ORDERS_READ)
        radar = self.ask(packet.RADAR_READ)
        assert alarm is not None and settings is not None and orders is not None and radar is not None
        assert alarm.fields["state"] == 0 or alarm.fields["stored"] == 1
        calibrated = b""
        if isinstance(self.rig.device, HostTarget):
            here = self.state.calibrator
            calibrated = bytes(ffi.buffer(here.record))[8:-4] if here.store.counter else b""
        fields: Any = {**alarm.fields, **settings.fields, **orders.fields, **radar.fields}
        ordered = fields["standby"] & table.Standby["COMMAND"], fields["wake_window"], fields["config_hash"]
        return Kept(fields["set_for_utc_us"], fields["side"], fields["bed_learnt"], ordered, calibrated)

    def told(self) -> set[int]:
        health = self.ask(packet.HEALTH_READ)
        assert health is not None
        fields: Any = health.fields
        return {*fields["present"], *fields["past"]}


def learn(life: Life) -> None:
    """As at the end of a night: whoever changes `wanted` is done."""
    keeper = life.state.keeper
    keeper.wanted.bed_learnt = 1
    ffi.memmove(keeper.wanted.place, PLACE, len(PLACE))
    keeper.at_us = 0
    life.state.alarm.deadline_us = 0


def calibrate(life: Life) -> None:
    """As a procedure that has ended well."""
    fw, here = life.state, life.state.calibrator
    content = bytes([life.boots + 7]) * (len(here.record) - 12)
    ffi.memmove(ffi.addressof(here, "record") + 0, b"\0" * 8 + content + b"\0" * 4, len(here.record))
    here.state = lib.SW_CALIBRATION_STORING
    now_us = life.rig.board.now_us - life.rig.board.memory.power_on_us
    lib.sw_flash_store_write(ffi.addressof(here, "store"), ffi.addressof(fw, "hal"), now_us, here.record)
    here.at_us = here.store.poll_us


RADAR = {
    "rx_mask": 7, "n_samples": 128, "n_chirps": 8, "sample_rate": 2_000_000, "start": 59_500_000, "end": 63_000_000,
    "chirp_period": 500_000, "frame_period": 50_000_000, "tx_power_level": 20, "if_gain": 23, "hp_cutoff": 20,
}  # fmt: skip
Step = Callable[[Life], Any]
COMMON: dict[str, Step] = {
    "settings": lambda life: life.ask(packet.SETTINGS_SET, side=1),
    "alarm": lambda life: life.ask(packet.ALARM_SET, set_for_utc_us=T0_UTC_US + HOUR_US, sunrise_s=0),
    "ring": lambda life: life.ask(packet.RING, utc_us=0),
    "snooze": lambda life: life.press(0.3),
    "another alarm": lambda life: life.ask(packet.ALARM_SET, set_for_utc_us=T0_UTC_US + 2 * HOUR_US, sunrise_s=600),
    "standby": lambda life: life.ask(packet.STANDBY, on=1),
    "window": lambda life: life.ask(packet.WAKE_WINDOW, wake_window=1200),
    "radar": lambda life: life.ask(packet.RADAR_SET, **RADAR),
    "other settings": lambda life: life.ask(packet.SETTINGS_SET, side=2),
}
INSIDE: dict[str, Step] = {"bed learnt": learn, "calibration": calibrate, "another calibration": calibrate}
SETTLE_S = 4.0


@cache
def worn_in(target: str) -> bytes:
    """Flash of a device whose sectors are nearly full."""
    life = Life(open_flash(), target)
    for n in range(lib.SW_STORE_SLOTS - 2):
        life.ask(packet.SETTINGS_SET, side=1 + n % 2)
    life.ask(packet.ALARM_SET, set_for_utc_us=T0_UTC_US + HOUR_US // 2, sunrise_s=0)
    if target == "host":
        for _ in range(3):
            calibrate(life)
            life.rig.run(1.0)
    life.rig.run(2.0)
    life.rig.close()
    return life.rig.board.flash


def steps(target: str) -> dict[str, Step]:
    return COMMON | INSIDE if target == "host" else COMMON


@cache
def undisturbed(target: str) -> list[tuple[int, Kept]]:
    """(operations of the flash, what is kept) before the first step and after each."""
    life = Life(worn_in(target), target)
    found = [(sum(life.rig.board.flash_operations[:2]), life.kept())]
    for step in steps(target).values():
        step(life)
        life.rig.run(SETTLE_S)
        found.append((sum(life.rig.board.flash_operations[:2]), life.kept()))
    assert life.boots == 1
    life.rig.close()
    return found


def operations(target: str) -> int:
    return undisturbed(target)[-1][0] - undisturbed(target)[0][0]


def cut(n: int, share: float, target: str = "host") -> list[str]:
    """What is wrong after the power failed in the n-th operation, when share of it was done."""
    life = Life(worn_in(target), target)
    life.kept()
    done = undisturbed(target)
    life.rig.board.cut_power_at_flash(n, share)
    before, after = done[0][1], done[0][1]
    at = ""
    for (name, step), (_, was), (_, becomes) in zip(steps(target).items(), done, done[1:], strict=False):
        at = name
        step(life)
        life.rig.run(SETTLE_S)
        if life.boots > 1:
            before, after = was, becomes
            break
    else:
        return [f"operation {n}: the power did not fail"]
    life.rig.run(8.0)
    wrong, here = [], life.kept()
    for field in Kept.__dataclass_fields__:
        found, allowed = getattr(here, field), (getattr(before, field), getattr(after, field))
        if found not in allowed:
            wrong.append(f"operation {n} at {share}, step {at}: {field} {found!r}, expected one of {allowed!r}")
    if share == 0.5 and TORN not in life.told():
        wrong.append(f"operation {n} at {share}, step {at}: not told")
    if share == 0.5 and told_again(life):
        wrong.append(f"operation {n} at {share}, step {at}: told again at the next boot")
    life.rig.close()
    return wrong


def told_again(life: Life) -> bool:
    """At a boot without a cut before it."""
    life.rig.reboot()
    life.rig.run(8.0)
    return TORN in life.told()


def test_the_short_life_writes_and_erases() -> None:
    life = Life(worn_in("host"))
    for step in steps("host").values():
        step(life)
        life.rig.run(SETTLE_S)
    programs, erases, torn = life.rig.board.flash_operations
    assert programs >= 12 and erases >= 2 and torn == 0
    assert [kept.alarm_utc_us for _, kept in undisturbed("host")][-1] == T0_UTC_US + 2 * HOUR_US


@pytest.mark.parametrize("share", SHARES)
def test_the_power_may_fail_at_every_operation(share: float) -> None:
    assert [line for n in range(1, operations("host") + 1) for line in cut(n, share)] == []


def test_it_may_fail_again_while_it_mends() -> None:
    """In the middle of a write, and of the first one after the reboot."""
    life = Life(worn_in("host"))
    before, start_again = life.kept(), life.rig.board.on_reset
    assert start_again is not None

    def once_more() -> None:
        life.rig.board.cut_power_at_flash(1, 0.5)
        life.rig.board.on_reset = start_again
        start_again()

    life.rig.board.on_reset = once_more
    life.rig.board.cut_power_at_flash(1, 0.5)
    life.ask(packet.SETTINGS_SET, side=3 - before.side)
    life.rig.run(20.0)
    assert life.rig.board.flash_operations[2] == 2
    assert life.kept() == before and TORN in life.told()


def test_a_store_that_trusts_torn_records_is_caught() -> None:
    """Built without the check: some cut makes it believe what nobody wrote."""
    os.environ["SW_WITHOUT"] = "FLASH_TORN"
    try:
        wrong = [line for n in range(1, 4) for share in (0.5, 0.95) for line in _wrong(n, share)]
    finally:
        del os.environ["SW_WITHOUT"]
    assert wrong != []


def test_a_store_that_erases_its_newest_record_is_caught() -> None:
    """Built with that store: as long as no power fails nothing is wrong with it; a cut in its erase takes what was kept."""
    done = undisturbed("unspared")
    assert [kept for _, kept in done] == [kept for _, kept in undisturbed("posix")]
    wrong = {n: _wrong(n, 0.5, "unspared") for n in range(1, operations("unspared") + 1)}
    assert any("alarm_utc_us" in line for lines in wrong.values() for line in lines)
    assert not all(wrong.values())  # the cuts of a program: the records before it are where they were


def _wrong(n: int, share: float, target: str = "without") -> list[str]:
    try:
        return cut(n, share, target)
    except AssertionError as error:
        return [f"operation {n} at {share}: {error}"]
