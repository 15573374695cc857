"""The bus trace: what the driver did stands in the file, at its time; and being watched changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hw_sim.bare_board import BareBoard
from hw_sim.board import NEVER_US, Board, BoardFailed, Faults
from hw_sim.bus_trace import KINDS, BusTrace, Event
from hw_sim.chip.chip import Chip, ChipOptions
from hw_sim.chip.core import ffi, lib
from hw_sim.rig import Rig
from hw_sim.scene import Scene
from hw_sim.vcd import Vcd, VcdError, VcdFileError, drawing
from tests.board_device import FIFO_READ, FRAME_BYTES, POWER_ON, RADAR_IRQ, UART_RX, PythonDevice, Ramp
from tests.vcd_reader import Dump, read

SPI, SERIAL, PINS = "board.spi.", "board.serial.", "board.pins."
RUN_US = 300_000


class Logger(PythonDevice):
    """Reads every frame, answers bytes, moves pins; windows: (time, MOSI, MISO) of every chip-select window."""

    def __init__(self, board: Board) -> None:
        super().__init__(board, _work)
        self.windows: list[tuple[int, bytes, bytes]] = []

    def spi(self, tx: bytes, n_more: int = 0) -> bytes:
        miso = super().spi(tx, n_more)
        self.windows.append((int(self.board.now_us), tx + b"\xff" * n_more, miso))
        return miso


def _work(device: PythonDevice, now_us: int, event: int) -> int:
    if event == POWER_ON:
        device.start_frames()
        device.uart_write(b"up")
    if event == RADAR_IRQ:
        device.spi(FIFO_READ, FRAME_BYTES)
        lib.board_buzzer(device.board.memory, now_us // 50_000 % 2)
        lib.board_light(device.board.memory, min(now_us, 65535), 3, 2)
    if event == UART_RX:
        device.uart_write(device.uart_read(100)[::-1])
    return NEVER_US


def drawn(
    path: Path, spi_bytes: int | None = None, faults: Faults | None = None, **options: int
) -> tuple[Logger, Dump]:
    """A short run with a host that says something and a user who touches things."""
    board = Board(1, faults, ChipOptions(**options))
    device, source = Logger(board), Ramp(8)
    vcd = Vcd(path, "a test")
    board.trace(vcd.write, spi_bytes)
    board.run(100_000, source)
    board.give(b"ping")
    board.set_standby(True)
    board.press(1)
    board.run(200_000, source)
    board.press(0)
    board.run(RUN_US, source)
    vcd.close(board.now_us * 1000)
    return device, read(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Logger, Dump]:
    return drawn(tmp_path_factory.mktemp("vcd") / "run.vcd")


def test_every_byte_of_the_bus_is_there(run: tuple[Logger, Dump]) -> None:
    device, dump = run
    wanted = [(1000 * t, a, b) for t, tx, rx in device.windows for a, b in zip(tx, rx, strict=True)]
    assert len(wanted) > 50_000
    assert dump.struck(SPI + "byte", SPI + "mosi", SPI + "miso") == wanted


def test_every_window_opens_closes_and_has_its_length(run: tuple[Logger, Dump]) -> None:
    device, dump = run
    levels = [value for _, value in dump.of(SPI + "cs")][1:]  # the first one says what it was
    assert levels == ["0", "1"] * len(device.windows)
    assert [int(v, 2) for _, v in dump.of(SPI + "length")] == [len(tx) for _, tx, _ in device.windows]
    commands = [int(v, 2).to_bytes(4, "big") for _, v in dump.of(SPI + "command")]
    assert commands == [tx[:4] for _, tx, _ in device.windows]
    assert [int(v, 2).to_bytes(4, "big") for _, v in dump.of(SPI + "reply")] == [rx[:4] for _, _, rx in device.windows]


def test_the_interrupt_rises_when_the_chip_says_and_falls_with_chip_select(run: tuple[Logger, Dump]) -> None:
    device, dump = run
    twin = Chip()
    for t_us, tx, _ in device.windows:
        if t_us == 0:
            twin.transfer(tx)
    t_ns = 0
    while not twin.irq:
        t_ns = twin.next_event_ns
        twin.advance(t_ns)
        if twin.needs_samples:
            twin.set_samples(Ramp(8).block(0, twin.radar()), t_ns)
    rises, falls = ([t for t, v in dump.of("board.radar.irq") if v == level] for level in "10")
    assert rises == [t_ns + 50_000_000 * k for k in range(len(rises))] and len(rises) == 6 and t_ns % 1000
    irqs_us = [t for t, event in device.events if event == RADAR_IRQ]
    assert [-(-t // 1000) for t in rises] == irqs_us
    assert falls[1:] == [1000 * t for t in irqs_us]


def test_both_ways_of_the_serial_line(run: tuple[Logger, Dump]) -> None:
    _, dump = run
    to_host = dump.struck(SERIAL + "to_host_byte", SERIAL + "to_host")
    assert bytes(value for _, value in to_host) == b"up" + b"gnip"
    assert dump.struck(SERIAL + "to_device_byte", SERIAL + "to_device") == [(100_000_000, value) for value in b"ping"]


def test_pins_have_their_levels_and_times(run: tuple[Logger, Dump]) -> None:
    device, dump = run
    assert dump.of(PINS + "switch")[1:] == [(100_000_000, "1")]
    assert dump.of(PINS + "button")[1:] == [(100_000_000, "1"), (200_000_000, "0")]
    log = device.board.pin_log()
    assert [(t // 1000, int(v)) for t, v in dump.of(PINS + "buzzer")[1:]] == [
        (t, v) for t, p, v in log if p == "buzzer"
    ]
    for name in ("light", "red", "green", "blue"):
        drawn_levels = [(t // 1000, int(v, 2)) for t, v in dump.of(PINS + name)[1:]]
        assert drawn_levels and drawn_levels == [(t, v) for t, p, v in log if p == name]


def test_the_file_ends_when_the_run_does(run: tuple[Logger, Dump]) -> None:
    assert (run[1].end, run[1].timescale) == (1000 * RUN_US, "1 ns")


def test_bytes_have_their_clock_times(tmp_path: Path) -> None:
    """1 MHz: a byte every 8 us, and the device's next window is later."""
    device, dump = drawn(tmp_path / "slow.vcd", spi_bytes=4, spi_hz=1_000_000)
    times = [t for t, *_ in dump.struck(SPI + "byte")]
    windows = [times[i : i + 4] for i in range(0, len(times), 4)]
    assert len(windows) == len(device.windows)
    assert {b - a for four in windows for a, b in zip(four, four[1:], strict=False)} <= {7999, 8000, 8001}
    ends = [t for t, v in dump.of(SPI + "cs")[1:] if v == "1"]
    assert [end - four[0] for end, four in zip(ends, windows, strict=True)] == pytest.approx(
        [8000 * len(tx) for _, tx, _ in device.windows], abs=1001
    )


