"""BareBoard, SocketBoard and the server between them: sources, time, buffers, refusals, and the wires drawn."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hw_sim.bare_board import BareBoard, BoardLost, SocketBoard, board_json
from hw_sim.bus_trace import KINDS, Event
from hw_sim.chip.chip import ChipOptions
from hw_sim.chip.core import ffi, lib
from hw_sim.raspberry_pi.gpiod import Direction, Edge, Gpiod, LineSettings
from hw_sim.raspberry_pi.spidev import SpiDev
from hw_sim.scene import Scene
from hw_sim.spi_server import ServerError, SpiServer
from hw_sim.vcd import Vcd
from tests.bus_driver import BURST, CHIP_ID, FIFO_RESET, Driver, register_list
from tests.vcd_reader import read

N = 64 * 4 * 3
OTHER_OPTIONS = ChipOptions(
    reference_hz=76_800_000, spi_hz=1_000_000, gsr0_vendor_order=1, fou_while_empty=1, adc0_bit_13=1, extra_clocks=-9,
    temperature_mc=-12_500, chip_id=0x123456, reset_stuck=1, memory_broken=1,
)  # fmt: skip


def attached(board: BareBoard) -> Driver:
    return Driver(board.transfer, board.rst, lambda s: board.wait_irq(round(s * 1e9)))


def begun(board: BareBoard, **changes: int) -> Driver:
    driver = attached(board)
    for word in register_list(**changes):
        driver.access(word)
    driver.limit(N)
    driver.start()
    return driver


def test_every_option_reaches_the_chip() -> None:
    with BareBoard(options=OTHER_OPTIONS) as board:
        row = ffi.cast("chip_options *", board.chip.pointer)  # the first member of the chip
        assert {name: getattr(row, name) for name in ChipOptions.__dataclass_fields__} == {
            name: getattr(OTHER_OPTIONS, name) for name in ChipOptions.__dataclass_fields__
        }
    assert board_json("ramp", 1, ChipOptions()) == '{"source": "ramp", "seed": 1}'


def test_an_impossible_option_is_one_line() -> None:
    with pytest.raises(ValueError, match="spi_hz: expected 0, or an integer") as caught:
        BareBoard(options=ChipOptions(spi_hz=3))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["nothing", np.zeros(5, np.uint16), np.zeros((2, 5))])
def test_a_source_that_is_none(source: object) -> None:
    with pytest.raises(ValueError, match="source: expected"):
        BareBoard(source)


def test_frames_of_an_array_come_once_and_then_no_more() -> None:
    frames = np.random.Generator(np.random.Philox(1)).integers(0, 4096, (3, 4, 64, 3), np.uint16)
    with BareBoard(frames) as board:
        driver = begun(board)
        for frame in frames:
            assert driver.wait(1.0)
            assert (driver.fifo(N) == frame.ravel()).all()
        assert not driver.wait(1.0)


def test_frames_of_another_size_are_refused_when_they_are_needed() -> None:
    with BareBoard(np.zeros((3, 100), np.uint16)) as board:
        driver = begun(board)
        with pytest.raises(ValueError, match=f"expected {N} samples a frame as programmed, got 100"):
            driver.wait(1.0)


def test_a_scene_is_what_the_radar_sees_at_that_time() -> None:
    scene = Scene.load("single", seed=5, duration_s=60.0)
    with BareBoard(scene) as board:
        driver = begun(board)
        view, first_ns = board.chip.radar(), board.chip.next_frame_ns
        assert driver.wait(1.0)
        found = driver.fifo(N)
        driver.reset(FIFO_RESET)
    expected = np.zeros((1, N), np.uint16)
    scene.frames(round(first_ns / 12.5) * 0.0125, view.frame_period_ns / 1000, 1, view, expected)
    assert (found == expected[0]).all()


@pytest.mark.parametrize("name", ["silence", "noise"])
def test_sources_without_anything_to_see(name: str) -> None:
    with BareBoard(name, seed=3) as board:
        driver = begun(board)
        assert driver.wait(1.0)
        found = driver.fifo(N)
    assert abs(found - 2048).max() == (0 if name == "silence" else pytest.approx(5, abs=3))


def test_a_reused_buffer_takes_the_burst() -> None:
    with BareBoard() as board, BareBoard() as other:
        begun(board).wait(1.0)
        begun(other).wait(1.0)
        rx = np.zeros(N // 2 * 3, np.uint8)
        board.cs(0)
        board.xfer(BURST)
        board.xfer_into(None, rx)
        board.cs(1)
        assert rx.tobytes() == other.transfer(BURST + b"\xff" * len(rx))[4:]


def test_wrong_calls_are_said() -> None:
    with BareBoard() as board:
        for call in (lambda: board.cs(2), lambda: board.rst(-1), lambda: board.xfer(None), lambda: board.xfer(b"a", 2)):
            with pytest.raises(ValueError, match="expected"):
                call()
        with pytest.raises(ValueError, match="rx: expected 2 bytes"):
            board.xfer_into(b"ab", bytearray(3))
    with pytest.raises(ValueError, match="closed"):
        board.cs(0)


def test_the_spi_clock_takes_time_on_a_timed_board() -> None:
    with BareBoard(timed=True) as board:
        spi = SpiDev(board, 0, 0)
        spi.max_speed_hz = 1_000_000
        spi.xfer2([4, 0, 0, 0])
        assert board.time_ns() == 32_000
        spi.xfer2([4, 0, 0, 0], 8_000_000)
        assert board.time_ns() == 36_000


def test_without_timed_it_takes_none() -> None:
    with BareBoard() as board:
        SpiDev(board, 0, 0).xfer2([4, 0, 0, 0], 1000)
        assert board.time_ns() == 0
        with pytest.raises(ValueError, match="timed"):
            board.spi_hz = 5


def test_the_wires_of_a_bare_board_are_drawn(tmp_path: Path) -> None:
    with BareBoard(options=ChipOptions(spi_hz=8_000_000)) as board:
        vcd = Vcd(tmp_path / "bare.vcd")
        board.trace(vcd.write)
        sent: list[tuple[bytes, bytes]] = []
        driver = attached(board)
        inner = driver.window
        driver.window = lambda tx: sent.append((tx, inner(tx))) or sent[-1][1]  # type: ignore[func-returns-value]
        for word in register_list():
            driver.access(word)
        driver.limit(N)
        driver.start()
        assert board.wait_irq(10**9)
        rose_ns = board.time_ns()
        driver.fifo(N)
        driver.hard_reset()
        end_ns = board.time_ns()
        board.trace(None)
        vcd.close(end_ns)
    dump = read(tmp_path / "bare.vcd")
    struck = dump.struck("board.spi.byte", "board.spi.mosi", "board.spi.miso")
    assert [(a, b) for _, a, b in struck] == [pair for tx, rx in sent for pair in zip(tx, rx, strict=True)]
    assert [t for t, _, _ in struck[:5]] == [0, 1000, 2000, 3000, 4000]
    assert dump.of("board.radar.irq")[1:] == [(rose_ns, "1"), (rose_ns, "0")]
    assert [value for _, value in dump.of("board.radar.rst")] == ["1", "0", "1"]


def test_an_edge_in_the_middle_of_a_long_advance_has_its_own_time(tmp_path: Path) -> None:
    with BareBoard() as one, BareBoard() as other:
        found: list[Event] = []
        one.trace(found.extend)
        begun(one)
        begun(other).wait(1.0)
        one.advance(10**9)
        one.trace(None)
        assert [e.t_ns for e in found if KINDS[e.kind] == "irq" and e.value] == [other.time_ns()]


def test_a_log_is_drained_before_it_is_full() -> None:
    with BareBoard() as board:
        kept: list[int] = []
        board.trace(lambda events: kept.extend(len(event.data) for event in events))
        for _ in range(30):
            board.transfer(bytes(100_000))
        board.trace(None)
        assert sum(kept) == 30 * 200_000
        board.trace(lambda events: None)
        with pytest.raises(RuntimeError, match="found no room"):
            for _ in range(10):
                lib.vrb_xfer(board.pointer, ffi.NULL, ffi.NULL, 1_000_000)
            board.drain_trace()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Path of a socket with a board behind it."""
    ended, path = threading.Event(), tmp_path / "spi"
    with BareBoard() as board, SpiServer(board, path) as server:
        thread = threading.Thread(target=server.serve, args=(ended.is_set,))
        thread.start()
        yield str(path)
        ended.set()
        thread.join()
    assert not path.exists()


