"""Four minutes of a device that finds both rings of 256 KB of flash full, compared by their bytes. Frozen.

Nobody was at its line for forty minutes; its power fails while it writes a packet. It wakes up, somebody is there, and the
line is cut for some minutes more: waveforms go, then packets. Then the cloud comes and gets what is left, from both rings;
the switch ends it in silence.

Rule: as for tests/ten_minutes.py, a change of a number here changes every digest; add a further scenario instead. BEFORE_S is
chosen so that the thin ring passes the end of its sectors in these minutes.
"""

from __future__ import annotations

import functools
from pathlib import Path

from cloud.device import Settings
from hw_sim.rig import Rig
from hw_sim.scene import Scene
from tests import ten_minutes
from tests.cloud_host import CloudHost
from tests.same_bytes import Minutes, when_power_fails

SECONDS, SEED = 260, 1
T0_UTC_US = ten_minutes.T0_UTC_US
FLASH_BYTES = 262_144
THIN_RING = range(43, 64)
"""Its sectors; the first ring's are 8 to 42."""
BEFORE_S = 2530
"""Of the life that ended with the power cut; nobody was at its line."""
CUT = ((0, 160),)
"""The line, seconds."""
STANDBY_S = 245


@functools.cache
def flash_of_before() -> bytes:
    """The flash as the power cut left it, in the middle of writing a packet."""
    scene = Scene(ten_minutes.SCENARIO, seed=SEED + 1, duration_s=BEFORE_S + 60.0)
    made = {"seed": SEED + 1, "t0_utc_us": T0_UTC_US - 3600_000_000, "paired": True, "flash_bytes": FLASH_BYTES}
    with Rig(scene, **made) as rig:
        rig.run(BEFORE_S)
        return when_power_fails(rig, 4)


def host(db: Path) -> CloudHost:
    """The cloud of these minutes."""
    return CloudHost(db, T0_UTC_US, Settings(None, "left", "UTC"), cut=CUT)


MINUTES = Minutes(SECONDS, SEED, T0_UTC_US, FLASH_BYTES, STANDBY_S, flash_of_before, host)
