"""Silence, counted from outside: nobody there, or the switch on. The device's own counters are not asked."""

from __future__ import annotations

import pytest

from hw_sim.rig import Rig
from hw_sim.scenario import Person, Scenario
from hw_sim.scene import Scene
from wire import codec, packet

pytestmark = pytest.mark.hil


@pytest.mark.parametrize("target", ["host", "posix"])
def test_an_empty_room_is_silent(target: str) -> None:
    with Rig(Scene.load("empty", seed=2, duration_s=120.0), seed=2, target=target) as rig:
        rig.run(120.0)
        counted = rig.edge_counters()
    assert counted["bytes_unsolicited_while_silent"] == 0
    assert counted["bytes_at_boot"] == counted["bytes_on_wire"] > 0
    assert (counted["streaming_s"], counted["monitoring_s"], counted["standby_s"]) == (0, 120, 0)


def test_the_switch_stops_sensing_and_sending() -> None:
    with Rig(Scene.load("sitter", seed=2, duration_s=120.0), seed=2) as rig:
        rig.run(60.0)
        assert rig.board.chip.transmitting
        rig.set_standby(True)
        rig.run(1.0)
        assert not rig.board.chip.transmitting
        frames, sent = rig.board.chip.counters().frames_from_ring, rig.counts.bytes_on_wire
        rig.run(29.0)
        assert rig.board.chip.counters().frames_from_ring == frames
        assert rig.counts.bytes_on_wire == sent
        rig.set_standby(False)
        rig.run(30.0)
        assert rig.board.chip.transmitting
        counted = rig.edge_counters()
    assert counted["standby_s"] == 30 and counted["bytes_unsolicited_while_silent"] == 0
    assert counted["streaming_s"] + counted["monitoring_s"] == 90


def test_a_host_is_answered_in_standby() -> None:
    with Rig(Scene.load("empty", seed=2, duration_s=60.0), seed=2) as rig:
        rig.set_standby(True)
        rig.run(20.0)
        rig.send(codec.encode(packet.make(packet.PING, {"nonce": 42})))
        rig.run(5.0)
        assert [one.fields["nonce"] for one in rig.packets if one.type == packet.PONG] == [42]
        assert rig.edge_counters()["bytes_replied"] > 0
        assert rig.counts.bytes_unsolicited_while_silent == 0


@pytest.mark.parametrize("core", ["c", "numba"])
def test_who_left_during_standby_is_not_seen_after_it(core: str) -> None:
    person = Person(
        centre_m=(0.0, 0.75, -0.08), movements_per_hour=0.0, leaves_before_end_s=90.0, leaves_if_longer_than_s=0.0
    )
    with Rig(Scene(Scenario(description="leaves", person=person), seed=2, duration_s=120.0), seed=2, core=core) as rig:
        rig.run(28.0)
        assert any(one.type == packet.VITALS for one in rig.packets)
        rig.set_standby(True)
        rig.run(62.0)  # gone from about 40 s on
        rig.set_standby(False)
        rig.run(30.0)
        assert rig.counts.bytes_unsolicited_while_silent == 0
