"""An hour in which nothing is broken: no fault is noticed."""

from __future__ import annotations

import pytest

from hw_sim.rig import HostTarget, Rig
from hw_sim.scene import Scene
from wire import packet


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["single", "couple"])
def test_a_healthy_hour_notices_nothing(scene: str) -> None:
    with Rig(Scene.load(scene, seed=3, duration_s=3600.0), seed=3, rtc_valid=True) as rig:
        rig.run(3600.0)
        told = [one.fields["reason"] for one in rig.packets if one.type == packet.FAULT]
        assert isinstance(rig.device, HostTarget)
        assert (told, rig.device.firmware.state.health.changes) == ([], 0)
