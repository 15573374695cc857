"""The radar chip on a board of its own, without firmware: in this process, or at the other end of a socket.

Rule: what happens is the business of the virtual board's C files, the same that make libvrb.so; here are Python's
sources of samples, and the way over a socket.
"""

from __future__ import annotations

import json
import socket
import struct
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hw_sim.board import CHIP_CLOCK_NS
from hw_sim.bus_trace import BusTrace, Event
from hw_sim.chip.chip import Chip, ChipOptions
from hw_sim.chip.core import ANY_TIME_NS, ffi, lib
from hw_sim.radar_bus import RadarBus
from hw_sim.sample_sources import sample_source

NATIVE_SOURCES = ("ramp", "silence", "noise")
OPS = {"cs": 1, "xfer": 2, "rst": 3, "irq": 4, "advance": 5, "wait_irq": 6, "time": 7, "hello": 8}
KEEP_CS, READ = 1, 4
MAX_BYTES = 1 << 20


class BoardLost(ConnectionError):
    """The board at the other end of a socket is gone, or it is none; one line."""


def board_json(source: str, seed: int, options: ChipOptions) -> str:
    """What vrb_open() is told: the options that differ from the default."""
    standard = ChipOptions()
    named: dict[str, Any] = {"source": source, "seed": seed}
    for name in ("reference_hz", "spi_hz", "adc0_bit_13", "extra_clocks"):
        if getattr(options, name) != getattr(standard, name):
            named[name] = getattr(options, name)
    if options.gsr0_vendor_order:
        named["gsr0_order"] = "vendor_header"
    if options.fou_while_empty:
        named["fou_while_empty"] = True
    if options.temperature_mc != standard.temperature_mc:
        named["temperature_c"] = options.temperature_mc / 1000
    faults: dict[str, Any] = {name: True for name in ("reset_stuck", "memory_broken") if getattr(options, name)}
    if options.chip_id != standard.chip_id:
        faults["chip_id"] = options.chip_id
    return json.dumps(named | ({"faults": faults} if faults else {}))


class BareBoard(RadarBus):
    """A powered board in this process.

    source: "ramp", "silence", "noise", a Scene, a sample source, or uint16[frame, ...] in FIFO order. seed: of the
    noise. options: of the chip. timed: spi_hz follows a driver's SPI clock. real_time: see RadarBus.
    Raises ValueError for a source or an option that is none, or frames not of the size that the registers programme.
    """

    def __init__(
        self,
        source: Any = "ramp",
        seed: int = 1,
        options: ChipOptions | None = None,
        *,
        timed: bool = False,
        real_time: bool = False,
    ) -> None:
        super().__init__(real_time)
        native = isinstance(source, str) and source in NATIVE_SOURCES
        self._source = None if native else sample_source(source)
        text = board_json(source if native else "lent", seed, options or ChipOptions())
        self.pointer: Any = lib.vrb_open(text.encode())
        if self.pointer == ffi.NULL:
            raise ValueError(ffi.string(lib.vrb_why()).decode())
        self.chip = Chip.at(lib.vrb_chip(self.pointer))
        if not native:  # what the C files make themselves they give in a transfer, too
            self.chip.ask(_feeder(weakref.ref(self)))
        self.timed = timed
        self._spi_hz = (options or ChipOptions()).spi_hz
        self._trace: BusTrace | None = None
        self._sink: Callable[[Iterator[Event]], None] | None = None

    def close(self) -> None:
        """Ends board and source."""
        with self.lock:
            if self.pointer == ffi.NULL:
                return
            try:
                self.drain_trace()
            finally:
                lib.vrb_close(self.pointer)
                self.pointer = ffi.NULL
                self.chip.leave()
                end = getattr(self._source, "close", None)
                if end is not None:
                    end()

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self.close()

    @property
    def spi_hz(self) -> int:
        """SPI clock; 0: transfers take no time."""
        return self._spi_hz

    @spi_hz.setter
    def spi_hz(self, value: int) -> None:
        if not self.timed:
            raise ValueError("spi_hz: expected a board opened with timed=True")
        if value != self._spi_hz:
            self._spi_hz = value
            lib.chip_set_spi_hz(self.chip.pointer, value)

    def trace(self, sink: Callable[[Iterator[Event]], None] | None, spi_bytes: int | None = None) -> None:
        """From now on sink gets what happens on the wires, in pieces. spi_bytes: see BusTrace. None: no more."""
        with self.lock:
            self._opened()
            try:
                self.drain_trace()
            finally:  # a sink that fails gets nothing more
                self._sink = sink
                self._trace = None if sink is None else BusTrace(spi_bytes)
                lib.vrb_trace(self.pointer, ffi.NULL if self._trace is None else self._trace.memory)

    def drain_trace(self) -> None:
        """What was logged goes to the sink. Raises RuntimeError when one access was more than the log holds."""
        if self._trace is not None and self._sink is not None:
            self._sink(self._trace.drain())
            if lost := self._trace.take_lost():
                raise RuntimeError(f"{lost} records of the bus trace found no room")

    def _opened(self) -> None:
        if self.pointer == ffi.NULL:
            raise ValueError("board: it was closed")

    def _done(self, status: int) -> int:
        if status == lib.VRB_WRONG_USE:
            self._opened()
            raise ValueError("source: the registers programme a frame of more than 2**26 samples")
        if self._source is not None:
            self.chip.raise_asked()
        if self._trace is not None and self._trace.wants_drain:
            self.drain_trace()
        return status

    def _rst(self, level: int) -> None:
        self._done(lib.vrb_rst(self.pointer, level))

    def _cs(self, level: int) -> None:
        self._done(lib.vrb_cs(self.pointer, level))

    def _xfer(self, tx: Any, rx: Any, n: int) -> None:
        tx = ffi.NULL if tx is None else ffi.from_buffer("uint8_t[]", tx)
        self._done(lib.vrb_xfer(self.pointer, tx, ffi.NULL if rx is None else ffi.from_buffer("uint8_t[]", rx), n))

    def _irq(self) -> int:
        return self._done(lib.vrb_irq(self.pointer))

    def _time_ns(self) -> int:
        return self.chip.time_ns

    def _advance(self, ns: int) -> None:
        self._through(lib.vrb_advance, ns)

    def _wait_irq(self, max_ns: int) -> bool:
        return bool(self._through(lib.vrb_wait_irq, max_ns))

    def _through(self, call: Any, ns: int) -> int:
        """A call that may stop for samples, to its end."""
        end_ns = self._time_ns() + ns
        while (status := call(self.pointer, max(0, end_ns - self._time_ns()))) == lib.VRB_NEED_SAMPLES:
            self.feed()
        return self._done(status)

    def feed(self) -> None:
        """Lends the chip the next frames."""
        assert self._source is not None
        first_ns = self.chip.next_frame_ns
        with self.standing_still():
            frames = self._source.block(round(first_ns / CHIP_CLOCK_NS), self.chip.radar())
        self.chip.set_samples(frames, ANY_TIME_NS if self._source.any_time else first_ns)


