"""The reference chain in the firmware's place for the C chain: the same night, packet by packet."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.rig import Rig
from hw_sim.scene import Scene
from tests.bedroom import LEAVES
from wire import packet
from wire.packet import Packet

pytestmark = pytest.mark.hil
SECONDS = 300.0
PACKET_US = 1_000_000


def packets(scene: Scene, core: str) -> list[Packet]:
    with Rig(scene, seed=4, core=core) as rig:
        rig.run(SECONDS)
        return rig.packets


@pytest.fixture(scope="module")
def both() -> tuple[list[Packet], list[Packet]]:
    """The packets of both chains, of one scene in which somebody comes, breathes and moves."""
    scene = Scene.load("single", seed=4, duration_s=SECONDS)
    numba = packets(scene, "numba")  # first: while this worker compiles the chain, the other compiles the scene
    c = packets(scene, "c")
    assert sum(one.type == packet.VITALS for one in c) > 100
    return c, numba


def test_transitions_are_at_most_a_packet_apart(both: tuple[list[Packet], list[Packet]]) -> None:
    times = [[one.t_us for one in each if one.type == packet.TRANSITION] for each in both]
    assert len(times[0]) == len(times[1]) > 0
    assert np.abs(np.subtract(*times)).max() <= PACKET_US


def test_fields_agree_to_the_last_digit(both: tuple[list[Packet], list[Packet]]) -> None:
    c, numba = ({one.t_us: one for one in each if one.type == packet.VITALS} for each in both)
    common = sorted(c.keys() & numba.keys())
    near = [
        all(np.abs(np.subtract(c[t_us].fields[name], numba[t_us].fields[name])).max() <= 1 for name in c[t_us].fields)
        for t_us in common
    ]
    assert len(common) >= len(c) - 2
    assert np.mean(near) >= 0.999


@pytest.mark.slow
@pytest.mark.timeout(600)  # compiles the whole chain
def test_who_left_during_standby_is_not_seen_after_it() -> None:
    with Rig(Scene(LEAVES, seed=2, duration_s=120.0), seed=2, core="numba") as rig:
        rig.run(28.0)
        assert any(one.type == packet.VITALS for one in rig.packets)
        rig.set_standby(True)
        rig.run(62.0)  # gone from about 40 s on
        rig.set_standby(False)
        rig.run(30.0)
        assert rig.counts.bytes_unsolicited_while_silent == 0
