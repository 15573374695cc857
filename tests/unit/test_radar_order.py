"""Radar configuration by command: checked, read back, kept, in force from the next start of the frames."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from edge.config import RadarConfig
from edge.core import load
from tests.alarm_bed import HOUR_S, Bedside, armed, late_us
from tests.device import SMALL
from wire import packet, table

ffi, lib = load()
REASON = table.Reason
OTHER = RadarConfig(rx_mask=5, n_samples=128, n_chirps=4, frame_period_ns=100_000_000, tx_power_level=20)


def fields(config: RadarConfig) -> dict[str, int]:
    """As RADAR_SET has them: units are in the packet table."""
    units = ("_hz", "_khz", "_ns", "_db")
    return {next((n.removesuffix(u) for u in units if n.endswith(u)), n): v for n, v in asdict(config).items()}


NONE = dict.fromkeys(fields(SMALL), 0)


class Radar(Bedside):
    """A device that is not in standby, eight seconds after its power came."""

    def __init__(self, **more: Any) -> None:
        super().__init__(standby=0, think=lambda out: None, **more)
        self.run(8.0)

    def order(self, wanted: dict[str, int]) -> dict[str, Any]:
        found = self.ask(packet.RADAR_SET, **wanted)
        self.run(1.0)
        return found

    def read(self) -> dict[str, Any]:
        return self.ask(packet.RADAR_READ)

    @property
    def frames_per_s(self) -> float:
        before = len(self.device.frames)
        self.run(5.0)
        return (len(self.device.frames) - before) / 5.0


def said(found: dict[str, Any]) -> dict[str, int]:
    return {name: found[name] for name in NONE}


def test_the_devices_own_is_read_back_until_another_is_ordered() -> None:
    bed = Radar()
    found = bed.read()
    assert said(found) == fields(SMALL)
    assert (found["ordered"], found["in_force"], found["stored"]) == (0, 1, 1)


def test_an_ordered_config_is_in_force_stored_and_seen_by_the_chip() -> None:
    bed = Radar()
    assert bed.order(fields(OTHER))["reason"] == REASON["NONE"]
    found = bed.read()
    assert said(found) == fields(OTHER) and (found["ordered"], found["in_force"], found["stored"]) == (1, 1, 1)
    assert bed.device.chip.radar().frame_shape == (4, 128, 2)
    assert bed.frames_per_s == pytest.approx(10, abs=0.5)
    assert bed.device.fw.state.config_hash == found["config_hash"]


def test_it_outlives_a_reboot_and_is_taken_back() -> None:
    bed = Radar()
    bed.order(fields(OTHER))
    bed.reboot()
    bed.run(8.0)
    assert said(bed.read()) == fields(OTHER) and bed.frames_per_s == pytest.approx(10, abs=0.5)
    bed.order(NONE)
    assert said(bed.read()) == fields(SMALL) and bed.frames_per_s == pytest.approx(20, abs=0.5)
    bed.reboot()
    bed.run(8.0)
    assert (said(bed.read()), bed.read()["ordered"]) == (fields(SMALL), 0)


WRONG = {
    "no antenna": {"rx_mask": 0},
    "too many antennas": {"rx_mask": 8},
    "samples": {"n_samples": 100},
    "chirps": {"n_chirps": 3},
    "more than the FIFO holds": {"rx_mask": 7, "n_samples": 512, "n_chirps": 64},
    "outside the band": {"end": 70_000_000},
    "no sweep": {"end": 59_500_000},
    "too slow for breathing": {"frame_period": 250_000_000},
    "frames shorter than their chirps": {"frame_period": 1_000_000},
    "gain": {"if_gain": 19},
    "filter": {"hp_cutoff": 21},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_radar_or_chain_cannot_do_is_refused_and_changes_nothing(change: dict[str, int]) -> None:
    bed = Radar()
    starts = bed.device.fw.state.driver.counters.starts
    assert bed.order(fields(OTHER) | change)["reason"] == REASON["NOT_POSSIBLE"]
    assert said(bed.read()) == fields(SMALL) and bed.device.fw.state.driver.counters.starts == starts


def test_the_config_in_force_ordered_again_restarts_nothing() -> None:
    bed = Radar()
    bed.order(fields(OTHER))
    starts = bed.device.fw.state.driver.counters.starts
    bed.order(fields(OTHER))
    assert bed.device.fw.state.driver.counters.starts == starts


def test_counters_go_on_and_the_new_frames_tell_of_the_gap() -> None:
    bed = Radar()
    frames = bed.device.fw.state.driver.counters.frames
    bed.order(fields(OTHER))
    assert bed.device.fw.state.driver.counters.frames > frames > 100
    first = next(one for one in bed.device.frames[frames:] if one)
    assert first["flags"] & lib.SW_FLAG_GAP


def test_in_standby_it_is_taken_and_no_chirp_is_sent_for_it() -> None:
    bed = Radar()
    bed.device.switch(1)
    bed.run(1.0)
    bed.order(fields(OTHER))
    assert bed.read()["in_force"] == 1 and not bed.device.chip.transmitting
    bed.device.switch(0)
    bed.run(8.0)
    assert bed.frames_per_s == pytest.approx(10, abs=0.5)


def test_a_kept_config_that_this_firmware_cannot_do_is_dropped() -> None:
    bed = Radar()
    bed.device.fw.state.keeper.wanted.radar = asdict(replace(OTHER)) | {"n_chirps": 63}
    bed.device.fw.state.keeper.at_us = bed.device.fw.state.alarm.deadline_us = 0
    bed.run(2.0)
    bed.reboot()
    bed.run(8.0)
    assert said(bed.read()) == fields(SMALL) and bed.frames_per_s == pytest.approx(20, abs=0.5)


def test_a_new_config_makes_no_alarm_late() -> None:
    bed, deadline_us = armed(after_s=HOUR_S)
    bed.run(HOUR_S - 1.0)
    bed.ask(packet.RADAR_SET, **fields(OTHER))
    bed.run(10.0)
    assert -10_000 <= late_us(bed, deadline_us) <= 10_000


def test_with_the_real_chain_it_measures_on() -> None:
    """The C chain instead of one that is told what to think."""
    bed = Bedside(standby=0).run(8.0)
    bed.ask(packet.RADAR_SET, **fields(OTHER))
    frames = bed.device.fw.state.counters.frames
    bed.run(6.0)
    assert bed.device.fw.state.error == 0 and bed.device.fw.state.counters.frames - frames > 50