def test_no_more_of_a_window_is_drawn_than_asked_for(tmp_path: Path, run: tuple[Logger, Dump]) -> None:
    device, dump = drawn(tmp_path / "short.vcd", spi_bytes=6)
    assert len(dump.struck(SPI + "byte")) == sum(min(6, len(tx)) for _, tx, _ in device.windows)
    assert dump.of(SPI + "length") == run[1].of(SPI + "length")


def test_what_the_device_does_not_receive_is_drawn_all_the_same(tmp_path: Path) -> None:
    board = Board(1)
    vcd = Vcd(tmp_path / "dropped.vcd")
    board.trace(vcd.write)
    memory, n = board.memory, 1000
    lib.board_spi_cs(memory, 0)
    lib.board_spi_xfer(memory, b"\x04" + bytes(n - 1), ffi.NULL, n)
    lib.board_spi_cs(memory, 1)
    PythonDevice(board)
    board.run(10, Ramp())
    vcd.close(10_000)
    struck = read(tmp_path / "dropped.vcd").struck(SPI + "byte", SPI + "miso")
    assert [value for _, value in struck][:4] == [0xF4, 0, 3, 3] and len(struck) == n


def test_chip_select_that_is_released_between_chunks_is_seen(tmp_path: Path) -> None:
    device, dump = drawn(tmp_path / "chunks.vcd", spi_bytes=None, faults=Faults(cs_chunk_bytes=4096))
    released = [len(tx) // 4096 for _, tx, _ in device.windows]
    assert len(dump.of(SPI + "length")) == len(device.windows) + sum(released) > len(device.windows)
    assert len(dump.struck(SPI + "byte")) == sum(len(tx) for _, tx, _ in device.windows)


@pytest.mark.parametrize("spi_bytes", [None, 16])
def test_a_trace_changes_no_byte_on_the_line(spi_bytes: int | None) -> None:
    def digest(watched: bool) -> str:
        with Rig(Scene.load("single", seed=3, duration_s=60.0), seed=3) as rig:
            seen: list[int] = []
            if watched:
                rig.board.trace(lambda events: seen.append(sum(1 for _ in events)), spi_bytes)
            rig.run(4.0)
            assert bool(sum(seen)) == watched
            return str(rig.link_counters()["digest"])

    assert digest(True) == digest(False)


def test_nothing_is_lost_in_a_long_run(tmp_path: Path) -> None:
    """Five seconds are 1.8 MB of a log of 1 MB: the board stops to have it drained."""
    board = Board(1)
    device = Logger(board)
    total = [0]

    def count(events: Iterator[Event]) -> None:
        total[0] += sum(len(event.data) for event in events if KINDS[event.kind] == "spi")

    board.trace(count)
    board.run(5_000_000, Ramp())
    assert total[0] == sum(2 * len(tx) for _, tx, _ in device.windows) > 1_800_000


def test_a_log_that_nobody_drains_says_that_it_lost_something() -> None:
    def greedy(device: PythonDevice, now_us: int, event: int) -> int:
        for _ in range(20):
            device.spi(bytes(100_000))
        return NEVER_US

    board = Board(1)
    PythonDevice(board, greedy)
    board.trace(lambda events: None)
    with pytest.raises(BoardFailed, match="found no room"):
        board.run(10, Ramp())


def test_times_never_fall() -> None:
    log = BusTrace()
    for t_ns in (50, 40, 60):
        lib.trace_level(log.memory, t_ns, KINDS.index("irq"), 1)
    assert [event.t_ns for event in log.drain()] == [50, 50, 60]
    assert list(log.drain()) == []


def test_a_file_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(VcdFileError) as caught:
        Vcd(tmp_path / "none" / "x.vcd")
    assert str(caught.value) == f"{tmp_path}/none/x.vcd: cannot be written: No such file or directory"


def test_a_full_disk_is_one_line() -> None:
    def fill() -> None:
        vcd = Vcd(Path("/dev/full"))
        for _ in range(2000):
            vcd.write([Event(0, 0, KINDS.index("spi"), 8, bytes(16))])
        vcd.close(1)

    with pytest.raises(VcdError) as caught:
        fill()
    assert str(caught.value) == "/dev/full: the trace cannot be written: No space left on device"


def test_a_small_file_is_what_the_standard_says(tmp_path: Path) -> None:
    path = tmp_path / "small.vcd"
    vcd = Vcd(path)
    cs, spi, irq = (KINDS.index(name) for name in ("cs", "spi", "irq"))
    vcd.write([Event(5, 5, irq, 1, b""), Event(9, 9, cs, 0, b""), Event(9, 25, spi, 2, b"\x01\xff\xf0\x02")])
    vcd.write([Event(25, 25, cs, 1, b"")])
    vcd.close(30)
    body = path.read_text().split("$end\n")[-1].split()
    assert body == [
        *("#5", "1)", "#9", "0!", "b00000001", '"', "b11110000", "#", "1$"),
        *("#17", "b11111111", '"', "b00000010", "#", "1$", "#25", "1!"),
        *("b0000000111111111" + 16 * "x", "%", "b1111000000000010" + 16 * "x", "&", "b10", "'", "bz", '"', "bz", "#"),
        "#30",
    ]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_drawing_that_is_interrupted_is_whole(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), BareBoard() as board, drawing(board, tmp_path / "cut.vcd", board.time_ns):
        board.transfer(b"\4\0\0\0")
        board.advance(5000)
        raise error
    dump = read(tmp_path / "cut.vcd")
    assert [value for _, value in dump.of("board.spi.cs")] == ["1", "0", "1"]


def test_a_full_disk_ends_a_bare_boards_drawing_with_one_line() -> None:
    full = Path("/dev/full")
    with pytest.raises(VcdError, match="No space left"), BareBoard() as board, drawing(board, full, board.time_ns):
        for _ in range(200):
            board.transfer(bytes(4000))
            board.drain_trace()
