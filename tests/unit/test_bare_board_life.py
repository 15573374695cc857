"""A bare board that is closed, forked, polled over SPI alone, or used over a socket as in its own process."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.bare_board import BareBoard, BoardLost, SocketBoard
from hw_sim.chip.chip import Chip, ChipOptions
from hw_sim.producer import FrameProducer
from hw_sim.radar_bus import RadarBus
from hw_sim.radar_view import RadarView
from hw_sim.spi_server import SpiServer
from tests.bus_driver import FSTAT, Driver, register_list

N = 64 * 4 * 3
FILL = 0x3FFF
TIMED = ChipOptions(spi_hz=10_000_000)
Op = tuple[str, Any]


def begun(board: RadarBus) -> Driver:
    driver = Driver(board.transfer, board.rst, lambda s: board.wait_irq(round(s * 1e9)))
    for word in register_list():
        driver.access(word)
    driver.limit(N)
    driver.start()
    return driver


AFTER_THE_END: dict[str, Callable[[BareBoard, Chip], Any]] = {
    "irq": lambda board, chip: board.irq(),
    "time": lambda board, chip: board.time_ns(),
    "advance": lambda board, chip: board.advance(5),
    "wait": lambda board, chip: board.wait_irq(5),
    "transfer": lambda board, chip: board.transfer(b"\4\0\0\0"),
    "listen": lambda board, chip: board.listen(lambda level, t_ns: None),
    "trace": lambda board, chip: board.trace(lambda events: None),
    "counters": lambda board, chip: board.chip.counters(),
    "a chip kept": lambda board, chip: chip.read("CHIP_ID"),
    "its time": lambda board, chip: chip.time_ns,
}


@pytest.mark.parametrize("what", AFTER_THE_END)
def test_nothing_of_a_closed_board_can_be_used(what: str) -> None:
    board = BareBoard()
    chip = board.chip
    board.close()
    board.close()
    with pytest.raises(ValueError, match="closed"):
        AFTER_THE_END[what](board, chip)


def test_closing_waits_for_who_is_in_it() -> None:
    board, ended = BareBoard(), []

    def use() -> None:
        with pytest.raises(ValueError, match="closed"):
            while True:
                board.transfer(bytes(4096))
        ended.append(True)

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.02)
    board.close()
    for thread in threads:
        thread.join(10.0)
    assert ended == [True] * 3


def test_a_board_nobody_holds_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(FrameProducer, "close", lambda self: closed.append(True))
    board = BareBoard(FrameProducer(lambda *_: None))
    gc.disable()
    try:
        del board
        assert closed
    finally:
        gc.enable()


class Counted:
    """A source of made frames: sample k of frame n is n + k."""

    any_time = False
    n = 0

    def block(self, first_clock: int, view: RadarView) -> np.ndarray[Any, np.dtype[np.uint16]]:
        self.n += 1
        return (np.arange(view.frame_size, dtype=np.uint16) + self.n)[np.newaxis]


@pytest.mark.parametrize("source", ["ramp", Counted])
def test_who_only_polls_over_spi_gets_its_frames(source: Any) -> None:
    with BareBoard(source if source == "ramp" else source(), options=TIMED) as board:
        driver = begun(board)
        reads = 0
        while driver.read(FSTAT) & FILL < N // 2:
            reads += 1
            assert reads < 10_000
        assert board.irq() == 1


def test_what_a_source_raises_in_a_transfer_is_told() -> None:
    with BareBoard(np.zeros((3, 100), np.uint16), options=TIMED) as board:
        driver = begun(board)
        with pytest.raises(ValueError, match=f"expected {N} samples a frame"):
            for _ in range(10_000):
                driver.read(FSTAT)


def test_frames_lent_in_the_middle_of_one_do_not_end_its_memory() -> None:
    chip = Chip()
    for word in register_list():
        chip.transfer(word.to_bytes(4, "big"))
    chip.write("MAIN", chip.read("MAIN") | 1)
    chip.advance(chip.next_frame_ns)
    lent = np.full((200, N), 77, np.uint16)
    chip.set_samples(lent)
    chip.advance(chip.time_ns + 200_000)
    assert 0 < chip.peek("FSTAT") & FILL < N // 2
    chip.set_samples(np.zeros((1, N), np.uint16))
    assert chip.frames is lent


def test_a_forked_board_goes_on_in_both_processes() -> None:
    made = FrameProducer(lambda first_us, period_us, n, view, out: out.fill(int(first_us) & 0xFFF), block_frames=2)
    with BareBoard(made) as board:
        driver = begun(board)
        assert driver.wait(1.0)
        driver.fifo(N)
        child = os.fork()
        if child == 0:
            for _ in range(6):
                driver.wait(1.0)
                last = driver.fifo(N)
            os._exit(int(last[0]) & 0x7F)
        for _ in range(6):
            assert driver.wait(1.0)
            last = driver.fifo(N)
        assert _exit_code(child) == int(last[0]) & 0x7F


def _exit_code(child: int) -> int | None:
    """Of a process that ends within ten seconds; one that does not is ended."""
    for _ in range(1000):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Path of a socket with a board behind it."""
    ended, path = threading.Event(), tmp_path_factory.mktemp("served") / "spi"
    with BareBoard() as board, SpiServer(board, path) as server:
        thread = threading.Thread(target=server.serve, args=(ended.is_set,))
        thread.start()
        yield str(path)
        ended.set()
        thread.join()


