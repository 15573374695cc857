"""A reset, as by the watchdog, while the flash erases a sector for the calibration: the armed alarm is found and rings."""

from __future__ import annotations

import pytest

from edge.firmware import open_flash
from tests.hil.test_power_cuts import T0_UTC_US, Life, lib
from wire import codec, packet, table

pytestmark = pytest.mark.hil
ALARM_S = 120
FORGET = int(table.Procedure["FORGET"].value)


@pytest.mark.parametrize("times", [20, 40, 1000])
def test_an_alarm_outlives_a_reset_within_an_erase(times: int) -> None:
    """An erase takes 0.9, 1.8 or 45 s: so long the new boot cannot read."""
    life = Life(open_flash())
    life.ask(packet.ALARM_SET, set_for_utc_us=T0_UTC_US + ALARM_S * 1_000_000, sunrise_s=0)
    place = {"procedure": FORGET, "distance": 0, "azimuth": 0, "elevation": 0}
    for _ in range(8):  # both sectors are full
        life.ask(packet.CALIBRATE, **place)
    life.rig.faults.play([f"flash-slow={times}x"])
    life.rig.send(codec.encode(packet.make(packet.CALIBRATE, {"nonce": 99, **place})))
    life.rig.run(0.05)
    assert life.state.calibrator.store.state == lib.SW_STORE_ERASING
    life.rig.reset()
    life.rig.run(2 * ALARM_S)
    rises = [t_us / 1e6 for t_us, pin, value in life.rig.pins if pin == "buzzer" and value == 1]
    life.rig.close()
    assert rises[0] == pytest.approx(ALARM_S, abs=0.1)
