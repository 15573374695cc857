"""A clock chip that stands, or stood, or runs wrong: after a reboot without a host the armed alarm is never late."""

from __future__ import annotations

from itertools import count

import pytest

from hw_sim.rig import Rig
from tests.fault_walk import without
from wire import codec, packet

pytestmark = pytest.mark.hil
T0_UTC_US = 1_800_000_000_000_000
SET_S, REBOOT_S, LOST_S = 600, 400, 60.0
ARMED_S = 30.0
"""By then the alarm is armed."""


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


def first_ring_s(
    fault: str, lever: str = "reboot", target: str = "host", host_s: float = REBOOT_S, reboot_s: float = REBOOT_S
) -> float:
    """When the buzzer first rose, s of virtual time; the host has died at host_s, the device has started again at reboot_s."""
    host = Host()
    with Rig(rtc_valid=True, t0_utc_us=T0_UTC_US, play=[fault], target=target) as rig:
        rig.set_standby(True)
        rig.attach(host)
        rig.run(host_s)
        assert host.stored
        rig.host = None
        rig.run(reboot_s - host_s)
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


@pytest.mark.parametrize("slow", ["0.1%", "2%", "5%"])
@pytest.mark.parametrize("reboot_s", [34.0, 97.3, 361.0, 384.6, 399.9])
def test_a_clock_that_is_slow_makes_no_alarm_late(slow: str, reboot_s: float) -> None:
    """It is set anew whenever it has been seen to fall behind."""
    rang_s = first_ring_s(f"clock-drift=-{slow}", host_s=ARMED_S, reboot_s=reboot_s)
    assert -1.0 < rang_s - SET_S <= 1.0


def test_a_clock_that_is_fast_makes_it_early_by_what_it_has_gained() -> None:
    gained_s = 0.02 * (REBOOT_S - ARMED_S)
    assert first_ring_s("clock-drift=2%", host_s=ARMED_S) == pytest.approx(SET_S - gained_s, abs=1.0)


def test_without_its_handler_a_slow_clock_makes_it_late() -> None:
    with without("CLOCK_DRIFT"):
        assert first_ring_s("clock-drift=-2%", target="without", host_s=ARMED_S) > SET_S + 5
