"""The radar driver against the emulated chip, with every fault a test can put on the wires between them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import RadarConfig
from edge.core import load
from tests.device import SMALL, Device

ffi, lib = load()
FRAME_BYTES = 3 * 64 * 2 // 2 * 3
BURST = bytes([0xFF, 0xC0, 0, 0])


def is_burst(header: bytes) -> bool:
    return header == BURST


def device(**more: object) -> Device:
    return Device(think=lambda out: None, **more)  # type: ignore[arg-type]


def test_the_chip_comes_up_tested_and_running() -> None:
    d = device().run(0.5)
    assert (d.fw.driver_state, d.fw.self_test) == ("running", "passed")
    assert d.chip.counters().warnings == 0
    assert d.chip.counters().test_burst_bytes == 4 + FRAME_BYTES


def test_the_registers_programme_the_config() -> None:
    radar = device(config=RadarConfig()).run(0.1).chip.radar()
    assert (radar.n_rx, radar.n_samples, radar.n_chirps, radar.if_gain_db, radar.hp_cutoff_hz) == (3, 256, 8, 23, 20e3)
    assert radar.frame_period_ns == 50e6
    assert radar.chirp_period_ns == 500e3


def test_frames_arrive_at_the_configured_rate() -> None:
    d = device().run(5.0)
    assert len(d.frames) == 100  # the first starts 15 ms after power-on: reset, configuration, self test
    assert d.chip.counters().overflows == d.chip.counters().underflows == 0


def test_frames_carry_chip_time_however_late_they_are_read() -> None:
    d = device().run(1.0)
    d.irq_events_lost = True
    d.run(0.09)
    d.irq_events_lost, d._irq_rose = False, True  # two frames wait; the event comes now
    d.run(1.0)
    steps = np.diff([frame["t_us"] for frame in d.frames])
    assert len(d.frames) == 42
    assert set(steps) == {50_000}


def test_a_frame_is_one_burst_in_one_window() -> None:
    d = device().run(1.0)
    bursts = [n for header, n in d.windows if is_burst(header)]
    assert bursts == [4 + FRAME_BYTES] * (len(d.frames) + 1)


def test_samples_arrive_as_the_chip_took_them() -> None:
    frame = np.random.default_rng(3).integers(1, 4095, (2, 64, 3)).astype(np.uint16)
    d = device(frame=frame).run(0.5)
    n = frame.size
    assert np.array_equal(np.frombuffer(ffi.buffer(d.fw.state.driver.samples, 2 * n), np.uint16), frame.ravel())
    assert d.frames[-1]["flags"] == 0


@pytest.mark.parametrize("value", [0, 4095])
def test_a_sample_at_the_rail_is_flagged(value: int) -> None:
    frame = np.full((2, 64, 3), 2048, np.uint16)
    frame[1, 63, 2] = value
    assert device(frame=frame).run(0.5).frames[-1]["flags"] == lib.SW_FLAG_SATURATED


def busy(d: Device, seconds: float) -> None:
    """The processor gets no event for so long, then all at once."""
    d.irq_events_lost, d.deadline_us = True, d.now_us + round(seconds * 1e6)
    d.run(seconds)
    d.irq_events_lost = False


def test_an_overflow_is_a_gap_and_a_new_start() -> None:
    d = device(config=RadarConfig()).run(0.5)
    busy(d, 0.2)  # 2.7 default frames fill the FIFO
    d.run(0.5)
    assert d.chip.counters().overflows == 1
    counters = d.fw.counters()
    assert (counters["driver_overflows"], counters["driver_late_irqs"], counters["driver_starts"]) == (1, 0, 2)
    assert [f["flags"] for f in d.frames].count(lib.SW_FLAG_GAP) == 1


def test_a_busy_processor_that_is_in_time_for_the_fifo_loses_nothing() -> None:
    d = device(config=RadarConfig()).run(0.5)
    busy(d, 0.08)
    d.run(0.5)
    assert set(np.diff([f["t_us"] for f in d.frames])) == {50_000} and d.fw.state.health.present_n <= 1


@pytest.mark.parametrize("bits", [0x08, 0x02, 0x01])
def test_one_bad_status_that_nothing_confirms_stops_no_frame(bits: int) -> None:
    d = device().run(0.5)
    once = itertools.chain([bits], itertools.repeat(0))
    d.miso = lambda header, data: bytes([data[0] | next(once)]) + data[1:] if is_burst(header) else data
    d.run(0.5)
    assert (len(d.frames), d.fw.counters()["driver_starts"], d.fw.state.health.present_n) == (20, 1, 1)


def test_a_bus_that_stays_bad_resets_the_chip_with_growing_pauses() -> None:
    d = device().run(0.5)
    d.miso = lambda header, data: b"\x00" * len(data)
    seen = []
    for _ in range(400):
        d.run(0.01)
        seen.append((d.fw.driver_state, d.fw.state.driver.deadline_us - d.now_us))
    pauses = sorted({d.fw.state.driver.failures for _ in seen})
    assert d.fw.counters()["driver_wrong_chips"] >= 3
    assert d.fw.counters()["driver_wrong_chips"] <= 5  # 250 ms, 500 ms, 1 s, 2 s
    assert pauses and d.fw.state.driver.failure == lib.SW_REASON_RADAR_FAILED
    d.miso = lambda header, data: data
    d.run(5.0)
    assert d.fw.driver_state == "running"
    assert d.fw.state.driver.failure == 0


def test_a_radar_that_dies_is_restarted_and_the_gap_flagged() -> None:
    d = device().run(1.0)
    d.miso = lambda header, data: bytes(len(data))
    d.run(0.1)
    assert d.fw.driver_state == "waiting"
    assert not d.chip.transmitting
    d.miso = lambda header, data: data
    before = len(d.frames)
    d.run(1.0)
    assert d.frames[before]["flags"] & lib.SW_FLAG_GAP


def test_a_line_that_stays_low_is_worked_around() -> None:
    d = device().run(1.0)
    d.irq_stuck_low = True
    d.run(10.0)
    assert set(np.diff([f["t_us"] for f in d.frames])) == {50_000} and len(d.frames) == 220
    assert d.fw.counters()["driver_polled"] == 200


def test_a_brown_out_costs_a_frame_or_two() -> None:
    d = device().run(1.0)
    d.chip.reset_pin(0)
    d.chip.reset_pin(1)
    d.run(1.0)
    assert d.fw.driver_state == "running" and d.fw.counters()["driver_browned_out"] == 1
    assert len(d.frames) >= 38


@pytest.mark.parametrize("bit", [1, 8, 128])
def test_a_stuck_data_line_fails_the_self_test(bit: int) -> None:
    d = device(miso=lambda header, data: bytes(b | bit for b in data) if is_burst(header) and len(data) > 4 else data)
    d.run(3.0)
    assert d.fw.self_test == "failed"
    assert d.fw.state.driver.failure == lib.SW_REASON_SELF_TEST_FAILED
    assert d.frames == []


def test_without_rx1_the_self_test_says_why_it_is_skipped() -> None:
    d = device(config=RadarConfig(rx_mask=0b110, n_samples=64, n_chirps=2)).run(0.5)
    assert d.fw.self_test == "skipped_rx1_off"
    assert len(d.frames) > 5


def test_another_chip_is_refused() -> None:
    d = device(miso=lambda header, data: data[:3] + b"\x06" if header == b"\x04\0\0\0" else data).run(0.5)
    assert d.fw.counters()["driver_wrong_chips"] >= 1
    assert not d.chip.transmitting


def test_a_reset_that_never_ends_is_a_failure_not_a_hang() -> None:
    d = device(miso=lambda header, data: data[:3] + bytes([data[3] | 2]) if header == b"\0\0\0\0" else data).run(0.5)
    assert d.fw.counters()["driver_reset_failures"] >= 1
    assert d.fw.driver_state != "running"


def test_a_register_that_does_not_take_its_word_is_a_failure() -> None:
    d = device(miso=lambda header, data: data[:3] + b"\x55" if header == b"\x62\0\0\0" else data).run(0.3)
    assert d.fw.counters()["driver_wrong_chips"] >= 1
    assert not d.chip.transmitting


def test_an_interrupt_without_a_level_is_ignored() -> None:
    d = device().run(1.0)
    d.fw.step(d.now_us, 1)
    assert d.fw.counters()["driver_false_irqs"] == 1
    assert d.run(0.5).chip.counters().underflows == 0


def test_standby_stops_the_chirps_and_the_way_back_is_a_gap() -> None:
    d = device().run(1.0)
    d.switch(1)
    d.run(2.0)
    assert (d.chip.transmitting, d.fw.driver_state) == (False, "sleeping")
    before, frames_started = len(d.frames), d.chip.counters().frames_started
    d.run(2.0)
    assert (len(d.frames), d.chip.counters().frames_started) == (before, frames_started)
    d.switch(0)
    d.run(1.0)
    assert d.frames[before]["flags"] & lib.SW_FLAG_GAP
    assert d.frames[before]["t_us"] > 5_000_000


def test_a_chip_that_does_not_fall_asleep_is_held_in_reset() -> None:
    d = device().run(1.0)
    d.miso = lambda header, data: b"\xff" * len(data)
    d.switch(1)
    d.run(0.1)
    assert not d.chip.transmitting
    assert d.chip.read("CHIP_ID") == 0xFFFFFF  # in reset it does not answer


def test_switched_to_standby_at_power_on_no_chirp_is_ever_sent() -> None:
    d = device(standby=1).run(3.0)
    assert d.chip.counters().frames_started == 0


@given(st.integers(1, 64).map(lambda n: 4 * n), st.integers(0, 2**32 - 1))
def test_unpacking_equals_the_bit_string(n: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(1, 4095, n)
    bits = "".join(f"{v:012b}" for v in values)
    memory = ffi.new("uint16_t[]", n + 4)
    packed = int(bits, 2).to_bytes(n // 2 * 3, "big")
    ffi.memmove(ffi.cast("uint8_t *", memory) + n // 2, packed, len(packed))
    saturated = lib.sw_unpack12(ffi.cast("uint8_t *", memory) + n // 2, memory, n)
    assert (list(memory)[:n], saturated) == (list(values), 0)


@pytest.mark.parametrize("value", [0, 4095])
def test_a_single_rail_sample_anywhere_is_seen(value: int) -> None:
    n, memory = 16, ffi.new("uint16_t[]", 20)
    for at in range(n):
        for others in (1, 2048, 4094):
            bits = "".join(f"{value if i == at else others:012b}" for i in range(n))
            ffi.memmove(ffi.cast("uint8_t *", memory) + n // 2, int(bits, 2).to_bytes(n // 2 * 3, "big"), n // 2 * 3)
            assert lib.sw_unpack12(ffi.cast("uint8_t *", memory) + n // 2, memory, n) == 1


def test_the_test_device_is_small() -> None:
    assert SMALL.n_rx * SMALL.n_samples * SMALL.n_chirps * 3 // 2 == FRAME_BYTES
