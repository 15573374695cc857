"""The user's place in the firmware: side and flash to the chain, the first night to the flash, the next night to use."""

from __future__ import annotations

from typing import Any

import pytest

from edge.blocks import bed_place
from edge.blocks.bed_place import LEFT, RIGHT
from edge.blocks.parameters import BED_SECONDS
from edge.config import RadarConfig
from edge.core import load
from edge.firmware import ChainOps
from tests.device import Device
from wire import packet

ffi, lib = load()
HOUR_S = 3600.0
SLOW = RadarConfig(n_samples=64, n_chirps=2, frame_period_ns=1_000_000_000)
NIGHT_S = BED_SECONDS + 60
Told = tuple[int, int, int, int]


class PlacedDevice(Device):
    """A device whose chain writes down which place it is told."""

    def _chain(self) -> ChainOps | None:
        ops = super()._chain()
        assert ops is not None
        self.told: list[Told] = []
        self.frames.clear()
        callback = ffi.callback("void(void *, const sw_place *)", self._place)
        self._callbacks.append(callback)
        return ChainOps(ops.state, ops.init, ops.step, ops.parameters_hash, int(ffi.cast("uintptr_t", callback)))

    def _place(self, _: Any, where: Any) -> None:
        self.frames_before = len(self.frames)
        self.told.append((where.near_mm, where.far_mm, where.azimuth_low_cdeg, where.azimuth_high_cdeg))


class Bed:
    """A device beside a bed: somebody still at 620 mm, or nobody."""

    def __init__(self, side: int = LEFT) -> None:
        self.confidence = 250
        self.device = PlacedDevice(config=SLOW, think=self._think)
        self.device.run(3.0)
        if side:
            self.set_side(side)

    def _think(self, out: dict[str, Any]) -> None:
        here = self.confidence > 0
        out |= {"confidence": self.confidence, "distance_validity": self.confidence, "direction_validity": 200 * here}
        out |= {"motion_class": int(here), "distance_mm": 620 * here, "azimuth_cdeg": 300 * here}

    def set_side(self, side: int) -> None:
        self.device.host(packet.make(packet.SETTINGS_SET, {"nonce": 5, "side": side}))
        self.device.run(1.0)

    def settings(self) -> dict[str, Any]:
        self.device.take()
        self.device.host(packet.make(packet.SETTINGS_READ, {"nonce": 6}))
        self.device.run(0.5)
        return dict(next(one.fields for one in self.device.take() if one.type == packet.SETTINGS))

    def night(self) -> None:
        self.confidence = 250
        self.device.run(NIGHT_S)

    def reboot(self) -> None:
        self.device.power_cycle()
        self.device.run(3.0)


def numbers(place: Any) -> Told:
    return place.near_mm, place.far_mm, place.azimuth_low_cdeg, place.azimuth_high_cdeg


def learnt(side: int = LEFT) -> Told:
    """By the reference block."""
    state = bed_place.BedPlace(bed_place.assume(side))
    while not bed_place.step(state, bed_place.Second(250, True, 620, 300, 200)):
        pass
    return numbers(state.place)


def test_without_a_side_the_chain_is_told_nothing() -> None:
    bed = Bed(side=0)
    bed.device.run(60.0)
    assert bed.device.told == []


@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_a_side_tells_the_chain_half_a_bed_once(side: int) -> None:
    bed = Bed(side)
    bed.device.run(60.0)
    bed.set_side(side)
    assert bed.device.told == [numbers(bed_place.assume(side))]


def test_after_a_reboot_the_chain_is_told_before_its_first_frame() -> None:
    bed = Bed()
    bed.reboot()
    assert bed.device.told == [numbers(bed_place.assume(LEFT))]
    assert (bed.device.frames_before, len(bed.device.frames)) == (0, 3)


def test_the_first_night_is_kept_and_used_in_the_next() -> None:
    bed = Bed()
    bed.night()
    assert len(bed.device.told) == 1
    assert bed.settings() == {"nonce": 6, "side": LEFT, "stored": 1, "bed_learnt": 1}
    bed.confidence = 0
    bed.device.run(HOUR_S - 60)
    assert len(bed.device.told) == 1
    bed.device.run(120)
    assert bed.device.told[1:] == [learnt()]


def test_a_learnt_place_survives_a_reboot() -> None:
    bed = Bed()
    bed.night()
    bed.device.run(60.0)
    bed.reboot()
    assert bed.device.told == [learnt()]


def test_an_absence_in_the_night_changes_nothing() -> None:
    bed = Bed()
    bed.night()
    bed.confidence = 0
    bed.device.run(600.0)
    bed.confidence = 250
    bed.device.run(600.0)
    assert len(bed.device.told) == 1


def test_another_side_forgets_the_place() -> None:
    bed = Bed()
    bed.night()
    bed.set_side(RIGHT)
    bed.device.run(60.0)
    assert bed.settings() == {"nonce": 6, "side": RIGHT, "stored": 1, "bed_learnt": 0}
    bed.reboot()
    assert bed.device.told == [numbers(bed_place.assume(RIGHT))]
