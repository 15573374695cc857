"""A clock chip that stands, or stood: after a reboot without a host the armed alarm rings all the same, never late."""

from __future__ import annotations

from itertools import count

import pytest

from hw_sim.rig import Rig
from tests.fault_walk import without
from wire import codec, packet

pytestmark = pytest.mark.hil
T0_UTC_US = 1_800_000_000_000_000
SET_S, REBOOT_S, LOST_S = 600, 400, 60.0


class Host:
    """Tells the time and arms the alarm; then it is gone."""

    def __init__(self) -> None:
        self._nonces = count(1)
        self._decoder = codec.Decoder()
        self.armed = False
        self.stored = 0

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        said = []
        for one in self._decoder.feed(data):
            if one.type == packet.PONG:
                nonce = int(str(one.fields["device_nonce"]))
                said.append(packet.make(packet.TIME, {"device_nonce": nonce, "utc_us": utc_us}))
            elif one.type == packet.ALARM_STATE:
                self.armed = one.fields["set_for_utc_us"] != 0
                self.stored = int(str(one.fields["stored"]))
        said.append(packet.make(packet.PING, {"nonce": next(self._nonces)}))
        said.append(packet.make(packet.ALARM_READ, {"nonce": next(self._nonces)}))
        if utc_us >= T0_UTC_US + 20_000_000 and not self.armed:
            alarm = {"set_for_utc_us": T0_UTC_US + SET_S * 1_000_000, "sunrise_s": 0}
            said.append(packet.make(packet.ALARM_SET, {"nonce": next(self._nonces), **alarm}))
        return b"".join(codec.encode(one) for one in said)


def first_ring_s(fault: str, lever: str = "reboot", target: str = "host") -> float:
    """When the buzzer first rose, s of virtual time; the host has died, and the device started again, at REBOOT_S."""
    host = Host()
    with Rig(rtc_valid=True, t0_utc_us=T0_UTC_US, play=[fault], target=target) as rig:
        rig.set_standby(True)
        rig.attach(host)
        rig.run(REBOOT_S)
        assert host.stored
        rig.host = None
        getattr(rig, lever)()
        rig.run(1.5 * SET_S)
        return next(t_us / 1e6 for t_us, pin, value in rig.pins if pin == "buzzer" and value == 1)


@pytest.mark.parametrize("lever", ["reboot", "reset"])
def test_a_clock_that_stands_at_a_reboot_is_lost(lever: str) -> None:
    rang_s = first_ring_s("clock-stopped@100", lever)
    assert rang_s == pytest.approx(REBOOT_S + LOST_S, abs=0.1)


@pytest.mark.parametrize("for_s", [60, 200, 230])
def test_a_clock_that_stood_for_a_while_is_set_again(for_s: int) -> None:
    assert first_ring_s(f"clock-stopped@100+{for_s}") == pytest.approx(SET_S, abs=0.1)


def test_without_the_handler_the_alarm_is_late() -> None:
    with without("CLOCK_STOPPED"):
        assert first_ring_s("clock-stopped@100+200", target="without") > SET_S + 100
        assert first_ring_s("clock-stopped@100", target="without") > SET_S + 100
