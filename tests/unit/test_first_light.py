"""The first look at a chip, on the emulated one: every figure against what was put in, and every bad row planted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edge.config import RadarConfig
from edge.hal.raspberry_pi.chip_check import ChipBus
from edge.hal.raspberry_pi.first_light import Row, generator, measure, unpack
from edge.hal.raspberry_pi.i2c import PiI2c, SystemClock
from edge.hal.raspberry_pi.pins import PiPins
from edge.hal.raspberry_pi.settings import Pins
from edge.hal.raspberry_pi.spi import RadarSpi
from front.first_light import lines, report
from hw_sim.chip.chip import ChipOptions
from hw_sim.raspberry_pi.header_pins import Wiring
from hw_sim.raspberry_pi.virtual_pi import VirtualPi
from tests.pi_device import BURST_BYTES

CONFIG = RadarConfig()
SHAPE = (CONFIG.n_chirps, CONFIG.n_samples, CONFIG.n_rx)
N = 40
Spoil = Any


def frames(sigma: float = 2.0, n: int = 3 * N) -> npt.NDArray[np.float64]:
    """Noise around the middle, [frame, chirp, sample, rx]."""
    rng = np.random.Generator(np.random.Philox(5))
    return 2048.0 + rng.normal(0.0, sigma, (n, *SHAPE))


def look(samples: npt.NDArray[np.float64] | str, spoil: Spoil = None, **pi_options: Any) -> dict[str, Row]:
    """All rows by name."""
    source: Any = samples
    if not isinstance(samples, str):
        source = np.clip(np.round(samples), 0, 4095).astype(np.uint16).reshape(len(samples), -1)
    with VirtualPi(source, **pi_options) as pi:
        device = pi.spi(0, 0)
        if spoil is not None:
            device._message = spoil(device._message)
        pins = PiPins(pi.gpiod, "/dev/gpiochip0", Pins())
        parts = PiI2c(pi.smbus2.SMBus(1), pi.smbus2.i2c_msg, SystemClock(lambda: 0, lambda: False))
        bus = ChipBus(RadarSpi(device, BURST_BYTES, 4096), pins, lambda us: pi.board.advance(1000 * us))
        return {row.name: row for row in measure(bus, parts, N)}


@pytest.fixture(scope="module")
def healthy() -> dict[str, Row]:
    return look(frames())


def test_all_rows_of_a_healthy_chip_are_well(healthy: dict[str, Row]) -> None:
    assert [row.name for row in healthy.values() if not row.ok] == []
    assert len(healthy) >= 26


@pytest.mark.parametrize("rx", [1, 2, 3])
def test_noise_is_the_noise_that_was_put_in(healthy: dict[str, Row], rx: int) -> None:
    rounding = 1 / 12
    assert healthy[f"noise_rx{rx}"].value == pytest.approx(np.sqrt(4 + rounding), rel=0.02)


def test_an_offset_is_found() -> None:
    samples = frames()
    samples[..., 1] += 37

    found = look(samples)

    assert (found["offset_rx1"].value, found["offset_rx2"].value) == (
        pytest.approx(0, abs=0.5),
        pytest.approx(37, abs=0.5),
    )


@pytest.mark.parametrize(("temperature_c", "ok"), [(-25.0, False), (-15.0, True), (65.0, True), (75.0, False)])
def test_a_chip_outside_its_operating_range_is_not_well(temperature_c: float, ok: bool) -> None:
    found = look("noise", options=ChipOptions(temperature_mc=round(1000 * temperature_c)))
    assert found["temperature"].ok is ok


@pytest.mark.parametrize("temperature_c", [-10.0, 25.0, 60.0])
def test_the_temperature_is_the_chips(temperature_c: float) -> None:
    found = look("noise", options=ChipOptions(temperature_mc=round(1000 * temperature_c)))

    assert found["temperature"].value == pytest.approx(temperature_c, abs=1.7)  # a step of the converter


def test_a_tone_of_the_supply_is_seen_at_its_frequency() -> None:
    samples = frames()
    rng = np.random.Generator(np.random.Philox(6))
    t = np.arange(CONFIG.n_samples) / CONFIG.sample_rate_hz
    phases = rng.uniform(0, 2 * np.pi, (len(samples), CONFIG.n_chirps, 1))
    samples[..., 0] += 3.0 * np.cos(2 * np.pi * 500e3 * t + phases)

    row = look(samples)["supply_line_rx1"]

    assert not row.ok and "at 500 kHz" in row.unit


def test_an_echo_right_in_front_is_leakage(healthy: dict[str, Row]) -> None:
    samples = frames()
    n = np.arange(CONFIG.n_samples)
    samples[..., 2] += 400.0 * np.cos(2 * np.pi * 2 * n / CONFIG.n_samples)[None, None, :]

    leaking = look(samples)["leakage_rx3"].value

    assert isinstance(leaking, float) and leaking > float(healthy["leakage_rx3"].value or 0) + 30


def test_saturation_is_a_share() -> None:
    samples = frames()
    samples[:, :, :16, :] = 4095

    row = look(samples)["saturated"]

    assert (row.ok, row.value) == (False, pytest.approx(100 * 16 / 256))


def test_a_dead_antenna_is_bad() -> None:
    samples = frames()
    samples[..., 2] = 2048

    found = look(samples)

    assert [found[f"noise_rx{rx}"].ok for rx in (1, 2, 3)] == [True, True, False]


def test_broken_memory_is_bad() -> None:
    assert not look("noise", options=ChipOptions(memory_broken=1))["fifo_test"].ok


def test_flipped_bits_are_seen_in_test_mode() -> None:
    def spoil(real: Any) -> Any:
        def message(tx: Any, *rest: Any) -> bytes:
            rx = bytearray(real(tx, *rest))
            if len(rx) > 1000:
                rx[4] ^= 0x10  # a bit of the first sample of RX1
            return bytes(rx)

        return message

    row = look("noise", spoil)["lfsr_wrong"]

    assert (row.ok, row.value) == (False, 3)


def test_a_wire_that_is_off_ends_it_with_its_cure() -> None:
    found = look("noise", wiring=Wiring(rst=12, irq=24))

    assert list(found) == ["chip_id", "data_wires", "reset_wire", "interrupt_wire"]
    assert "its wire (GPIO25, header pin 22) is open" in found["interrupt_wire"].why


def test_frames_that_stop_are_bad_and_do_not_hang() -> None:
    found = look(frames(n=20))

    assert not found["frames_lost"].ok


def test_absent_parts_are_told_and_no_fault() -> None:
    found = look("noise", absent=frozenset({0x52, 0x44, 0x10}))

    assert {name: (row.ok, row.value) for name, row in found.items() if name.startswith("i2c")} == {
        "i2c_52": (True, "clock chip is absent"),
        "i2c_44": (True, "temperature and humidity is absent"),
        "i2c_10": (True, "light is absent"),
    }


def test_the_generator_has_the_chips_period() -> None:
    sequence = generator(4096)

    assert sequence[:8].tolist() == [0x001, 0x800, 0x400, 0x200, 0x100, 0x880, 0x440, 0x220]
    assert (sequence[4095], len(set(sequence[:4095].tolist()))) == (1, 4095)


def test_two_samples_lie_in_three_bytes() -> None:
    assert unpack(bytes([0xAB, 0xCD, 0xEF])).tolist() == [0xABC, 0xDEF]


def test_the_file_holds_figures_and_nothing_of_the_owner(healthy: dict[str, Row], tmp_path: Path) -> None:
    made = report(list(healthy.values()), True, {"spi_hz": 1})
    text = json.dumps(made, allow_nan=False)

    assert made["ok"] is True
    assert set(made) == {"schema", "version", "machine", "emulated", "bus", "ok", "rows"}
    assert set(made["machine"]) == {"model", "kernel", "cpu", "python"}
    assert all(isinstance(row["value"], int | float | str) for row in made["rows"])  # no list: no sample, no profile
    assert len(text) < 10_000


def test_a_person_reads_a_verdict_a_line(healthy: dict[str, Row]) -> None:
    bad = [*healthy.values(), Row("lfsr_wrong", 3, "samples", 0, 0, "disturbed wires")]
    text = lines(report(bad, True, {}))

    assert text[-2] == "BAD  lfsr_wrong        3 samples  (at least 0, at most 0); disturbed wires"
    assert text[-1].startswith("not all is well") and "EMULATED CHIP" in text[0]
