"""The NOR flash: bits fall by programming and rise by erasing; while busy nothing else happens."""

from __future__ import annotations

from typing import Any

import pytest

from hw_sim.chip.core import ffi, lib


@pytest.fixture
def flash() -> Any:
    memory = ffi.new("nor_flash *")
    lib.nor_flash_init(memory)
    return memory


def read(flash: Any, now_us: int, address: int, n: int) -> bytes | int:
    """The bytes, or the status when refused."""
    data = ffi.new("uint8_t[]", max(n, 1))
    status = int(lib.nor_flash_read(flash, now_us, address, data, n))
    return bytes(ffi.buffer(data, n)) if status == 0 else status


def program(flash: Any, now_us: int, address: int, data: bytes) -> int:
    return int(lib.nor_flash_program(flash, now_us, address, data, len(data)))


def test_programming_clears_bits_and_never_sets_them(flash: Any) -> None:
    assert program(flash, 0, 16, b"\xf0\x0f") == 0
    assert program(flash, 700, 16, b"\x3c\xff") == 0
    assert read(flash, 1400, 15, 4) == b"\xff\x30\x0f\xff"


def test_erasing_sets_one_sector(flash: Any) -> None:
    for n, address in enumerate((4095, 4096, 8191, 8192)):
        program(flash, 1000 * n, address, b"\0")
    assert lib.nor_flash_erase(flash, 10_000, 5000) == 0
    assert [read(flash, 60_000, address, 1) for address in (4095, 4096, 8191, 8192)] == [
        b"\0",
        b"\xff",
        b"\xff",
        b"\0",
    ]


@pytest.mark.parametrize(("begin", "busy_us"), [("program", 700), ("erase", 45_000)])
def test_all_is_refused_while_busy(flash: Any, begin: str, busy_us: int) -> None:
    assert (program(flash, 5, 0, b"\x55") if begin == "program" else lib.nor_flash_erase(flash, 5, 0)) == 0
    before = bytes(ffi.buffer(flash.bytes))
    last_us = 5 + busy_us - 1
    assert lib.nor_flash_busy(flash, last_us) == 1
    refused = (read(flash, last_us, 0, 1), program(flash, last_us, 0, b"\0"), lib.nor_flash_erase(flash, last_us, 0))
    assert refused == (lib.NOR_FLASH_BUSY,) * 3
    assert bytes(ffi.buffer(flash.bytes)) == before
    assert lib.nor_flash_busy(flash, last_us + 1) == 0
    assert read(flash, last_us + 1, 0, 1) == before[:1]


@pytest.mark.parametrize(("address", "n"), [(65536, 1), (65535, 2), (0, 0), (255, 2), (0, 257), (2**32 - 1, 2)])
def test_what_does_not_fit_is_refused(flash: Any, address: int, n: int) -> None:
    assert program(flash, 0, address, bytes(n)) == lib.NOR_FLASH_IMPOSSIBLE
    assert lib.nor_flash_busy(flash, 0) == 0
    assert bytes(ffi.buffer(flash.bytes)) == b"\xff" * 65536


def test_a_stuck_flash_accepts_and_forgets(flash: Any) -> None:
    program(flash, 0, 0, b"\x12")
    flash.stuck_from_us = 1000
    assert program(flash, 1000, 0, b"\0") == 0
    assert lib.nor_flash_erase(flash, 2000, 0) == 0
    assert read(flash, 50_000, 0, 1) == b"\x12"
