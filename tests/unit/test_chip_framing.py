"""SPI windows: status byte, single and burst accesses, and the error rules."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.chip.chip import Chip, ChipOptions
from tests.chip_driver import running_chip

HS, FOU, BURST, CLK = 0xF4, 0x08, 0x02, 0x01  # high speed is set after a reset
CLK_NUM_ERR, SPI_BURST_ERR = 1 << 17, 1 << 18
FIFO_READ = bytes.fromhex("FFC00000")


def header(address: int, words: int, write: int = 0, low: int = 0) -> bytes:
    return (0xFF000000 | address << 17 | write << 16 | words << 9 | low).to_bytes(4, "big")


def test_single_read() -> None:
    assert Chip().transfer(b"\x04\0\0\0") == bytes.fromhex("F4000303")


def test_single_write_shows_the_previous_content() -> None:
    chip = Chip()
    assert chip.write("PLL1_0", 0x123456) == 0
    assert chip.write("PLL1_0", 0xABCDEF) == 0x123456
    assert chip.read("PLL1_0") == 0xABCDEF


def test_status_shows_the_high_speed_bit() -> None:
    chip = Chip()
    chip.write("SFCTL", 0x700000)
    assert chip.transfer(b"\x04\0\0\0")[0] == 0xF0


def test_vendor_order_mirrors_the_status_bits() -> None:
    chip = Chip(ChipOptions(gsr0_vendor_order=1))
    assert chip.transfer(b"\x04\0")[0] == 0xF0 | 0x2
    assert chip.transfer(b"\x04\0\0\0")[0] == 0xF0 | 0x2 | 0x8
    chip.burst_read(0x60, 3)
    assert chip.transfer(b"\x04\0\0\0")[0] == 0xF0 | 0x2 | 0x1


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_single_access_of_wrong_length(n: int) -> None:
    chip = Chip()
    write = bytes.fromhex("61123456") + bytes(8)  # PLL1_0
    chip.transfer(write[:n])
    assert chip.transfer(b"\x60\0\0\0") == bytes([HS | CLK]) + (b"\x12\x34\x56" if n > 4 else b"\0\0\0")


def test_an_error_is_shown_once_and_stays_in_fstat() -> None:
    chip = Chip()
    chip.transfer(b"\x04")
    assert [chip.transfer(b"\x04\0\0\0")[0] for _ in range(2)] == [HS | CLK, HS]
    assert chip.read("FSTAT") & CLK_NUM_ERR


def test_an_empty_window_is_ignored() -> None:
    chip = Chip()
    chip.transfer(b"\x04")
    chip.transfer()
    assert chip.transfer(b"\x04\0\0\0")[0] == HS | CLK


def test_burst_header_shows_status_and_zeros() -> None:
    assert Chip().transfer(header(0x02, 1), bytes(3)) == bytes.fromhex("F4000000000303")


# data bytes, bound in words, the error bits that follow
LENGTHS = [
    (0, 0, 0),
    (3, 0, 0),
    (6, 0, 0),
    (4, 0, CLK),
    (5, 0, CLK),
    (6, 2, 0),
    (3, 2, BURST),
    (9, 2, BURST),
    (0, 2, BURST),
    (5, 2, BURST | CLK),
    (7, 2, BURST | CLK),
    (378, 126, 0),
]


@pytest.mark.parametrize(("n_bytes", "bound", "errors"), LENGTHS)
def test_burst_length_rules(n_bytes: int, bound: int, errors: int) -> None:
    chip = Chip()
    chip.transfer(header(0x08, bound), bytes(n_bytes))
    fou = FOU if n_bytes > 3 * (0x60 - 0x08) else 0
    assert chip.transfer(b"\x04\0\0\0")[0] == HS | errors | fou


def test_short_burst_header_is_a_clock_error() -> None:
    chip = Chip()
    chip.transfer(b"\xff\xc0")
    assert chip.transfer(b"\x04\0\0\0")[0] == HS | CLK


def test_burst_read_counts_the_address_up() -> None:
    data = Chip().burst_read(0x04, 9, n_words=3)
    assert data == bytes.fromhex("196524040014710000")


def test_burst_write_counts_the_address_up() -> None:
    chip = Chip()
    chip.transfer(header(0x30, 2, write=1), bytes.fromhex("111111222222"))
    assert [chip.read(name) for name in ("PLL1_0", "PLL1_1", "PLL1_2")] == [0x111111, 0x222222, 0]


def test_words_beyond_the_bound_have_no_effect() -> None:
    chip = Chip()
    chip.transfer(header(0x30, 1, write=1), bytes.fromhex("111111222222"))
    assert chip.read("PLL1_1") == 0


@pytest.mark.parametrize("low", [0, 0x60, 0x1FF])
def test_low_bits_of_the_header_do_not_matter(low: int) -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    assert chip.transfer(header(0x60, 0, low=low), bytes(3))[4:] == bytes.fromhex("000001")


def test_burst_across_the_last_register_goes_on_in_the_fifo() -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    assert chip.burst_read(0x5E, 9)[6:] == bytes.fromhex("000001")


def test_single_fifo_read_takes_one_word() -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    assert [chip.read(0x60), chip.read(0x60)] == [0x000001, 0x002003]


def test_half_read_fifo_word_is_lost() -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    chip.transfer(FIFO_READ, bytes(4))
    assert chip.read(0x60) == 0x004005


def test_fifo_write_loses_data_and_warns() -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    chip.write(0x60, 0)
    assert (chip.read(0x60), chip.counters().warnings) == (0x002003, 1)


@given(st.binary(min_size=0, max_size=40), st.lists(st.integers(0, 40)), st.booleans())
def test_a_window_may_come_in_any_pieces(body: bytes, cuts: list[int], burst: bool) -> None:
    mosi = (b"\xff" if burst else b"") + body
    mosi = mosi.replace(b"\x01", b"\x00") if not burst else mosi
    at = sorted({0, len(mosi), *(cut for cut in cuts if cut < len(mosi))})
    whole, pieces = Chip(), Chip()
    expected = whole.transfer(mosi)
    got = pieces.transfer(*(mosi[a:b] for a, b in zip(at, at[1:], strict=False)))
    assert got == expected
    assert [pieces.read(address) for address in range(0x60)] == [whole.read(address) for address in range(0x60)]


def test_without_chip_select_nothing_is_heard() -> None:
    chip = Chip()
    assert chip.xfer(b"\x04\0\0\0") == b"\xff" * 4
    assert chip.counters().spi_bytes == 0


def test_in_reset_the_chip_does_not_answer() -> None:
    chip = Chip()
    chip.reset_pin(0)
    assert chip.transfer(b"\x04\0\0\0") == b"\xff" * 4
    chip.reset_pin(1)
    assert chip.read("CHIP_ID") == 0x303


def test_fifo_bursts_are_counted_with_their_headers() -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    before = chip.counters()
    chip.burst_read(0x60, 288)
    chip.read("FSTAT")
    after = chip.counters()
    assert after.fifo_burst_bytes - before.fifo_burst_bytes == 292
    assert after.spi_bytes - before.spi_bytes == 296


# The firmware's habit: header and data as two calls, data without MOSI bytes.
def test_functions_work_by_address() -> None:
    chip = Chip()
    call = chip.functions()
    cs = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32)(call["cs"])
    xfer = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)(
        call["xfer"]
    )
    rx = (ctypes.c_uint8 * 3)()
    assert cs(chip.address, 0) == 0
    assert xfer(chip.address, header(0x02, 1), None, 4) == 0
    assert xfer(chip.address, None, ctypes.addressof(rx), 3) == 0
    assert cs(chip.address, 1) == 0
    assert bytes(rx) == b"\x00\x03\x03"
