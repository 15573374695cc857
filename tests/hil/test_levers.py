"""What somebody does to a running device, in each of its homes: plug, line, switch of the line, the host's death."""

from __future__ import annotations

import pytest

from hw_sim.hil.plain_scenes import Ramp
from hw_sim.rig import Rig
from wire import codec, packet
from wire.packet import Packet

pytestmark = pytest.mark.hil
T0_UTC_US = 1_768_516_200_000_000


class Listener:
    """A host that notes what it hears and when, and asks something each second. It can be killed like a process."""

    def __init__(self) -> None:
        self.alive = True
        self.heard = b""
        self.ticks: list[int] = []
        self.nonce = 0

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        if not self.alive:
            return b""
        self.ticks.append(utc_us)
        self.heard += data
        self.nonce += 1
        return codec.encode(packet.make(packet.PING, {"nonce": self.nonce}))

    def kill(self) -> None:
        self.alive = False

    def restart(self) -> None:
        self.alive = True

    @property
    def packets(self) -> list[Packet]:
        return codec.Decoder().feed(self.heard)


def nonces(packets: list[Packet]) -> list[int]:
    return [int(one.fields["nonce"]) for one in packets if one.type == packet.PONG]  # type: ignore[arg-type]


@pytest.mark.parametrize("target", ["host", "posix"])
def test_a_reboot_is_a_new_boot_with_a_time_of_its_own(target: str) -> None:
    with Rig(target=target, t0_utc_us=T0_UTC_US) as rig:
        rig.at(10_400_000, rig.reboot)
        rig.run(20.0)
        hellos = [one for one in rig.packets if one.type == packet.HELLO]
    assert [one.t_us for one in hellos] == [500_000, 3_000_000, 6_000_000] * 2
    assert len({one.boot for one in hellos}) == 2
    counted = rig.edge_counters()
    assert counted["bytes_at_boot"] == counted["bytes_on_wire"] > 0


@pytest.mark.parametrize("at_us", [9_999_999, 10_000_000, 10_000_001])
def test_what_is_on_its_way_when_the_power_fails_reaches_nobody(at_us: int) -> None:
    host = Listener()
    with Rig(t0_utc_us=T0_UTC_US) as rig:
        rig.attach(host)
        rig.at(at_us, rig.reboot)
        rig.run(20.0)
        old = rig.packets[0].boot
        asked = nonces([one for one in rig.packets if one.boot == old])
        later = nonces([one for one in rig.packets if one.boot != old])
    assert asked == [*range(1, 11 if at_us <= 10_000_000 else 12)]
    assert later == [*range(12 if at_us >= 10_000_000 else 11, 21)]
    assert rig.counts.bytes_unsolicited == 0


def test_without_a_scene_nobody_is_there() -> None:
    with Rig() as rig:
        rig.run(10.0)
        sent = codec.encode(
            packet.make(
                packet.PONG,
                {"nonce": 5, "device_nonce": 6, "oldest_seq": 0, "newest_seq": 0, "oldest_boot": 0, "stored": 0},
            )
        )
        rig.counts.write(rig.board.now_us, sent)
    assert rig.edge_counters()["bytes_unsolicited_while_silent"] == len(sent)


def test_reboots_are_equal_to_the_byte_in_every_home(arm_tools: None) -> None:
    digests = []
    for target in ("host", "posix", "arm"):
        with Rig(target=target, seed=3) as rig:
            rig.at(5_250_001, rig.reboot)
            rig.run(12.0)
            digests.append(rig.counts.digest)
    assert digests[0] == digests[1] == digests[2]


@pytest.mark.parametrize("target", ["host", "posix"])
def test_nothing_of_the_old_memory_is_left(target: str) -> None:
    fresh = []
    for reboots in (0, 1):
        with Rig(target=target, seed=3) as rig:
            for _ in range(reboots):
                rig.send(codec.encode(packet.make(packet.PING, {"nonce": 5}))[:-2])  # half a packet waits inside
                rig.run(7.0)
                rig.reboot()
                rig.packets.clear()
            rig.send(codec.encode(packet.make(packet.PING, {"nonce": 6})))
            rig.run(8.0)
            fresh.append([(one.type, one.t_us) for one in rig.packets])
    assert fresh[0] == fresh[1] and nonces(rig.packets) == [6]


