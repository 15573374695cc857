"""A device beside a bed as the alarm's tests hold it: true UTC, a host that knows it, a user with a finger.

The device stands in standby, where the radar sleeps: hours of virtual time pass in a moment, and the alarm must ring all
the same.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from edge.core import load
from tests import kept
from tests.device import Device
from wire import packet, table
from wire.packet import Packet

ffi, lib = load()
T0_UTC_US = 1_700_000_000_123_456
"""True UTC at virtual time 0; not a whole second."""
MINUTE_S, HOUR_S = 60.0, 3600.0
#: What a question may wait for the flash of this board: an erase, and the look whether it is over.
FLASH_MS = 50


class Bedside:
    """clock: the clock chip keeps true UTC from the start. off_s: by how much the host's clock is wrong, + fast."""

    def __init__(self, clock: bool = True, t0_utc_us: int = T0_UTC_US, standby: int = 1, **more: Any) -> None:
        self.device = Device(standby=standby, **more)
        self.t0_utc_us = t0_utc_us
        self.off_s = 0.0
        self.heard: list[Packet] = []
        self._nonces = count(1)
        if clock:
            self.device.set_clock(t0_utc_us)
        self.run(0.1)

    # time

    def utc(self, after_s: float = 0.0) -> int:
        """True UTC, us, so many seconds from now."""
        return self.t0_utc_us + self.device.now_us + round(after_s * 1e6)

    def run(self, seconds: float) -> Bedside:
        self.device.run(seconds)
        self.heard += self.device.take()
        return self

    # the host

    def ask(self, kind: int, **fields: int) -> dict[str, Any]:
        """The one answer to a question: 1 ms later, or when the flash, which what just happened is written to, is free."""
        nonce = next(self._nonces)
        before = len(self.heard)
        self.device.host(packet.make(kind, {"nonce": nonce, **fields}))
        answers: list[Any] = []
        for _ in range(FLASH_MS):
            self.run(0.001)
            answers = [one.fields for one in self.heard[before:] if one.fields.get("nonce") == nonce]
            if answers or not self.device.fw.state.uart_waits:
                break
        assert len(answers) == 1
        return dict(answers[0])

    def tell_time(self, after_s: float = 1.0) -> None:
        """PING, and so long after the PONG a TIME with the host's UTC of that instant."""
        pong = self.ask(packet.PING)
        self.run(after_s)
        utc_us = self.utc(self.off_s)
        self.device.host(packet.make(packet.TIME, {"device_nonce": pong["device_nonce"], "utc_us": utc_us}))
        self.run(0.001)

    def set(self, set_for_utc_us: int, sunrise_s: int = 0) -> dict[str, Any]:
        return self.ask(packet.ALARM_SET, set_for_utc_us=set_for_utc_us, sunrise_s=sunrise_s)

    def ask_set(self, after_s: float, sunrise_s: int = 0) -> dict[str, Any]:
        """SET by the device's own clock: so many seconds after what it shows now."""
        return self.set(int(self.read()["utc_us"]) + round(after_s * 1e6), sunrise_s)

    def arm(self, after_s: float, sunrise_s: int = 0) -> int:
        """Armed and read back. Returns the deadline, true UTC."""
        deadline_us = self.utc(after_s)
        self.set(deadline_us, sunrise_s)
        self.run(2.5)
        state = self.read()
        assert (state["state"], state["stored"], state["set_for_utc_us"]) == (table.AlarmState["ARMED"], 1, deadline_us)
        return deadline_us

    def read(self) -> dict[str, Any]:
        return self.ask(packet.ALARM_READ)

    def cancel(self) -> dict[str, Any]:
        return self.ask(packet.ALARM_CANCEL)

    def ring(self, utc_us: int = 0) -> dict[str, Any]:
        return self.ask(packet.RING, utc_us=utc_us)

    # the user

    def press(self, seconds: float) -> None:
        """Presses the button so long, then lets go."""
        self.device.press(1)
        self.run(seconds)
        self.device.press(0)
        self.run(0.001)

    def reboot(self, off_s: float = 0.0, lose_clock: bool = False) -> None:
        """Power goes, and comes back so much later."""
        self.run(0.0)
        if lose_clock:
            self.device.lose_clock()
        self.device.power_cycle()
        self.device.now_us += round(off_s * 1e6)
        self.device.power_on_us = self.device.now_us
        self.run(0.1)

    # what was heard and seen

    @property
    def buzzer(self) -> int:
        return next((value for _, pin, value in reversed(self.device.pins) if pin == "buzzer"), 0)

    @property
    def light(self) -> int:
        return next((value for _, pin, value in reversed(self.device.pins) if pin == "light"), 0)

    @property
    def rises(self) -> list[int]:
        """True UTC, us, of every rise of the buzzer pin."""
        return [self.t0_utc_us + t_us for t_us, pin, value in self.device.pins if pin == "buzzer" and value == 1]

    def events(self) -> list[tuple[str, str, str, int]]:
        """(deed, by, reason, UTC us) of every ALARM_EVENT that the device keeps, told or not."""
        found = []
        for kept_one in kept.packets(self.device):
            if kept_one.type != packet.ALARM_EVENT or kept_one.boot != self.device.fw.state.boot:
                continue
            one = kept_one.fields
            words = ((table.AlarmDeed, "event"), (table.AlarmMaker, "by"), (table.Reason, "reason"))
            deed, by, reason = (enum(one[name]).name for enum, name in words)
            found.append((deed, by, reason, int(str(one["utc_us"]))))
        return found


def armed(after_s: float = 8 * HOUR_S, sunrise_s: int = 0, **more: Any) -> tuple[Bedside, int]:
    """A device with an armed alarm, and its deadline, true UTC."""
    bed = Bedside(**more)
    bed.tell_time()
    return bed, bed.arm(after_s, sunrise_s)


def late_us(bed: Bedside, deadline_us: int) -> int:
    """By how much the first ring was late; early is negative."""
    return bed.rises[0] - deadline_us