def _feeder(board: weakref.ref[BareBoard]) -> Callable[[], None]:
    def feed() -> None:
        here = board()
        if here is not None:
            here.feed()

    return feed


class SocketBoard(RadarBus):
    """A board behind a socket. address: path of a Unix socket, "host:port", or ("host", port). Raises BoardLost."""

    def __init__(self, address: str | Path | tuple[str, int], timeout_s: float = 60.0) -> None:
        super().__init__()
        self._selected = False
        try:
            self._socket = _connected(address, timeout_s)
        except OSError as error:
            raise BoardLost(f"board at {address}: {error.strerror or error}") from None
        self._address = address
        status, payload = self._ask("hello")
        self.abi = struct.unpack_from("<I", payload)[0] if len(payload) >= 4 else -1
        if status != 0 or self.abi != lib.VRB_ABI:
            self.close()
            raise BoardLost(f"board at {address}: expected the protocol of version {lib.VRB_ABI}, got {self.abi}")
        self.name = payload[4:].decode()

    def close(self) -> None:
        self._socket.close()

    def _ask(self, op: str, payload: bytes = b"") -> tuple[int, bytes]:
        """One transaction: status and payload of the answer. Raises ValueError with the board's line, BoardLost."""
        try:
            self._socket.sendall(struct.pack("<IB", 1 + len(payload), OPS[op]) + payload)
            (size,) = struct.unpack("<I", self._receive(4))
            answer = self._receive(size)
        except BoardLost:
            raise
        except OSError as error:
            self.close()  # what would come now answers an older question
            raise BoardLost(f"board at {self._address}: {error.strerror or error}") from None
        (status,) = struct.unpack_from("<i", answer)
        if status == lib.VRB_WRONG_USE:
            raise ValueError(f"board: {answer[4:].decode()}")
        return status, answer[4:]

    def _receive(self, n: int) -> bytes:
        data = bytearray(n)
        view, at = memoryview(data), 0
        while at < n:
            got = self._socket.recv_into(view[at:])
            if got == 0:
                raise BoardLost(f"board at {self._address}: it closed the connection")
            at += got
        return bytes(data)

    def _rst(self, level: int) -> None:
        self._ask("rst", bytes([level]))

    def _cs(self, level: int) -> None:
        status, _ = self._ask("cs", bytes([level]))
        self._selected = level == 0 and status == 0  # in reset nothing is selected

    def _xfer(self, tx: Any, rx: Any, n: int) -> None:
        if not self._selected:  # the protocol would select
            memoryview(rx)[:] = b"\xff" * n
            return
        for at in range(0, n, MAX_BYTES):
            part = min(MAX_BYTES, n - at)
            rx[at : at + part] = self._clocked(KEEP_CS, tx, at, part)

    def _clocked(self, flags: int, tx: Any, at: int, n: int) -> bytes:
        if tx is None:
            payload = struct.pack("<BI", flags | READ, n)
        else:
            payload = bytes([flags]) + bytes(tx[at : at + n])
        return self._ask("xfer", payload)[1]

    def _window(self, tx: bytes | bytearray) -> bytes:
        if len(tx) > MAX_BYTES:
            return super()._window(tx)
        self._selected = False  # after it
        return self._clocked(0, tx, 0, len(tx))

    def _irq(self) -> int:
        return self._ask("irq")[0]

    def _advance(self, ns: int) -> None:
        self._ask("advance", struct.pack("<Q", ns))

    def _wait_irq(self, max_ns: int) -> bool:
        return bool(self._ask("wait_irq", struct.pack("<Q", max_ns))[0])

    def _time_ns(self) -> int:
        found: int = struct.unpack("<Q", self._ask("time")[1])[0]
        return found


def _connected(address: str | Path | tuple[str, int], timeout_s: float) -> socket.socket:
    if isinstance(address, str) and ":" in address and not Path(address).exists():
        host, port = address.removeprefix("tcp:").rsplit(":", 1)
        address = host, int(port)
    if isinstance(address, tuple):
        made = socket.create_connection(address, timeout_s)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(timeout_s)
    try:
        made.connect(str(address))
    except OSError:
        made.close()
        raise
    return made
