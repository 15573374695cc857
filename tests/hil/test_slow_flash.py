"""A night's worth of writes at the flash's maximum times: nothing waits for it, so the radar's FIFO never runs over."""

from __future__ import annotations

from functools import partial

import pytest

from hw_sim.board import Faults
from hw_sim.chip.core import lib
from hw_sim.hil.plain_scenes import Ramp
from hw_sim.rig import Rig
from hw_sim.scene import Scene
from wire import codec, packet

T0_UTC_US = 1_800_000_000_000_000
SLOWEST = Faults(flash_program_us=lib.NOR_FLASH_PROGRAM_MAX_US, flash_erase_us=lib.NOR_FLASH_ERASE_MAX_US)
WRITES_EVERY_S = 4


def night(minutes: float, faults: Faults, scene: Scene | None = None) -> Rig:
    """Frames all the time; the host sets another side of the bed every few seconds. scene: where they come from."""
    source = Ramp() if scene is None else None
    rig = Rig(scene, source=source, seed=3, faults=faults, rtc_valid=True, t0_utc_us=T0_UTC_US)
    for n in range(int(60 * minutes / WRITES_EVERY_S)):
        question = codec.encode(packet.make(packet.SETTINGS_SET, {"nonce": n + 1, "side": 1 + n % 2}))
        rig.at(1_000_000 * (10 + WRITES_EVERY_S * n), partial(rig.send, question))
    rig.run(60 * minutes)
    return rig


@pytest.mark.parametrize("minutes", [12, pytest.param(60, marks=pytest.mark.slow)])
def test_the_fifo_never_runs_over_at_the_maximum_times(minutes: int) -> None:
    scene = Scene.load("sitter", seed=3, duration_s=60.0 * minutes) if minutes == 60 else None
    with night(minutes, SLOWEST, scene) as rig:
        programs, erases, _ = rig.board.flash_operations
        assert programs >= 14 * minutes and erases >= minutes // 6
        assert rig.board.chip.counters().overflows == 0


def test_a_device_that_waited_for_an_erase_would_lose_frames() -> None:
    """The planted fault: away for as long as one erase takes."""
    with night(0.5, SLOWEST) as rig:
        assert rig.board.chip.counters().overflows == 0
        rig.board.busy(lib.NOR_FLASH_ERASE_MAX_US)
        rig.run(1.0)
        assert rig.board.chip.counters().overflows > 0
