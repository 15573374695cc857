"""The NOR flash: bits fall by programming and rise by erasing; while busy nothing else happens."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from hw_sim.chip.core import ffi, lib
from hw_sim.flash_chip import FLASH_BYTES, SECTOR_BYTES, FlashContent, FlashPages

KEPT: Any = weakref.WeakKeyDictionary()  # the pages of each flash


@pytest.fixture
def flash() -> Any:
    return made(1)


def made(seed: int, size: int = 65_536) -> Any:
    memory, pages = ffi.new("nor_flash *"), FlashPages(size)
    lib.nor_flash_init(memory, pages.bytes, size, seed)
    KEPT[memory] = pages
    return memory


def content(flash: Any) -> bytes:
    return FlashContent(flash, KEPT[flash]).all()


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
    before = content(flash)
    last_us = 5 + busy_us - 1
    assert lib.nor_flash_busy(flash, last_us) == 1
    refused = (read(flash, last_us, 0, 1), program(flash, last_us, 0, b"\0"), lib.nor_flash_erase(flash, last_us, 0))
    assert refused == (lib.NOR_FLASH_BUSY,) * 3
    assert content(flash) == before
    assert lib.nor_flash_busy(flash, last_us + 1) == 0
    assert read(flash, last_us + 1, 0, 1) == before[:1]


@pytest.mark.parametrize(("address", "n"), [(65536, 1), (65535, 2), (0, 0), (255, 2), (0, 257), (2**32 - 1, 2)])
def test_what_does_not_fit_is_refused(flash: Any, address: int, n: int) -> None:
    assert program(flash, 0, address, bytes(n)) == lib.NOR_FLASH_IMPOSSIBLE
    assert lib.nor_flash_busy(flash, 0) == 0
    assert content(flash) == b"\xff" * 65536


def test_sixteen_megabytes_are_there_to_the_last_byte() -> None:
    flash = made(1, FLASH_BYTES)
    assert program(flash, 0, FLASH_BYTES - 1, b"\x12") == 0
    assert read(flash, 700, FLASH_BYTES - 2, 2) == b"\xff\x12"
    assert program(flash, 700, FLASH_BYTES, b"\0") == lib.NOR_FLASH_IMPOSSIBLE
    assert content(flash) == b"\xff" * (FLASH_BYTES - 1) + b"\x12"


def test_a_sector_nobody_touched_is_erased_whatever_its_memory_holds(flash: Any) -> None:
    ffi.memmove(flash.bytes, bytes(2 * SECTOR_BYTES), 2 * SECTOR_BYTES)
    program(flash, 0, SECTOR_BYTES - 1, b"\x12")
    assert read(flash, 700, SECTOR_BYTES - 2, 3) == b"\xff\x12\xff"
    assert list(FlashContent(flash, KEPT[flash]).sectors()) == [0]


@pytest.mark.parametrize("size", [32_768, 100_000, 2 * FLASH_BYTES])
def test_a_size_that_no_part_has_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"flash_bytes: expected a power of two from 65536 to 16777216, got {size}"):
        FlashPages(size)


def test_what_is_loaded_stands_alone(flash: Any) -> None:
    held = FlashContent(flash, KEPT[flash])
    program(flash, 0, 3 * SECTOR_BYTES, b"\0")
    held.load(b"kept")
    assert content(flash) == b"kept".ljust(65_536, b"\xff")
    with pytest.raises(ValueError, match="expected at most 65536 bytes, got 65537"):
        held.load(bytes(65_537))


def test_each_sector_of_a_large_flash_has_its_own_wear() -> None:
    flash = made(1, FLASH_BYTES)
    for n in range(2):
        lib.nor_flash_erase(flash, 100_000 * n, FLASH_BYTES - 1)
    wear = FlashContent(flash, KEPT[flash]).wear
    assert (len(wear), wear[-1], sum(wear)) == (4096, 2, 2)


def test_a_stuck_flash_accepts_and_forgets(flash: Any) -> None:
    program(flash, 0, 0, b"\x12")
    flash.stuck_from_us = 1000
    assert program(flash, 1000, 0, b"\0") == 0
    assert lib.nor_flash_erase(flash, 2000, 0) == 0
    assert read(flash, 50_000, 0, 1) == b"\x12"


# --- power lost in the middle


def cut(flash: Any, now_us: int) -> None:
    lib.nor_flash_power_off(flash, now_us)


def bits(data: bytes) -> int:
    return int.from_bytes(data, "big").bit_count()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_torn_program_leaves_some_of_the_wanted_zeros(flash: Any, share: float) -> None:
    program(flash, 0, 0, bytes(256))
    cut(flash, round(700 * share))
    left = read(flash, 1000, 0, 256)
    assert isinstance(left, bytes) and bits(left) == pytest.approx((1 - share) * 2048, abs=120)
    assert flash.torn == 1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_torn_erase_leaves_a_mixture(flash: Any, share: float) -> None:
    """Of zeros and of ones some are the other way round afterwards."""
    for page in range(16):
        program(flash, 1000 * page, 256 * page, bytes(128) + b"\xff" * 128)
    lib.nor_flash_erase(flash, 20_000, 0)
    cut(flash, 20_000 + round(45_000 * share))
    zeros, ones = (b"".join(read(flash, 70_000, 256 * p + at, 128) for p in range(16)) for at in (0, 128))  # type: ignore[misc]
    assert bits(zeros) == pytest.approx(share * 16384, abs=400)
    lost = 16384 * (1 - share) ** 2 / 4
    assert 16384 - bits(ones) == pytest.approx(lost, abs=max(20, 0.2 * lost))


def test_what_a_cut_leaves_is_the_seeds(flash: Any) -> None:
    def left(seed: int) -> bytes | int:
        other = made(seed)
        program(other, 0, 0, bytes(64))
        cut(other, 350)
        return read(other, 1000, 0, 64)

    assert left(1) == left(1) != left(2)


def test_a_cut_at_rest_changes_nothing(flash: Any) -> None:
    program(flash, 0, 0, b"kept")
    cut(flash, 700)
    assert read(flash, 700, 0, 5) == b"kept\xff" and flash.torn == 0


# --- wear and time


def test_a_sector_beyond_its_endurance_has_cells_that_hold_nothing(flash: Any) -> None:
    flash.endurance = 2
    for n in range(2):
        lib.nor_flash_erase(flash, n * 100_000, 0)
    for n in range(32):
        program(flash, 500_000 + 1000 * n, 256 * n, bytes(256))
    worn, whole = read(flash, 700_000, 0, 4096), read(flash, 700_000, 4096, 4096)
    assert isinstance(worn, bytes) and 1 <= bits(worn) < 12 and whole == bytes(4096)
    assert list(flash.wear)[:2] == [2, 0]


def test_times_can_be_the_datasheets_maximum(flash: Any) -> None:
    flash.program_us, flash.erase_us = lib.NOR_FLASH_PROGRAM_MAX_US, lib.NOR_FLASH_ERASE_MAX_US
    program(flash, 0, 0, b"\0")
    assert lib.nor_flash_busy(flash, 2999) and not lib.nor_flash_busy(flash, 3000)
    lib.nor_flash_erase(flash, 3000, 0)
    assert lib.nor_flash_busy(flash, 402_999) and not lib.nor_flash_busy(flash, 403_000)
