"""The room's drivers, the clock's check, watchdog and contacts: the firmware beside simulated parts."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from hw_sim.chip.core import ffi as board_ffi
from hw_sim.chip.core import lib as board_lib
from tests.device import Device
from wire import packet
from wire.table import Reason

ffi, lib = load()
CLIMATE, LIGHT, CLOCK = 0x44, 0x10, 0x52
UTC_US = 1_800_000_000_000_000


def device(**more: Any) -> Device:
    """Its clock chip shows the time."""
    made = Device(**more)
    made.set_clock(UTC_US)
    return made


def room(d: Device, temperature_c: float = 20.0, humidity_pct: float = 45.0, lux: float = 0.0) -> Device:
    one = board_ffi.new("room_point[]", [(0, *(round(1000 * x) for x in (temperature_c, humidity_pct, lux)), 0)])
    assert board_lib.room_set(d.room, one, 1) == 0
    return d


def measured(d: Device) -> Any:
    """After the first measurement."""
    d.run(12.0)
    return d.fw.state.parts.room.now


def told(d: Device) -> set[str]:
    """Reasons of all faults so far."""
    names = {int(one.value): one.name for one in Reason}
    present, past = ffi.new("uint8_t[16]"), ffi.new("uint8_t[16]")
    lib.sw_health_list(ffi.addressof(d.fw.state, "health"), present, past)
    return {names[n] for n in (*present, *past) if n}


@pytest.mark.parametrize(
    ("temperature_c", "humidity_pct"), [(20.0, 45.0), (-12.34, 99.99), (0.0, 0.0), (49.99, 100.0), (21.5, 119.0)]
)
def test_climate_is_that_of_the_room(temperature_c: float, humidity_pct: float) -> None:
    now = measured(room(device(standby=0), temperature_c, humidity_pct))
    assert now.temperature == pytest.approx(100 * temperature_c, abs=1)
    assert now.humidity == pytest.approx(100 * min(humidity_pct, 100.0), abs=1)
    assert (now.temperature_validity, now.humidity_validity) == (255, 255)


@pytest.mark.parametrize("lux", [0.0, 0.01, 0.5, 30.0, 53.0, 60.0, 500.0, 5000.0, 30_000.0, 110_000.0])
def test_light_is_that_of_the_room(lux: float) -> None:
    now = measured(room(device(), lux=lux))
    assert now.light == pytest.approx(100 * lux, rel=0.02, abs=1) and now.light_validity == 255


def test_too_much_light_is_unknown() -> None:
    d = room(device(), lux=130_000.0)
    now = measured(d)
    assert (now.light, now.light_validity, now.light_reason) == (0, 0, Reason["LIGHT_SATURATED"])


@pytest.mark.parametrize(
    ("address", "reason", "fields"),
    [(CLIMATE, "CLIMATE_ABSENT", ("temperature", "humidity")), (LIGHT, "LIGHT_ABSENT", ("light",))],
)
def test_who_does_not_answer_is_unknown(address: int, reason: str, fields: tuple[str, ...]) -> None:
    d = device(i2c_absent={address})
    now = measured(d)
    for name in fields:
        found = [getattr(now, name + part) for part in ("", "_validity", "_reason")]
        assert found == [0, 0, Reason[reason]]
    assert told(d) == {reason}


def test_a_wrong_checksum_is_unknown() -> None:
    d = device()
    d.climate.wrong_crc = 1
    now = measured(d)
    assert (now.temperature, now.humidity, now.temperature_reason) == (0, 0, Reason["CLIMATE_CHECK"])
    assert now.light_validity == 255 and told(d) == {"CLIMATE_CHECK"}


def test_what_fails_later_is_not_the_last_value() -> None:
    d = room(device(), 25.0)
    assert measured(d).temperature == 2500
    d.i2c_absent = {CLIMATE}
    d.run(60.0)
    assert (d.fw.state.parts.room.now.temperature, d.fw.state.parts.room.now.temperature_validity) == (0, 0)


def test_in_standby_nothing_is_measured() -> None:
    d = device(standby=1).run(200.0)
    assert d.climate.measures == 0 and d.eye.registers[0] & 1


def test_between_two_measurements_the_light_sensor_sleeps() -> None:
    d = device().run(15.0)
    assert d.eye.registers[0] & 1 and d.climate.measures == 1


# --- the battery clock


def test_a_good_clock_is_left_alone() -> None:
    d = device(standby=1)
    d.rtc.ppb = 100_000  # within what two crystals may differ
    assert told(d.run(1800.0)) == set()


@pytest.mark.parametrize("ppm", [-20_000, -1_000, 1_000, 20_000])
def test_a_clock_that_runs_wrong_is_seen(ppm: int) -> None:
    d = device(standby=1)
    d.rtc.ppb = 1000 * ppm
    assert told(d.run(600.0)) == {"CLOCK_DRIFT"}


@pytest.mark.parametrize("at_s", [20.0, 27.5, 30.2, 47.9])
def test_a_clock_that_stands_is_seen_and_so_is_one_that_stood(at_s: float) -> None:
    d = device(standby=1).run(at_s)
    board_lib.rtc_stop(d.rtc, d.now_us, 1)
    d.run(30.0)
    board_lib.rtc_stop(d.rtc, d.now_us, 0)
    assert told(d.run(200.0)) == {"CLOCK_STOPPED"}


def tell_time(d: Device, utc_us: int) -> None:
    d.host(packet.make(packet.PING, {"nonce": 5}))
    d.run(0.5)
    pong = next(one for one in d.take() if one.type == packet.PONG)
    d.host(packet.make(packet.TIME, {"device_nonce": pong.fields["device_nonce"], "utc_us": utc_us}))


def test_a_clock_that_is_set_is_no_fault() -> None:
    d = device(standby=1).run(100.0)
    tell_time(d, UTC_US + 3_600_000_000)
    assert told(d.run(300.0)) == set()


@pytest.mark.parametrize("ppm", [-50_000, -20_000, -1_000, 1_000, 20_000, 50_000])
def test_a_clock_that_was_set_and_runs_wrong_did_not_stand(ppm: int) -> None:
    d = device(standby=1)
    d.rtc.ppb = 1000 * ppm
    d.run(20.0)
    tell_time(d, UTC_US + 20_500_000)
    assert told(d.run(600.0)) == {"CLOCK_DRIFT"}


def test_a_new_device_has_a_minute_to_be_told_the_time() -> None:
    d = Device(standby=1).run(59.0)
    assert told(d) == set()
    assert told(d.run(30.0)) == {"CLOCK_POWER_LOST"}


# --- watchdog, contacts


@pytest.mark.parametrize("standby", [0, 1])
def test_the_watchdog_is_fed_whatever_happens(standby: int) -> None:
    """Device asserts that it has not bitten."""
    d = device(standby=standby, irq_events_lost=True).run(120.0)
    assert d.dog.due_us > d.now_us


@pytest.mark.parametrize(("cause", "reason"), [(0, set()), (1, set()), (2, {"WATCHDOG"}), (3, {"POWER_DIP"})])
def test_the_cause_of_a_reset_is_told(cause: int, reason: set[str]) -> None:
    d = device(standby=1, reset_cause=cause).run(1.0)
    assert told(d) == reason and d.fw.state.health.reset_cause == cause


def test_standby_is_on_at_the_first_touch_and_off_when_it_has_settled() -> None:
    d = device().run(8.0)
    levels = []
    for level in (1, 0, 1, 0, 0):
        d.switch(level)
        d.run(0.004)
        levels.append(d.fw.state.standby)
    assert levels == [1, 1, 1, 1, 1]
    d.run(0.06)
    assert d.fw.state.standby == 0


@pytest.mark.parametrize("from_power_on", [True, False])
def test_a_button_that_stays_down_is_a_fault_and_at_most_one_press(from_power_on: bool) -> None:
    d = device(standby=1, pressed=int(from_power_on))
    d.run(1.0)
    if not from_power_on:
        d.press(1)
    d.run(29.0)
    assert told(d) == set()
    assert told(d.run(10.0)) == {"BUTTON_STUCK"}
