"""GPIO after libgpiod version 2: lines, values, edges with virtual time stamps, refusals."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from hw_sim.bare_board import BareBoard
from hw_sim.raspberry_pi.gpiod import Bias, Direction, Edge, EdgeEvent, Gpiod, LineSettings, RequestReleasedError, Value
from hw_sim.raspberry_pi.header_pins import NothingComes, Wiring
from hw_sim.raspberry_pi.spidev import SpiDev
from tests.bus_driver import CHIP_ID, FSM_RESET, MAIN, SFCTL, Driver, register_list

CHIP = "/dev/gpiochip0"
OUT = LineSettings(direction=Direction.OUTPUT, output_value=Value.ACTIVE)
RISING = LineSettings(direction=Direction.INPUT, edge_detection=Edge.RISING)


@pytest.fixture
def board() -> Iterator[BareBoard]:
    with BareBoard() as made:
        yield made


@pytest.fixture
def gpio(board: BareBoard) -> Gpiod:
    return Gpiod(board)


@pytest.fixture
def driver(board: BareBoard) -> Driver:
    spi = SpiDev(board, 0, 0)
    return Driver(lambda tx: bytes(spi.xfer2(list(tx))), board.rst, lambda s: board.wait_irq(round(s * 1e9)))


def begin(driver: Driver, limit: int = 768) -> None:
    for word in register_list():
        driver.access(word)
    driver.limit(limit)
    driver.start()


def test_an_edge_is_waited_for_and_has_its_virtual_time(board: BareBoard, gpio: Gpiod, driver: Driver) -> None:
    begin(driver)
    with gpio.request_lines(CHIP, consumer="test", config={25: RISING}) as request:
        assert request.wait_edge_events(timedelta(seconds=1))
        (event,) = request.read_edge_events()
        assert (event.line_offset, event.event_type, event.line_seqno) == (25, EdgeEvent.Type.RISING_EDGE, 1)
        assert event.timestamp_ns == board.time_ns()
        assert request.get_value(25) is Value.ACTIVE


@pytest.mark.parametrize("step_ns", [10**9, 10**6, 1000])
def test_the_time_stamp_does_not_depend_on_how_time_went(board: BareBoard, driver: Driver, step_ns: int) -> None:
    begin(driver, 2)
    gpio = Gpiod(board)
    with gpio.request_lines(CHIP, {25: RISING}) as request:
        for _ in range(max(1, 2_000_000 // step_ns)):
            board.advance(step_ns)
        stamp = request.read_edge_events()[0].timestamp_ns
    with BareBoard() as other:
        spi = SpiDev(other, 0, 0)
        begin(Driver(lambda tx: bytes(spi.xfer2(list(tx))), other.rst, lambda s: False), 2)
        assert other.wait_irq(10**9)
        assert stamp == other.time_ns()


def test_every_access_to_a_full_fifo_makes_a_new_edge(gpio: Gpiod, driver: Driver) -> None:
    begin(driver)
    driver.wait(1.0)
    both = LineSettings(direction=Direction.INPUT, edge_detection=Edge.BOTH)
    with gpio.request_lines(CHIP, {25: both}) as request:
        driver.read(CHIP_ID)
        driver.read(CHIP_ID)
        kinds = [event.event_type.name for event in request.read_edge_events()]
        assert kinds == ["FALLING_EDGE", "RISING_EDGE"] * 2
        assert not request.wait_edge_events(0)


def test_active_low_turns_values_and_edges(gpio: Gpiod, driver: Driver) -> None:
    begin(driver)
    falling = LineSettings(direction=Direction.INPUT, edge_detection=Edge.FALLING, active_low=True)
    with gpio.request_lines(CHIP, {25: falling}) as request:
        assert request.get_value(25) is Value.ACTIVE
        assert request.wait_edge_events(1.0)
        assert request.read_edge_events()[0].event_type is EdgeEvent.Type.FALLING_EDGE
        assert request.get_value(25) is Value.INACTIVE


def test_a_timeout_is_virtual(board: BareBoard, gpio: Gpiod) -> None:
    with gpio.request_lines(CHIP, {25: RISING}) as request:
        assert not request.wait_edge_events(timedelta(minutes=5))
        assert board.time_ns() == 300 * 10**9


def test_waiting_for_ever_for_nothing_is_said(gpio: Gpiod) -> None:
    with gpio.request_lines(CHIP, {25: RISING}) as request, pytest.raises(NothingComes):
        request.read_edge_events()


def test_no_more_events_are_kept_than_the_kernel_would(gpio: Gpiod, driver: Driver) -> None:
    begin(driver)
    driver.wait(1.0)
    with gpio.request_lines(CHIP, {25: RISING}) as request:
        for _ in range(40):
            driver.read(CHIP_ID)
        numbers = [event.line_seqno for event in request.read_edge_events(max_events=64)]
    assert numbers == list(range(25, 41))


def test_as_many_events_are_kept_as_were_asked_for(gpio: Gpiod, driver: Driver) -> None:
    begin(driver)
    driver.wait(1.0)
    with gpio.request_lines(CHIP, {25: RISING}, event_buffer_size=30) as request:
        for _ in range(40):
            driver.read(CHIP_ID)
        assert [event.line_seqno for event in request.read_edge_events()] == list(range(11, 41))


def test_a_request_nobody_holds_gives_its_lines_back(gpio: Gpiod, driver: Driver) -> None:
    held = gpio.request_lines(CHIP, {12: LineSettings(direction=Direction.OUTPUT)})
    assert driver.read(CHIP_ID) == 0xFFFFFF
    del held
    assert driver.read(CHIP_ID) == 0x000303
    assert gpio.request_lines(CHIP, {12: OUT})


def test_the_reset_line_resets(gpio: Gpiod, driver: Driver) -> None:
    driver.write(SFCTL, 0x712345)
    with gpio.request_lines(CHIP, {12: OUT}) as request:
        assert driver.read(SFCTL) == 0x712345
        request.set_value(12, Value.INACTIVE)
        assert driver.window(bytes(4)) == b"\xff" * 4
        assert request.get_values() == [Value.INACTIVE]
        request.set_value(12, Value.ACTIVE)
    assert driver.read(SFCTL) == 0x710000


def test_a_line_that_is_let_go_is_pulled_up(gpio: Gpiod, driver: Driver) -> None:
    request = gpio.request_lines(CHIP, {12: LineSettings(direction=Direction.OUTPUT)})
    assert driver.read(CHIP_ID) == 0xFFFFFF
    request.release()
    assert driver.read(CHIP_ID) == 0x000303


def test_chip_select_may_hang_on_a_line(board: BareBoard) -> None:
    gpio, spi = Gpiod(board, Wiring(cs=8)), SpiDev(board, 0, 0, selects=False)
    with gpio.request_lines(CHIP, {8: OUT}) as request:
        assert spi.xfer2([4, 0, 0, 0]) == [0xFF] * 4
        request.set_value(8, Value.INACTIVE)
        assert spi.xfer2([4]) + spi.readbytes(3) == [0xF4, 0, 3, 3]
        request.set_value(8, Value.ACTIVE)


def test_free_lines_read_their_pull(gpio: Gpiod) -> None:
    up = LineSettings(direction=Direction.INPUT, bias=Bias.PULL_UP)
    with gpio.request_lines(CHIP, {(20, 21): None, "GPIO22": up}) as request:
        assert request.get_values() == [Value.INACTIVE, Value.INACTIVE, Value.ACTIVE]
        assert request.lines == [20, 21, "GPIO22"] and request.offsets == [20, 21, 22]


def test_output_values_come_first(gpio: Gpiod, driver: Driver) -> None:
    off = LineSettings(direction=Direction.OUTPUT)
    with gpio.request_lines(CHIP, {12: off}, output_values={12: Value.ACTIVE}):
        assert driver.read(CHIP_ID) == 0x000303


def test_lines_can_be_configured_anew(gpio: Gpiod, driver: Driver) -> None:
    with gpio.request_lines(CHIP, {25: None}) as request:
        request.reconfigure_lines({25: RISING})
        begin(driver)
        assert request.wait_edge_events(1.0)
    driver.reset(FSM_RESET)
    assert not driver.read(MAIN) & FSM_RESET


REFUSED: dict[str, tuple[Callable[[Gpiod], Any], type[Exception]]] = {
    "no such chip": (lambda g: g.request_lines("/dev/gpiochip9", {25: None}), FileNotFoundError),
    "no such line": (lambda g: g.request_lines(CHIP, {99: None}), ValueError),
    "no such name": (lambda g: g.request_lines(CHIP, {"radar": None}), FileNotFoundError),
    "no line": (lambda g: g.request_lines(CHIP, {}), ValueError),
    "twice": (lambda g: g.request_lines(CHIP, {25: None, "25": None}), ValueError),
    "edges of an output": (
        lambda g: g.request_lines(CHIP, {12: LineSettings(direction=Direction.OUTPUT, edge_detection=Edge.BOTH)}),
        ValueError,
    ),
    "value of an input": (lambda g: g.request_lines(CHIP, {25: RISING}).set_value(25, Value.ACTIVE), PermissionError),
    "line of somebody else": (lambda g: g.request_lines(CHIP, {25: RISING}).get_value(12), ValueError),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(gpio: Gpiod, what: str) -> None:
    call, error = REFUSED[what]
    with pytest.raises(error):
        call(gpio)


def test_a_line_is_held_by_one(gpio: Gpiod) -> None:
    with gpio.request_lines(CHIP, {25: None}):
        with pytest.raises(OSError) as caught:
            gpio.request_lines(CHIP, {25: None})
        assert caught.value.errno == errno.EBUSY
    assert gpio.request_lines(CHIP, {25: None})


def test_after_release_nothing_works(gpio: Gpiod) -> None:
    request = gpio.request_lines(CHIP, {25: None})
    request.release()
    assert not request
    with pytest.raises(RequestReleasedError):
        request.get_value(25)
