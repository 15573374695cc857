"""What the machine notices of its line and its random numbers, and when the host is told of faults."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from tests.device import Device
from wire import packet, table
from wire.packet import Packet

ffi, lib = load()


def reason(name: str) -> int:
    return int(table.Reason[name])


class Streaming:
    """A streaming device; confidence is what its chain says from now on."""

    def __init__(self, **more: Any) -> None:
        self.confidence = 220
        self.device = Device(think=self._think, **more).run(12.0)
        self.device.take()

    def _think(self, out: dict[str, Any]) -> None:
        out["confidence"] = self.confidence

    def run(self, seconds: float) -> list[Packet]:
        return self.device.run(seconds).take()

    def faults(self, seconds: float) -> list[tuple[int, int]]:
        """(reason, present) of the FAULT packets of the next seconds."""
        told = [one.fields for one in self.run(seconds) if one.type == packet.FAULT]
        return [(int(str(one["reason"])), int(str(one["present"]))) for one in told]

    def note(self, name: str) -> None:
        lib.sw_health_note(ffi.addressof(self.device.fw.state, "health"), self.device.now_us, reason(name))

    def ping(self) -> None:
        self.device.host(packet.make(packet.PING, {"nonce": self.device.now_us or 1}))


def array(one: Packet, name: str) -> tuple[int, ...]:
    values = one.fields[name]
    assert isinstance(values, tuple)
    return values


def asked(device: Device, nonce: int = 5) -> Packet:
    device.take()
    device.host(packet.make(packet.HEALTH_READ, {"nonce": nonce}))
    (answer,) = [one for one in device.run(0.001).take() if one.type == packet.HEALTH]
    return answer


def test_a_fault_is_told_when_it_begins_and_when_it_is_over() -> None:
    s = Streaming()
    s.note("IRQ_LATE")
    assert s.faults(20.0) == [(reason("IRQ_LATE"), 1), (reason("IRQ_LATE"), 0)]


def test_its_times_are_device_time() -> None:
    s = Streaming()
    at_us = s.device.now_us
    s.note("IRQ_LATE")
    (begun,) = [one for one in s.run(2.0) if one.type == packet.FAULT]
    assert begun.fields["from_us"] == pytest.approx(at_us, abs=50_000) and begun.fields["to_us"] == 0


def test_a_silence_tells_nothing_and_its_end_everything() -> None:
    s = Streaming()
    s.confidence = 0
    s.run(30.0)
    s.note("IRQ_LATE")
    assert s.run(5.0) == []
    s.confidence = 220
    told = [one.type for one in s.run(5.0)]
    assert told[0] == packet.TRANSITION and told.count(packet.FAULT) == 1


def test_many_faults_take_their_time() -> None:
    s = Streaming()
    for name in ("IRQ_LATE", "IRQ_FALSE", "OVERFLOW", "UNDERFLOW", "LINE_SLOW", "FLASH_WORN"):
        s.note(name)
    assert len(s.faults(1.0)) == 4 and len(s.faults(1.0)) == 2


def test_the_answer_is_the_same_whoever_is_there() -> None:
    s, alone = Streaming(), Device(think=lambda out: None).run(12.0)
    s.note("SATURATED")
    here, there = asked(s.device), asked(alone)
    assert here.fields == there.fields and len(here.payload) == len(there.payload)


def test_garbled_bytes_are_noticed() -> None:
    s = Streaming()
    s.ping()
    s.run(1.0)
    s.device.inbox += b"\x07garbage\x00"
    s.ping()
    assert s.faults(2.0) == [(reason("LINE_GARBLED"), 1)]


def test_garbage_before_the_first_packet_is_not() -> None:
    s = Streaming()
    s.device.inbox += b"\x07garbage\x00"
    s.ping()
    assert s.faults(3.0) == []


def test_a_host_that_falls_silent_is_noticed() -> None:
    s = Streaming()
    s.ping()
    before, _ = s.faults(50.0), s.faults(15.0)
    s.ping()  # it was kept for a host that is there again
    after = s.faults(1.5)
    assert (reason("LINE_BROKEN"), 1) in after and (reason("LINE_BROKEN"), 1) not in before


def test_a_line_that_takes_less_than_is_sent_is_noticed() -> None:
    s = Streaming()
    s.device.uart_room = 0
    s.device.run(10.0)
    s.device.uart_room = None
    assert (reason("LINE_SLOW"), 1) in s.faults(3.0)


def test_without_random_numbers_boots_and_answers_still_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "_entropy", lambda self, _, data, n: -1)
    first, second = Device(think=lambda out: None), Device(think=lambda out: None)
    first.set_clock(1_800_000_000_000_000)
    second.set_clock(1_800_000_060_000_000)
    boots = [asked(one.run(8.0)).boot for one in (first, second)]
    assert 0 != boots[0] != boots[1] != 0
    assert array(asked(first), "present")[0] == reason("ENTROPY_FAILED")
    first.host(packet.make(packet.PING, {"nonce": 1}), packet.make(packet.PING, {"nonce": 2}))
    pongs = [one.fields["device_nonce"] for one in first.run(0.1).take()]
    assert len(set(pongs)) == 2 and 0 not in pongs