def test_a_socket_says_who_answers(served: str) -> None:
    with SocketBoard(served) as board:
        assert (board.abi, board.name) == (lib.VRB_ABI, "virtual radar board, BGT60TR13C")


def test_time_over_a_socket(served: str) -> None:
    with SocketBoard(served) as board:
        board.advance(1234)
        assert board.time_ns() == 1234
        assert not board.wait_irq(10**9) and board.irq() == 0


def test_without_chip_select_a_socket_gives_ones_too(served: str) -> None:
    with SocketBoard(served) as board:
        assert board.xfer(b"\x04\0\0\0") == b"\xff" * 4
        board.cs(0)
        assert board.xfer(b"\x04\0\0\0") == b"\xf4\0\3\3"


def test_edges_are_told_over_a_socket_as_in_process(served: str) -> None:
    stamps = []
    with SocketBoard(served) as far, BareBoard() as near:
        for board in (far, near):
            settings = LineSettings(direction=Direction.INPUT, edge_detection=Edge.BOTH)
            with Gpiod(board).request_lines("/dev/gpiochip0", {25: settings}) as request:
                driver = Driver(board.transfer, board.rst, lambda s: False)
                for word in register_list():
                    driver.access(word)
                driver.limit(N)
                driver.start()
                board.advance(10**8)
                driver.read(CHIP_ID)
                stamps.append([(event.event_type.name, event.timestamp_ns) for event in request.read_edge_events()])
    assert stamps[0] == stamps[1] and [name for name, _ in stamps[0]] == ["RISING_EDGE", "FALLING_EDGE", "RISING_EDGE"]


