"""The simulated temperature and humidity sensor against its datasheet: commands, times, words, checksums."""

from __future__ import annotations

from typing import Any

import pytest

from hw_sim.chip.core import ffi, lib

AWAKE_US = 1000
NACK = -1


@pytest.fixture
def sensor() -> Any:
    memory = ffi.new("sht4x *")
    lib.sht4x_init(memory, 0x12345678)
    return memory


def transfer(sensor: Any, t_us: int, tx: bytes, n: int = 0, climate: tuple[int, int] = (25_000, 50_000)) -> bytes | int:
    """The bytes read, or NACK."""
    data = ffi.new("uint8_t[]", n + 1)
    status = int(lib.sht4x_transfer(sensor, t_us, *climate, tx, len(tx), data, n))
    return bytes(ffi.buffer(data, n)) if status == 0 else status


def crc(data: bytes) -> int:
    """CRC-8, x^8 + x^5 + x^4 + 1, begins at FF: bit by bit, highest first."""
    value = 0xFF
    for octet in data:
        for bit in range(7, -1, -1):
            out = (value >> 7) ^ (octet >> bit & 1)
            value = (value << 1 & 0xFF) ^ (0x31 if out else 0)
    return value


def words(data: bytes | int) -> tuple[int, int]:
    """Both words; their checksums are right."""
    assert isinstance(data, bytes) and crc(data[:2]) == data[2] and crc(data[3:5]) == data[5]
    return int.from_bytes(data[:2], "big"), int.from_bytes(data[3:5], "big")


def test_the_datasheets_example_of_a_checksum() -> None:
    assert lib.sht4x_crc(0xBE, 0xEF) == 0x92 == crc(b"\xbe\xef")


@pytest.mark.parametrize(
    ("code", "takes_us"),
    [(0xFD, 8300), (0xF6, 4500), (0xE0, 1600), (0x39, 1_100_000), (0x32, 110_000), (0x2F, 1_100_000), (0x15, 110_000)],
)
def test_while_it_measures_nobody_answers(sensor: Any, code: int, takes_us: int) -> None:
    assert transfer(sensor, AWAKE_US, bytes([code])) == b""
    assert transfer(sensor, AWAKE_US + takes_us - 1, b"", 6) == NACK
    assert transfer(sensor, AWAKE_US + takes_us - 1, b"\x89") == NACK
    words(transfer(sensor, AWAKE_US + takes_us, b"", 6))


@pytest.mark.parametrize(
    "climate", [(25_000, 50_000), (-12_345, 99_000), (20_004, 0), (60_000, 100_000), (130_000, 119_000)]
)
def test_words_are_the_datasheets_formulas(sensor: Any, climate: tuple[int, int]) -> None:
    transfer(sensor, AWAKE_US, b"\xfd", climate=climate)
    temperature, humidity = words(transfer(sensor, AWAKE_US + 8300, b"", 6))
    assert -45 + 175 * temperature / 65535 == pytest.approx(min(climate[0] / 1000, 130), abs=0.0014)
    assert -6 + 125 * humidity / 65535 == pytest.approx(climate[1] / 1000, abs=0.001)


def test_a_reading_is_given_once(sensor: Any) -> None:
    transfer(sensor, AWAKE_US, b"\xfd")
    words(transfer(sensor, 20_000, b"", 6))
    assert transfer(sensor, 20_000, b"", 6) == NACK


def test_the_serial_number_is_read_at_once(sensor: Any) -> None:
    assert words(transfer(sensor, AWAKE_US, b"\x89", 6)) == (0x1234, 0x5678)


def test_a_soft_reset_forgets_the_reading(sensor: Any) -> None:
    transfer(sensor, AWAKE_US, b"\xfd")
    assert transfer(sensor, 20_000, b"\x94") == b""
    assert transfer(sensor, 20_999, b"", 6) == NACK and transfer(sensor, 21_000, b"", 6) == NACK


@pytest.mark.parametrize("tx", [b"\x00", b"\xfd\x00"])
def test_what_is_no_command_is_not_acknowledged(sensor: Any, tx: bytes) -> None:
    assert transfer(sensor, AWAKE_US, tx) == NACK


def test_wrong_checksums_are_a_fault(sensor: Any) -> None:
    sensor.wrong_crc = 1
    transfer(sensor, AWAKE_US, b"\xfd")
    data = transfer(sensor, 20_000, b"", 6)
    assert isinstance(data, bytes) and crc(data[:2]) != data[2]
