"""ROOM, FAULT and HEALTH in words and physical units; what is not known is None with a reason."""

from __future__ import annotations

import pytest

from tests.fake_device import FakeDevice
from wire import codec, condition, packet
from wire.packet import Packet
from wire.table import Reason


def one(data: bytes) -> Packet:
    (found,) = codec.Decoder().feed(data)
    return found


def test_a_room_in_its_units() -> None:
    found = condition.room(one(FakeDevice().room(5, temperature=-150, light=1234567)))
    assert (found.temperature_c, found.humidity_pct, found.light_lux) == (-1.5, 48.0, 12345.67)
    assert (found.temperature_reason, found.humidity_reason, found.light_reason) == ("", "", "")


def test_what_no_sensor_measured_is_none_with_its_reason() -> None:
    said = FakeDevice().room(5, temperature=0, temperature_validity=0, temperature_reason=Reason["CLIMATE_ABSENT"])
    found = condition.room(one(said))
    assert found.temperature_c is None
    assert found.temperature_reason == "temperature and humidity sensor does not answer"
    assert found.humidity_pct == 48.0


def test_a_fault_that_is_present_has_no_end() -> None:
    begun = condition.fault(one(FakeDevice().fault(9, "MISO_LOW", 7, times=3)))
    over = condition.fault(one(FakeDevice().fault(20, "MISO_LOW", 7, 18, times=5)))
    assert (begun.present, begun.from_us, begun.to_us, begun.times) == (True, 7, None, 3)
    assert (over.present, over.from_us, over.to_us, over.times) == (False, 7, 18, 5)
    assert begun.reason == over.reason == "radar reads as zeros: no chip, no power, or a broken line"


def test_health_lists_reasons_and_nothing_for_empty_places() -> None:
    device = FakeDevice()
    device.present, device.past, device.changes, device.reset_cause = (
        ("IRQ_STUCK",),
        ("FLASH_WORN", "OVERFLOW"),
        5,
        "DIP",
    )
    found = condition.health(one(device.health(9, 4)))
    assert (found.reset_cause, found.changes, len(found.present), len(found.past)) == ("dip of the supply", 5, 1, 2)
    assert found.present == ("radar's interrupt line stays high",)


@pytest.mark.parametrize("read", [condition.room, condition.fault, condition.health])
def test_another_packet_is_refused(read: object) -> None:
    with pytest.raises(ValueError, match=r"packet type 2, expected (ROOM|FAULT|HEALTH)"):
        read(
            packet.make(
                packet.PONG,
                {"nonce": 1, "device_nonce": 1, "oldest_seq": 0, "newest_seq": 0, "oldest_boot": 0, "stored": 0},
            )
        )  # type: ignore[operator]