def test_a_board_serves_one_client_after_another(served: str) -> None:
    for _ in range(3):
        with SocketBoard(served) as board:
            assert Driver(board.transfer, board.rst, lambda s: False).read(CHIP_ID) == 0x303


def test_a_wrong_request_is_the_boards_own_line(served: str) -> None:
    with SocketBoard(served) as board, pytest.raises(ValueError, match="payload: expected the size"):
        board._ask("rst", b"")


def test_nobody_at_the_socket_is_one_line(tmp_path: Path) -> None:
    for address in (str(tmp_path / "none"), ("127.0.0.1", 1)):
        with pytest.raises(BoardLost, match="board at"):
            SocketBoard(address)


def test_something_else_at_the_socket_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            client.recv(100)
            client.sendall(struct.pack("<Ii", 8, 0) + b"\x09\0\0\0")
            client.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(BoardLost, match="expected the protocol of version"):
            SocketBoard(listener.getsockname())
        thread.join()


def test_a_socket_that_cannot_be_had_is_one_line(tmp_path: Path) -> None:
    with BareBoard() as board, pytest.raises(ServerError) as caught:
        SpiServer(board, tmp_path / "none" / "spi")
    assert "No such file" in str(caught.value) and "\n" not in str(caught.value)


def test_a_gain_written_for_one_antenna_is_in_its_samples_alone() -> None:
    """From the register over the scene to the FIFO; RX1 is off, so that antennas and columns have other numbers."""
    scene = Scene.load("empty", seed=2, duration_s=60.0)
    noise = []
    for steps in (0, 2):
        with BareBoard(scene) as board:
            driver = attached(board)
            for word in register_list(rx_mask=6, n_samples=256):
                driver.access(word)
            gains = driver.read(0x12)
            driver.write(0x12, gains + (steps << 12))  # VGA of RX3, 5 dB a step
            driver.limit(2048)
            driver.start()
            frames = []
            for _ in range(20):
                assert driver.wait(1.0)
                frames.append(driver.fifo(2048).reshape(4, 256, 2))
            noise.append(np.std(np.diff(frames, axis=0), axis=(0, 1, 2)))
    assert noise[1] / noise[0] == pytest.approx([1.0, 10 ** (10 / 20)], rel=0.05)
