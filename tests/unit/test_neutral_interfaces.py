"""One driver, every neutral interface: what it reads is the chip's, whichever way it is attached."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from hw_sim.bare_board import BareBoard, SocketBoard
from hw_sim.raspberry_pi.spidev import SpiDev
from hw_sim.spi_server import SpiServer
from tests.bus_driver import (
    CHIP_ID,
    EMPTY,
    FIFO_RESET,
    FOF,
    FSM_RESET,
    FSTAT,
    FUF,
    GSR_FOU,
    GSR_HS,
    HIGH_SPEED,
    LFSR_EN,
    MAIN,
    SFCTL,
    SW_RESET,
    Driver,
    lfsr,
    ramp,
    register_list,
)

FILL_MASK = 0x3FFF


def over_pins(stack: ExitStack) -> Driver:
    """Header and data as two transfers of one window."""
    board = stack.enter_context(BareBoard("ramp"))

    def window(tx: bytes) -> bytes:
        board.cs(0)
        rx = board.xfer(tx[:4]) + (board.xfer(tx[4:]) if tx[4:] else b"")
        board.cs(1)
        return rx

    return Driver(window, board.rst, lambda s: board.wait_irq(round(s * 1e9)))


def over_spidev(stack: ExitStack) -> Driver:
    board = stack.enter_context(BareBoard("ramp"))
    spi = stack.enter_context(SpiDev(board, 0, 0, bufsiz=65536))
    return Driver(lambda tx: bytes(spi.xfer3(list(tx))), board.rst, lambda s: board.wait_irq(round(s * 1e9)))


def served(stack: ExitStack, where: str) -> SocketBoard:
    """A board behind a socket, served by a thread."""
    ended = threading.Event()
    board = stack.enter_context(BareBoard("ramp"))
    server = stack.enter_context(SpiServer(board, where))
    thread = threading.Thread(target=server.serve, args=(ended.is_set,))
    thread.start()
    stack.callback(thread.join)
    stack.callback(ended.set)
    client: SocketBoard = stack.enter_context(SocketBoard(server.address))
    return client


def over_socket(stack: ExitStack) -> Driver:
    """Header and data as two requests that keep chip select."""
    board = served(stack, stack.enter_context(tempfile.TemporaryDirectory()) + "/spi")

    def window(tx: bytes) -> bytes:
        board.cs(0)
        rx = board.xfer(tx[:4]) + (board.xfer(tx[4:]) if tx[4:] else b"")
        board.cs(1)
        return rx

    return Driver(window, board.rst, lambda s: board.wait_irq(round(s * 1e9)))


def over_tcp(stack: ExitStack) -> Driver:
    """SpiDev on a board behind TCP."""
    board = served(stack, "tcp:0")
    spi = stack.enter_context(SpiDev(board, 0, 0, bufsiz=65536))
    return Driver(lambda tx: bytes(spi.xfer3(list(tx))), board.rst, lambda s: board.wait_irq(round(s * 1e9)))


WAYS: dict[str, Callable[[ExitStack], Driver]] = {
    "pins": over_pins,
    "spidev": over_spidev,
    "socket": over_socket,
    "spidev over TCP": over_tcp,
}


@pytest.fixture(params=WAYS)
def driver(request: Any) -> Iterator[Driver]:
    with ExitStack() as stack:
        yield WAYS[request.param](stack)


def configured(driver: Driver, limit: int, **changes: int) -> None:
    for word in register_list(**changes):
        driver.access(word)
    driver.limit(limit)


def test_chip_id(driver: Driver) -> None:
    assert driver.read(CHIP_ID) == 0x000303
    assert driver.gsr0 & 0xF0 == 0xF0


def test_a_list_of_38_words_reads_back(driver: Driver) -> None:
    words = [word for word in register_list() if word >> 25 != MAIN]
    for word in words:
        driver.access(word)
    assert len(words) in (37, 38)
    assert [driver.read(word >> 25) for word in words] == [word & 0xFFFFFF for word in words]


@pytest.mark.parametrize(("rx_mask", "n_rx"), [(1, 1), (5, 2), (7, 3)])
def test_ramp_frames_are_bit_exact(driver: Driver, rx_mask: int, n_rx: int) -> None:
    size = 64 * 4 * n_rx
    configured(driver, size, rx_mask=rx_mask)
    driver.start()
    for frame in range(70):  # the board lends 64 at a time
        assert driver.wait(1.0)
        assert (driver.fifo(size) == ramp(frame, 4, 64 * n_rx)).all(), f"frame {frame}"
    assert not driver.gsr0 & 0x0F


def test_the_ramp_begins_anew_with_the_frames(driver: Driver) -> None:
    configured(driver, 768)
    driver.start()
    driver.wait(1.0)
    driver.fifo(768)
    driver.reset(FIFO_RESET)
    driver.start()
    driver.wait(1.0)
    assert (driver.fifo(768) == ramp(0, 4, 192)).all()


def test_test_words_run_on_across_frames(driver: Driver) -> None:
    configured(driver, 256, rx_mask=1)
    driver.write(SFCTL, driver.read(SFCTL) | LFSR_EN)
    driver.start()
    found: list[int] = []
    while len(found) < 5000:
        assert driver.wait(1.0)
        found += driver.fifo(256).tolist()
    assert found == lfsr(len(found)).tolist()


def test_overflow_is_said_and_a_fifo_reset_recovers(driver: Driver) -> None:
    configured(driver, 768)
    driver.start()
    slept_s = 0.0
    while not driver.read(FSTAT) & FOF and slept_s < 3.0:  # 16384 samples last 21 frames
        driver.wait(1.0)
        driver.read(FSTAT)
        slept_s += 0.05
        sleep(driver, 0.05)
    assert driver.read(FSTAT) & FOF
    assert driver.gsr0 & GSR_FOU
    assert driver.reset(FIFO_RESET)
    assert driver.read(FSTAT) & (FOF | FUF | EMPTY) == EMPTY
    driver.start()
    assert driver.wait(1.0)
    assert (driver.fifo(768) == ramp(0, 4, 192)).all()


def sleep(driver: Driver, seconds: float) -> None:
    """Time goes on although the pin is high: the limit is put out of reach meanwhile."""
    before = driver.read(SFCTL)
    driver.write(SFCTL, before | 0x1FFF)
    driver.wait(seconds)
    driver.write(SFCTL, before)


def test_reading_too_much_gives_ones_and_is_said(driver: Driver) -> None:
    configured(driver, 768)
    driver.start()
    driver.wait(1.0)
    found = driver.fifo(768 + 8)
    assert (found[768:] == 0xFFF).all()
    assert driver.read(FSTAT) & FUF and driver.gsr0 & GSR_FOU


def test_high_speed_shows_in_the_status_byte(driver: Driver) -> None:
    driver.write(SFCTL, driver.read(SFCTL) & ~HIGH_SPEED)
    driver.read(CHIP_ID)
    slow = driver.gsr0
    driver.write(SFCTL, driver.read(SFCTL) | HIGH_SPEED)
    driver.read(CHIP_ID)
    assert (slow & GSR_HS, driver.gsr0 & GSR_HS) == (0, GSR_HS)


def test_a_hard_reset_in_mid_frame_forgets_everything(driver: Driver) -> None:
    configured(driver, 100)  # a seventh of a frame
    driver.start()
    assert driver.wait(1.0)
    driver.hard_reset()
    assert driver.read(FSTAT) & (FILL_MASK | EMPTY) == EMPTY
    assert driver.read(MAIN) == 0x1E0000
    assert not driver.wait(1.0)


@pytest.mark.parametrize("bit", [SW_RESET, FSM_RESET, FIFO_RESET])
def test_soft_resets_clear_their_bit_and_stop_the_frames(driver: Driver, bit: int) -> None:
    configured(driver, 768)
    driver.start()
    driver.wait(1.0)
    driver.fifo(768)
    assert driver.reset(bit)
    assert not driver.wait(1.0)