def test_a_lever_inside_a_quantum_makes_no_exchange() -> None:
    host = Listener()
    with Rig(t0_utc_us=T0_UTC_US) as rig:
        rig.attach(host)
        pulled: list[int] = []
        rig.at(1_300_000, lambda: pulled.append(rig.board.now_us))
        rig.at(2_000_000, lambda: pulled.append(rig.board.now_us))
        rig.run(3.0)
    assert pulled == [1_300_000, 2_000_000]
    assert [utc_us - T0_UTC_US for utc_us in host.ticks] == [0, 1_000_000, 2_000_000, 3_000_000]


def test_a_lever_in_the_past_is_refused() -> None:
    with Rig() as rig:
        rig.run(2.0)
        with pytest.raises(ValueError, match="from 2000000 us on"):
            rig.at(1_999_999, rig.reboot)


def test_a_cut_line_loses_both_directions() -> None:
    host = Listener()
    with Rig(t0_utc_us=T0_UTC_US) as rig:
        rig.attach(host)
        rig.at(10_000_000, lambda: rig.cut_line(True))
        rig.at(20_000_000, lambda: rig.cut_line(False))
        rig.run(30.0)
        answered = nonces(rig.packets)
    assert len(host.ticks) == 31
    assert answered == nonces(host.packets) == [*range(1, 11), *range(22, 31)]
    assert rig.counts.bytes_unsolicited == 0


def test_a_killed_host_hears_nothing_and_the_device_goes_on() -> None:
    host = Listener()
    with Rig(t0_utc_us=T0_UTC_US) as rig:
        rig.attach(host)
        rig.at(3_200_000, rig.kill_host)
        rig.at(8_000_000, rig.restart_host)
        rig.run(12.0)
    hello_times = [one.t_us for one in host.packets if one.type == packet.HELLO]
    assert hello_times == [500_000]  # those at 3 and 6 s were said to nobody
    assert [utc_us - T0_UTC_US for utc_us in host.ticks][:5] == [0, 1_000_000, 2_000_000, 3_000_000, 9_000_000]
    assert rig.board.now_us == 12_000_000


def test_a_fine_window_has_quanta_of_a_quarter_second() -> None:
    host = Listener()
    with Rig(t0_utc_us=T0_UTC_US) as rig:
        rig.attach(host)
        rig.fine_window(2_000_000, 3_000_000)
        rig.run(5.0)
    assert [utc_us - T0_UTC_US for utc_us in host.ticks] == [
        0, 1_000_000, 2_000_000, 2_250_000, 2_500_000, 2_750_000, 3_000_000, 4_000_000, 5_000_000,
    ]  # fmt: skip


def test_a_clock_at_delivery_is_lost_unless_it_is_said_to_be_valid() -> None:
    for valid in (False, True):
        with Rig(t0_utc_us=T0_UTC_US, rtc_valid=valid) as rig:
            rig.run(1.0)
            assert rig.board.clock_valid == valid
            rig.reboot(lose_clock=True)
            assert not rig.board.clock_valid


def test_a_reset_leaves_the_radar_chip_as_it_is_and_a_reboot_does_not() -> None:
    with Rig(source=Ramp()) as rig:
        rig.run(2.0)
        seen = [rig.board.chip.transmitting]
        for lever in (rig.reset, rig.reboot):
            lever()
            seen.append(rig.board.chip.transmitting)
    assert seen == [True, True, False]


def test_a_reset_keeps_flash_and_clock_and_drops_the_pins() -> None:
    with Rig(t0_utc_us=T0_UTC_US, rtc_valid=True) as rig:
        rig.board.load_flash(b"kept")
        rig.run(1.0)
        rig.reset()
        rig.run(1.0)
        assert rig.board.flash[:4] == b"kept" and rig.board.clock_valid
        assert all(value == 0 for _, _, value in rig.pins)
