"""SpiDev: lists, limits, pieces and errors as on a Raspberry Pi."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hw_sim.bare_board import BareBoard
from hw_sim.raspberry_pi.spidev import PATH, SPEED_HZ, SpiDev
from tests.bus_driver import BURST, CLK_ERR, FSTAT, SFCTL, Driver, register_list

READ_ID = [4, 0, 0, 0]
ID = [0xF4, 0, 3, 3]  # MISO_HS after reset


@pytest.fixture
def board() -> Iterator[BareBoard]:
    with BareBoard() as made:
        yield made


@pytest.fixture
def spi(board: BareBoard) -> SpiDev:
    return SpiDev(board, 0, 0)


def windows(board: BareBoard) -> list[int]:
    """Length of every chip-select window from now on."""
    found: list[int] = []
    inner: Callable[..., bytes] = board._window

    def counted(tx: bytes) -> bytes:
        found.append(len(tx))
        return inner(tx)

    board._window = counted  # type: ignore[method-assign]
    return found


def test_a_list_is_overwritten_and_returned(spi: SpiDev) -> None:
    values = list(READ_ID)
    assert spi.xfer2(values) is values
    assert values == ID


@pytest.mark.parametrize(
    ("values", "expected"),
    [(tuple(READ_ID), tuple(ID)), (bytes(READ_ID), ID), (bytearray(READ_ID), ID), (range(4), [0xF4, 0x1E, 0, 0])],
)
@pytest.mark.parametrize("call", ["xfer", "xfer2"])
def test_what_comes_back_for_what_went_in(spi: SpiDev, call: str, values: Any, expected: Any) -> None:
    found = getattr(spi, call)(values)
    assert found == expected and type(found) is type(expected)


def test_xfer3_gives_a_tuple(spi: SpiDev) -> None:
    assert spi.xfer3(list(READ_ID)) == tuple(ID)


def test_values_are_cut_to_a_byte(spi: SpiDev) -> None:
    assert spi.xfer2([4 + 256, -256, 2**70, 0]) == ID


def test_reading_sends_zeros_and_writing_drops_the_answer(spi: SpiDev) -> None:
    assert spi.readbytes(4) == [0xF4, 0x1E, 0, 0]
    assert spi.writebytes([0x0D, 0x70, 0, 5]) is None  # type: ignore[func-returns-value]
    assert spi.xfer2([0x0C, 0, 0, 0])[1:] == [0x70, 0, 5]


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-3, 1), (3, 3), (5000, 4096)])
def test_reads_are_at_least_1_and_at_most_4096(spi: SpiDev, asked: int, given: int) -> None:
    assert len(spi.readbytes(asked)) == given


@pytest.mark.parametrize("values", [[], ()])
@pytest.mark.parametrize("call", ["xfer", "xfer2", "xfer3", "writebytes", "writebytes2"])
def test_nothing_to_send_is_a_type_error(spi: SpiDev, call: str, values: Any) -> None:
    with pytest.raises(TypeError, match="at least one"):
        getattr(spi, call)(values)


LONG = [0xFF, 0xC0, 0, 0] + [0] * 3072


@pytest.mark.parametrize(
    "values",
    [
        [1.0], ["a"], [None], [1, np.uint8(2)], np.zeros(4, np.uint8), LONG + ["a"], LONG + [None],
        LONG[:4] + list(np.zeros(3072, np.uint8)), [0xFF, np.uint8(0xC0), *LONG[2:]], LONG + list(np.zeros(30, np.uint8)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", ["xfer2", "xfer3", "writebytes"])
def test_only_integers_of_python_are_values(spi: SpiDev, call: str, values: Any) -> None:
    with pytest.raises(TypeError, match="expected integers"):
        getattr(spi, call)(values)


def test_writebytes2_takes_a_buffer(spi: SpiDev) -> None:
    spi.writebytes2(np.array([0x0D, 0x70, 0, 9], np.uint8))
    assert spi.xfer2([0x0C, 0, 0, 0])[1:] == [0x70, 0, 9]


@pytest.mark.parametrize("call", ["xfer", "xfer2", "writebytes"])
def test_a_list_above_4096_overflows(spi: SpiDev, call: str) -> None:
    with pytest.raises(OverflowError, match="4097"):
        getattr(spi, call)([0] * 4097)


def test_the_kernels_buffer_may_be_smaller(board: BareBoard) -> None:
    spi = SpiDev(board, 0, 0, bufsiz=2048)
    with pytest.raises(OSError) as caught:
        spi.xfer2([0] * 2049)
    assert caught.value.errno == errno.EMSGSIZE


@pytest.mark.parametrize(("bufsiz", "expected"), [(4096, [4096, 4096, 1808]), (65536, [10000]), (None, [10000])])
@pytest.mark.parametrize("call", ["xfer3", "writebytes2"])
def test_chip_select_is_released_between_pieces(
    board: BareBoard, call: str, bufsiz: int | None, expected: list[int]
) -> None:
    found = windows(board)
    getattr(SpiDev(board, 0, 0, bufsiz=bufsiz), call)([0] * 10_000)
    assert found == expected


def test_a_burst_in_pieces_is_broken_as_on_the_wire(board: BareBoard) -> None:
    """Real trap: the second piece begins with data where the chip expects a command."""
    spi = SpiDev(board, 0, 0)
    driver = Driver(lambda tx: bytes(spi.xfer2(list(tx))), board.rst, lambda s: board.wait_irq(round(s * 1e9)))
    for word in register_list(n_samples=256, n_chirps=8):
        driver.access(word)
    driver.limit(6144)
    driver.start()
    assert driver.wait(1.0)
    spi.xfer3(list(BURST) + [0] * 9216)
    assert driver.read(FSTAT) & CLK_ERR


def test_no_limit_at_all(board: BareBoard) -> None:
    spi = SpiDev(board, 0, 0, bufsiz=None)
    assert len(spi.xfer2([0] * 20_000)) == 20_000 and len(spi.readbytes(5000)) == 5000


def test_a_closed_device_is_a_bad_descriptor(board: BareBoard) -> None:
    spi = SpiDev(board)
    assert spi.fileno() == -1
    actions: list[Callable[[], Any]] = [
        lambda: spi.xfer2([0]),
        lambda: spi.readbytes(1),
        lambda: setattr(spi, "mode", 1),
        lambda: setattr(spi, "max_speed_hz", 5),
        lambda: setattr(spi, "no_cs", True),
    ]
    for action in actions:
        with pytest.raises(OSError) as caught:
            action()
        assert caught.value.errno == errno.EBADF


def test_only_the_wired_device_exists(board: BareBoard, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SpiDev(board, 1, 0)
    (tmp_path / "radar").symlink_to(PATH)
    spi = SpiDev(board)
    spi.open_path(tmp_path / "radar")
    assert spi.xfer2(list(READ_ID)) == ID


def test_closing_forgets_the_settings(board: BareBoard) -> None:
    with SpiDev(board, 0, 0) as spi:
        assert (spi.max_speed_hz, spi.bits_per_word, spi.mode) == (SPEED_HZ, 8, 0)
        spi.mode, spi.max_speed_hz = 3, 1_000_000
    assert (spi.mode, spi.max_speed_hz, spi.bits_per_word, spi.fileno()) == (0, 0, 0, -1)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("mode", 4, TypeError), ("mode", "0", TypeError), ("bits_per_word", 7, TypeError), ("bits_per_word", 16, OSError),
        ("cshigh", 1, TypeError), ("loop", True, OSError), ("lsbfirst", True, OSError), ("max_speed_hz", 1e6, TypeError),
        ("read0", 0, TypeError),
    ],
)  # fmt: skip
def test_settings_that_are_refused(spi: SpiDev, name: str, value: Any, error: type[Exception]) -> None:
    before = getattr(spi, name)
    with pytest.raises(error):
        setattr(spi, name, value)
    assert getattr(spi, name) == before


def test_mode_3_reads_like_mode_0_and_mode_1_is_said(spi: SpiDev) -> None:
    spi.mode = 3
    assert spi.xfer2(list(READ_ID)) == ID
    spi.mode = 1
    with pytest.raises(OSError, match="speaks SPI mode 0"):
        spi.xfer2(list(READ_ID))


def test_without_chip_select_the_chip_is_silent(board: BareBoard, spi: SpiDev) -> None:
    spi.no_cs = True
    assert spi.xfer2(list(READ_ID)) == [0xFF] * 4
    board.cs(0)
    assert spi.xfer2(list(READ_ID)) == ID
    board.cs(1)


def test_chip_select_the_wrong_way_round(spi: SpiDev) -> None:
    spi.cshigh = True
    assert spi.xfer2(list(READ_ID)) == [0xFF] * 4
    spi.cshigh = False
    assert spi.xfer2(list(READ_ID)) == ID


def test_three_wires_cannot_do_both_ways(spi: SpiDev) -> None:
    spi.threewire = True
    with pytest.raises(OSError) as caught:
        spi.xfer2(list(READ_ID))
    assert caught.value.errno == errno.EINVAL


def test_a_delay_takes_virtual_time(board: BareBoard, spi: SpiDev) -> None:
    assert spi.xfer2(list(READ_ID), 1_000_000, 250, 8) == ID
    assert board.time_ns() == 250_000


def test_a_register_keeps_what_was_written(spi: SpiDev) -> None:
    driver = Driver(lambda tx: bytes(spi.xfer2(list(tx))), lambda level: None, lambda s: False)
    driver.write(SFCTL, 0x712345)
    assert driver.read(SFCTL) == 0x712345
