"""The simulated light sensor against its datasheet and application note: registers, resolution, times, the bend."""

from __future__ import annotations

import pytest

from hw_sim.chip.core import ffi, lib

NACK = -1
ON_US = 10_000
GAIN = {2: 1, 1: 0, 0.25: 3, 0.125: 2}
TIME_MS = {25: 12, 50: 8, 100: 0, 200: 1, 400: 2, 800: 3}


class Eye:
    """A sensor in a light that may change."""

    def __init__(self) -> None:
        self.memory = ffi.new("veml7700 *")
        lib.veml7700_init(self.memory)
        self.room = ffi.new("room *")
        lib.room_init(self.room)
        self.light = ffi.addressof(lib, "room_light")

    def lux(self, *points: tuple[int, float]) -> None:
        """(t_us, lx), straight lines between."""
        made = ffi.new("room_point[]", [(t_us, 0, 0, round(1000 * lux), 0) for t_us, lux in points])
        assert lib.room_set(self.room, made, len(points)) == 0

    def transfer(self, t_us: int, tx: bytes, n: int = 0) -> bytes | int:
        data = ffi.new("uint8_t[]", n + 1)
        status = int(lib.veml7700_transfer(self.memory, t_us, self.light, self.room, tx, len(tx), data, n))
        return bytes(ffi.buffer(data, n)) if status == 0 else status

    def set(self, t_us: int, number: int, word: int) -> None:
        assert self.transfer(t_us, bytes([number]) + word.to_bytes(2, "little")) == b""

    def get(self, t_us: int, number: int) -> int:
        data = self.transfer(t_us, bytes([number]), 2)
        assert isinstance(data, bytes)
        return int.from_bytes(data, "little")


def conf(gain: float, ms: int, shutdown: int = 0) -> int:
    return GAIN[gain] << 11 | TIME_MS[ms] << 6 | shutdown


def corrected(lux: float) -> float:
    """Of the application note."""
    return 6.0135e-13 * lux**4 - 9.3924e-9 * lux**3 + 8.1488e-5 * lux**2 + 1.0023 * lux


@pytest.fixture
def eye() -> Eye:
    return Eye()


def test_after_power_on_it_is_shut_down_and_has_its_name(eye: Eye) -> None:
    assert eye.get(0, 0) == 1 and eye.get(0, 7) == 0xC481
    eye.lux((0, 100.0))
    assert eye.get(10_000_000, 4) == 0


@pytest.mark.parametrize("ms", TIME_MS)
@pytest.mark.parametrize("gain", GAIN)
def test_counts_follow_gain_and_integration_time(eye: Eye, gain: float, ms: int) -> None:
    """0.0042 lx a count at gain 2 and 800 ms, in proportion otherwise."""
    eye.lux((0, 40.0))
    eye.set(ON_US, 0, conf(gain, ms))
    a_count = 0.0042 * (2 / gain) * (800 / ms)
    seen = eye.get(ON_US + 2500 + 1000 * ms, 4) * a_count
    assert corrected(seen) == pytest.approx(40.0, abs=0.6 * a_count)


def test_the_first_reading_comes_one_integration_after_the_settling(eye: Eye) -> None:
    eye.lux((0, 100.0))
    eye.set(ON_US, 0, conf(1, 100))
    assert eye.get(ON_US + 102_499, 4) == 0 and eye.get(ON_US + 102_500, 4) > 0


@pytest.mark.parametrize("lux", [10.0, 1000.0, 5000.0, 20_000.0, 100_000.0])
def test_the_notes_correction_straightens_the_bend(eye: Eye, lux: float) -> None:
    eye.lux((0, lux))
    eye.set(ON_US, 0, conf(0.125, 25))
    seen = eye.get(1_000_000, 4) * 0.0042 * 16 * 32
    assert corrected(seen) == pytest.approx(lux, rel=0.01, abs=1.5)
    assert seen < 0.7 * lux if lux > 5000 else seen > 0.7 * lux


def test_counts_end_at_16_bits(eye: Eye) -> None:
    eye.lux((0, 1000.0))
    eye.set(ON_US, 0, conf(2, 800))
    assert eye.get(2_000_000, 4) == 65535 and eye.get(2_000_000, 5) == 65535


def test_a_reading_is_of_the_end_of_its_integration(eye: Eye) -> None:
    """The light goes out at 500 ms; readings come every 100 ms from 12.5 ms on."""
    eye.lux((0, 50.0), (499_999, 50.0), (500_000, 0.0))
    eye.set(ON_US, 0, conf(1, 100))
    assert eye.get(600_000, 4) > 0 and eye.get(612_499, 4) == 0 == eye.get(612_500, 4) or eye.get(612_500, 4) == 0


def test_power_saving_spaces_the_readings(eye: Eye) -> None:
    eye.lux((0, 50.0))
    eye.set(0, 3, 0b101)  # mode 3: 2 s
    eye.set(ON_US, 0, conf(1, 100))
    assert eye.get(ON_US + 2500 + 2_099_999, 4) == 0 and eye.get(ON_US + 2500 + 2_100_000, 4) > 0


def test_a_new_setting_begins_anew(eye: Eye) -> None:
    eye.lux((0, 50.0))
    eye.set(ON_US, 0, conf(1, 100))
    before = eye.get(200_000, 4)
    eye.set(200_000, 0, conf(2, 100))
    assert eye.get(299_999, 4) == before
    assert eye.get(300_000, 4) == pytest.approx(2 * before, abs=1)


def test_readings_cannot_be_written_and_unknown_registers_do_not_answer(eye: Eye) -> None:
    eye.set(0, 4, 77)
    assert eye.get(0, 4) == 0 and eye.transfer(0, b"\x08", 2) == NACK and eye.transfer(0, b"", 2) == NACK
