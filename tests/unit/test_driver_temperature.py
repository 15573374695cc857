"""The chip's own temperature: measured in the pause behind a frame, told coarsely, noticed outside its range."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from hw_sim.chip.chip import Chip, ChipOptions
from hw_sim.rig import Rig
from hw_sim.scenario import decode_scenario
from hw_sim.scene import Scene
from tests.device import Device
from wire import packet, values
from wire.packet import Packet
from wire.table import Reason

ffi, lib = load()
HEALTH_READ = packet.make(packet.HEALTH_READ, {"nonce": 9})
START = (0x07 << 25 | 1 << 24).to_bytes(4, "big")[:1]
"""First byte of a write to SADC_CTRL."""


def device(celsius: float = 25.0, confidence: int = 255) -> Device:
    """confidence 255: it streams after some seconds."""
    d = Device(think=lambda out: out.update(confidence=confidence, frame=0))
    d.chip = Chip(ChipOptions(temperature_mc=round(1000 * celsius)))
    return d


def health(d: Device) -> Packet:
    d.take()
    d.host(HEALTH_READ)
    d.run(0.01)
    (answer,) = [one for one in d.take() if one.type == packet.HEALTH]
    return answer


def starts(d: Device) -> int:
    return sum(header[:1] == START and header[3] & 0x10 for header, _ in d.windows) // 0x10


def noticed(d: Device) -> bool:
    return bool(d.fw.state.health.fault[lib.SW_HEALTH_TEMPERATURE].times)


@pytest.mark.parametrize("celsius", [-39.0, -19.0, 0.0, 25.0, 69.0, 124.0])
def test_it_is_the_dies_to_half_a_step_of_the_converter(celsius: float) -> None:
    d = device(celsius).run(2.0)
    assert d.fw.state.driver.temperature.value == pytest.approx(100 * celsius, abs=25)


def test_it_is_known_two_looks_after_the_first_frame_and_renewed_once_a_minute() -> None:
    d = device().run(2.0)
    first_us = d.fw.state.driver.temperature.at_us
    d.chip.set_temperature_c(50.0)
    d.run(57.0)
    before = d.fw.state.driver.temperature.value
    d.run(5.0)
    assert 0 < first_us < 1_500_000
    assert (before, d.fw.state.driver.temperature.value) == (pytest.approx(2500, abs=25), pytest.approx(5000, abs=25))
    assert starts(d) == 2


def test_no_frame_is_later_for_it() -> None:
    d = device().run(70.0)
    assert {b["t_us"] - a["t_us"] for a, b in zip(d.frames, d.frames[1:], strict=False)} == {50_000}
    assert (d.chip.counters().warnings, d.fw.counters()["driver_starts"], starts(d)) == (0, 1, 2)


@pytest.mark.parametrize(("celsius", "is_noticed"), [(-22.0, True), (-19.0, False), (69.0, False), (72.0, True)])
def test_outside_its_range_it_is_noticed(celsius: float, is_noticed: bool) -> None:
    assert noticed(device(celsius).run(2.0)) is is_noticed


def test_outside_its_range_the_device_goes_on() -> None:
    d = device(95.0).run(20.0)
    assert (d.fw.driver_state, d.fw.counters()["driver_starts"], len(d.frames)) == ("running", 1, 400)


@pytest.mark.parametrize("confidence", [0, 255])
@pytest.mark.parametrize(("celsius", "told"), [(31.0, 30.0), (33.5, 35.0), (-1.0, 0.0), (-8.0, -10.0), (95.0, 95.0)])
def test_it_is_told_in_steps_of_five_degrees_whoever_is_there(celsius: float, told: float, confidence: int) -> None:
    found = values.scaled(health(device(celsius, confidence).run(20.0)))
    assert found.values["chip_temperature"] == pytest.approx(told)


def test_the_fault_is_told_in_a_silence_too() -> None:
    present = health(device(95.0, confidence=0).run(20.0)).fields["present"]
    assert isinstance(present, tuple) and Reason["TEMPERATURE"] in present


def test_standby_forgets_it() -> None:
    d = device().run(5.0)
    d.switch(1)
    d.run(1.0)
    fields = health(d).fields
    assert (d.fw.state.driver.state, d.fw.state.driver.temperature.at_us) == (lib.SW_DRIVER_SLEEPING, 0)
    assert (fields["chip_temperature_validity"], fields["chip_temperature_reason"]) == (0, Reason["STANDBY_SWITCH"])


def test_a_radar_that_does_not_answer_has_none() -> None:
    d = device().run(5.0)
    d.miso = lambda header, data: bytes(len(data))
    fields = health(d.run(5.0)).fields
    assert (fields["chip_temperature_validity"], fields["chip_temperature_reason"]) == (0, Reason["RADAR_FAILED"])


def flip_result(header: bytes, data: bytes) -> bytes:
    """Every other look at the result sees another one."""
    flip_result.looks += header[0] == 0x5E << 1 and len(data) == 4  # type: ignore[attr-defined]
    wrong = header[0] == 0x5E << 1 and flip_result.looks % 2  # type: ignore[attr-defined]
    return bytes([*data[:2], data[2] ^ 2, data[3]]) if wrong else data


def all_zeros(header: bytes, data: bytes) -> bytes:
    return bytes([data[0], 0, 0, 0]) if header[0] == 0x5E << 1 else data


def busy(header: bytes, data: bytes) -> bytes:
    return bytes([data[0], 0, data[2] | 4, data[3]]) if header[0] == 0x5E << 1 else data


@pytest.mark.parametrize("wires", [flip_result, all_zeros, busy])
def test_a_result_that_cannot_be_is_not_taken(wires: Any) -> None:
    flip_result.looks = 0  # type: ignore[attr-defined]
    d = device()
    d.miso = wires
    fields = health(d.run(20.0)).fields
    told = [fields[f"chip_temperature{part}"] for part in ("", "_validity", "_reason")]
    assert told == [0, 0, Reason["STARTING"]]
    assert not noticed(d)


def test_a_start_that_loses_a_clock_is_tried_again_at_the_next_look() -> None:
    d, lost = device(), []

    def wires(header: bytes, data: bytes) -> bytes:
        """The status behind the first start tells of a lost clock."""
        hurt = header[0] == 0x5D << 1 and starts(d) == 1 and not lost
        lost.extend([1] * hurt)
        return bytes([data[0] | 1, *data[1:]]) if hurt else data

    d.miso = wires
    assert (health(d.run(20.0)).fields["chip_temperature_validity"], starts(d), len(lost)) == (255, 2, 1)


def test_an_old_one_is_not_known() -> None:
    d = device().run(5.0)
    d.miso = all_zeros
    d.run(180.0)
    assert health(d).fields["chip_temperature_validity"] == 0


def test_the_die_of_a_scene_is_warmer_than_its_room() -> None:
    room = {"temperature_c": 31.0, "chip_warmer_c": 12.0}
    made = decode_scenario({"description": "x", "sphere": {"distance_m": 0.9}, "room": room}, "x.toml")
    with Rig(Scene(made, seed=1, duration_s=10.0)) as rig:
        rig.run(5.0)
        seen = rig.device.firmware.state.driver.temperature.value
    assert seen == pytest.approx(4300, abs=25)