ACCESSES = [b"\4\0\0\0", b"\x0d\x70\0\5", b"\x0c\0\0\0", b"\xff\xc0\0\0\0\0\0", b"\1\x1e\x82\x71", b"\4", b""]
OPS: st.SearchStrategy[Op] = st.one_of(
    st.tuples(st.sampled_from(["cs", "rst"]), st.integers(0, 1)),
    st.tuples(st.sampled_from(["xfer", "transfer"]), st.sampled_from(ACCESSES)),
    st.tuples(st.just("read"), st.integers(0, 9)),
    st.tuples(st.just("advance"), st.integers(0, 10**7)),
)


def seen(board: RadarBus, ops: list[Op]) -> list[Any]:
    """What a driver sees, each op with the pin and the time that passed."""
    found: list[Any] = []
    first_ns = board.time_ns()
    for op, what in ops:
        found.append(board.xfer(None, what) if op == "read" else getattr(board, op)(what))
        found.append((board.irq(), board.time_ns() - first_ns))
    return found


@given(st.lists(OPS, max_size=20))
@settings(deadline=None, max_examples=100)
def test_over_a_socket_all_is_as_in_process(served: str, ops: list[Op]) -> None:
    at_rest: list[Op] = [("cs", 1), ("rst", 0), ("advance", 1000), ("rst", 1), ("advance", 1000)]
    with SocketBoard(served) as far, BareBoard() as near:
        assert seen(far, at_rest + ops) == seen(near, at_rest + ops)


@pytest.mark.parametrize("op", ["cs", "rst"])
def test_a_level_that_is_none_is_said_over_the_socket(served: str, op: str) -> None:
    with SocketBoard(served) as board, pytest.raises(ValueError, match="level: expected 0 or 1"):
        board._ask(op, b"\2")


@pytest.mark.parametrize("call", ["advance", "wait_irq"])
def test_a_frame_that_no_source_can_make_is_said(tmp_path: Path, call: str) -> None:
    def huge(board: RadarBus) -> None:
        driver = Driver(board.transfer, board.rst, lambda s: False)
        for word in register_list():
            driver.access(word)
        driver.write(0x2C, driver.read(0x2C) | 15 << 10)  # REPT
        driver.write(0x2E, 0xFFF000)  # FRAME_LEN
        driver.write(0x37, driver.read(0x37) | 15)  # REPS
        driver.start()
        getattr(board, call)(10**9)

    with BareBoard() as board, pytest.raises(ValueError, match=r"source: .* more than 2\*\*26 samples"):
        huge(board)
    ended = threading.Event()
    with BareBoard() as board, SpiServer(board, tmp_path / "spi") as server:
        thread = threading.Thread(target=server.serve, args=(ended.is_set,))
        thread.start()
        with (
            SocketBoard(tmp_path / "spi") as far,
            pytest.raises(ValueError, match="source: it has no frame of the size"),
        ):
            huge(far)
        ended.set()
        thread.join()


def test_a_board_that_goes_away_or_answers_too_late_is_one_line(tmp_path: Path) -> None:
    with BareBoard() as board, SpiServer(board, tmp_path / "spi") as server:
        thread = threading.Thread(target=lambda: [server.turn() for _ in range(6)])
        thread.start()
        far = SocketBoard(tmp_path / "spi", timeout_s=0.1)
        thread.join()
        for _ in range(2):  # the late answer is never taken for that of another question
            with pytest.raises(BoardLost, match=r"^board at [^:]*: [^:]*$"):
                far.time_ns()
        thread = threading.Thread(target=lambda: [server.turn() for _ in range(6)])
        thread.start()
        gone = SocketBoard(tmp_path / "spi")
        thread.join()
    with pytest.raises(BoardLost, match=r"^board at [^:]*: [^:]*$"):
        gone.time_ns()
