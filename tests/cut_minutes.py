"""Five minutes that are compared by their bytes: power and line fail, the flash is full and goes round. Frozen.

A device whose power was cut while it wrote wakes up with a full ring; somebody is there, and nobody hears it: the line is
cut for some minutes. Then the cloud comes, gets what is left of before the power cut and what was made meanwhile, orders
things; the line is cut again; the switch ends it in silence.

Rule: as for tests/ten_minutes.py, a change of a table here changes every digest; add a further table instead.
"""

from __future__ import annotations

import functools
from pathlib import Path

from cloud.alarm import AlarmSetting
from cloud.device import Settings
from hw_sim.rig import Rig
from tests import ten_minutes
from tests.cloud_host import CloudHost
from tests.same_bytes import Minutes, when_power_fails
from wire import packet

SECONDS, SEED = 300, 1
T0_UTC_US = ten_minutes.T0_UTC_US
BEFORE_S = 400
"""Of the life that ended with the power cut; nobody was at its line."""
CUTS = ((0, 110), (150, 235))
"""The line, seconds."""
BACK_S = tuple(last for _, last in CUTS)
ALARM_S = 280
STANDBY_S = 260
ORDERS = (
    (125, packet.ORDERS_READ, {"nonce": 9001}),
    (130, packet.WAKE_WINDOW, {"nonce": 9002, "wake_window": 1800}),
    (135, packet.NIGHT_LIGHT, {"nonce": 9003, "night_light": 40, "duration": 60}),
    (200, packet.NIGHT_LIGHT, {"nonce": 9004, "night_light": 90, "duration": 60}),  # into the cut line
    (240, packet.RADAR_READ, {"nonce": 9005}),
    (245, packet.STANDBY, {"nonce": 9006, "on": 0}),
)

FLASH_BYTES = 65_536
"""Eight sectors of packets: five minutes go round."""


@functools.cache
def flash_of_before() -> bytes:
    """The flash as the power cut left it, in the middle of writing a packet."""
    made = {"seed": SEED + 1, "t0_utc_us": T0_UTC_US - 3600_000_000, "paired": True, "flash_bytes": FLASH_BYTES}
    with Rig(ten_minutes.scene(SEED + 1), **made) as rig:
        rig.run(BEFORE_S)
        assert min(rig.board.flash_wear[8:16]) >= 1  # it went round
        return when_power_fails(rig, 4)


def host(db: Path) -> CloudHost:
    """The cloud of the five minutes."""
    alarm = AlarmSetting(T0_UTC_US + ALARM_S * 1_000_000, sunrise_s=60)
    return CloudHost(db, T0_UTC_US, Settings(alarm, "left", "UTC"), cut=CUTS, orders=ORDERS)


MINUTES = Minutes(SECONDS, SEED, T0_UTC_US, FLASH_BYTES, STANDBY_S, flash_of_before, host)
