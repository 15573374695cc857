"""Status registers while frames run: which channel set, which shape, and what its set supplies."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.chip.chip import Chip
from tests.chip_plan import Channels, Plan, Shape

TRIANGLES = Plan(
    {1: Shape(100, 8), 3: Shape(100, 8, down=(0x0ADF74, 0xFFFE5C, 100), apd=4)},
    {2: Channels(1, 1), 4: Channels(1, 1, repc=1)},
    groups=6,
    fed=(51, 4),
)


def running(plan: Plan) -> Chip:
    chip = Chip()
    plan.begin(chip)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(np.zeros((1, plan.frame_samples), np.uint16))
    return chip


def at_each_chirp(plan: Plan, register: str) -> list[int]:
    """Content a few clocks into each chirp of the first frame."""
    chip, found = running(plan), []
    begin = plan.to_first_frame
    for chirp in plan.frame()[0]:
        chip.advance(plan.ns(begin + chirp.start + 5))
        found.append(chip.read(register))
    return found


def test_indices_count_up_and_down_chirps_apart() -> None:
    chirps = TRIANGLES.frame()[0]
    status = at_each_chirp(TRIANGLES, "STAT0")
    assert [value >> 8 & 7 for value in status] == [2 * (c.channel_set - 1) + c.down for c in chirps]
    assert [value >> 11 & 7 for value in status] == [2 * (c.shape - 1) + c.down for c in chirps]
    assert len({value >> 8 & 0x3F for value in status}) > 4


@pytest.mark.parametrize(
    ("control", "bits"), [(0x490, 0b1111), (0x590, 0b1101), (0x690, 0b1110), (0x410, 0b1001), (0xB70, 0b1000)]
)
def test_band_gap_and_converters_follow_the_control_register(control: int, bits: int) -> None:
    plan = Plan({1: Shape(100, 8)}, {1: Channels(1)}, fed=(51, 4), writes={"CSC1": control})
    assert [value & 0xFF for value in at_each_chirp(plan, "STAT0")] == [1 << 5 | bits]


def test_each_set_supplies_its_own_chirps() -> None:
    plan = Plan({1: Shape(100, 8)}, {1: Channels(1), 2: Channels(1)}, groups=4, fed=(51, 4), writes={"CSC2": 0x690})
    assert [value & 1 for value in at_each_chirp(plan, "STAT0")] == [1, 0, 1, 0]


def test_at_rest_all_indices_are_zero() -> None:
    chip = running(TRIANGLES)
    chip.advance(chip.next_frame_ns + 100_000)
    chip.write("MAIN", TRIANGLES.words()["MAIN"] | 4)
    assert chip.read("STAT0") == 0xA8
