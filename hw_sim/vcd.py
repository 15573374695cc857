"""Value change dumps (IEEE 1364, clause 18) of the board's wires, for GTKWave and its kind.

Rule: the file is a function of the log alone; times are virtual ns. Bytes of a transfer stand at their clock times
when the SPI clock takes time, else at one instant; `byte` strikes at each, so that equal ones can be told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol, TextIO

from hw_sim.bus_trace import KINDS, SPI, TO_DEVICE, TO_HOST, Event

SPI_BYTES = 16
"""Bytes of each chip-select window that are drawn unless asked otherwise: a command and four FIFO words."""
COMMAND_BYTES = 4


class VcdFileError(ValueError):
    """The file cannot be made; one line."""


class VcdError(RuntimeError):
    """The file can no longer be written; one line. What came so far is in it."""


class Wire(NamedTuple):
    """A variable: scope, name, type and size as the format has them, value before anything happens."""

    scope: str
    name: str
    kind: str
    size: int
    first: str


WIRES = (
    Wire("spi", "cs", "wire", 1, "1"),
    Wire("spi", "mosi", "reg", 8, "z"),
    Wire("spi", "miso", "reg", 8, "z"),
    Wire("spi", "byte", "event", 1, ""),
    Wire("spi", "command", "reg", 32, "x"),
    Wire("spi", "reply", "reg", 32, "x"),
    Wire("spi", "length", "integer", 32, "x"),
    Wire("radar", "rst", "wire", 1, "1"),
    Wire("radar", "irq", "wire", 1, "0"),
    Wire("serial", "to_host", "reg", 8, "x"),
    Wire("serial", "to_host_byte", "event", 1, ""),
    Wire("serial", "to_device", "reg", 8, "x"),
    Wire("serial", "to_device_byte", "event", 1, ""),
    Wire("pins", "switch", "wire", 1, "0"),
    Wire("pins", "button", "wire", 1, "0"),
    Wire("pins", "buzzer", "wire", 1, "0"),
    Wire("pins", "light", "reg", 16, "0"),
    Wire("pins", "red", "reg", 16, "0"),
    Wire("pins", "green", "reg", 16, "0"),
    Wire("pins", "blue", "reg", 16, "0"),
)
CODE = {wire.name: chr(ord("!") + index) for index, wire in enumerate(WIRES)}
BYTE = tuple(f"b{value:08b} " for value in range(256))
LEVELS = {KINDS.index(name): CODE[name] for name in ("cs", "rst", "irq", "switch", "button", "buzzer")}
DUTIES = {KINDS.index(name): CODE[name] for name in ("light", "red", "green", "blue")}
CS = KINDS.index("cs")


class Vcd:
    """One file. comment: a line of it. Raises VcdFileError; write and close raise VcdError."""

    def __init__(self, path: Path, comment: str = "") -> None:
        self.path = path
        self._t_ns = 0
        self._window = [b"", b""]  # first bytes of the present one, out and in
        self._length = 0
        try:
            self._file: TextIO = path.open("w", encoding="ascii", newline="\n")
        except OSError as error:
            raise VcdFileError(f"{path}: cannot be written: {error.strerror}") from None
        self._put(header(comment))

    def _put(self, lines: list[str]) -> None:
        try:
            self._file.write("\n".join(lines) + "\n")
        except OSError as error:
            raise self._broken(error) from None

    def _broken(self, error: OSError) -> VcdError:
        return VcdError(f"{self.path}: the trace cannot be written: {error.strerror}")

    def write(self, events: Iterable[Event]) -> None:
        """Events in order of time."""
        lines: list[str] = []
        for event in events:
            if event.kind == SPI:
                self._transfer(lines, event)
            elif event.kind in (TO_HOST, TO_DEVICE):
                self._serial(lines, event)
            else:
                self._at(lines, event.t_ns)
                self._level(lines, event)
        if lines:
            self._put(lines)

    def _at(self, lines: list[str], t_ns: int) -> None:
        if t_ns > self._t_ns:
            self._t_ns = t_ns
            lines.append(f"#{t_ns}")

    def _level(self, lines: list[str], event: Event) -> None:
        if event.kind in DUTIES:
            lines.append(f"b{event.value:016b} {DUTIES[event.kind]}")
            return
        lines.append(f"{event.value}{LEVELS[event.kind]}")
        if event.kind == CS:
            self._chip_select(lines, event.value)

    def _chip_select(self, lines: list[str], level: int) -> None:
        """At the end of a window its first four bytes and its length are said; they stand until the next."""
        if level and self._length:
            for name, octets in zip(("command", "reply"), self._window, strict=True):
                bits = "".join(f"{octet:08b}" for octet in octets)
                lines.append(f"b{bits:x<32} {CODE[name]}")
            lines.append(f"b{self._length:b} {CODE['length']}")
            lines += [f"bz {CODE['mosi']}", f"bz {CODE['miso']}"]
        self._window = [b"", b""]
        self._length = 0

    def _transfer(self, lines: list[str], event: Event) -> None:
        n = len(event.data) // 2
        mosi, miso = event.data[:n], event.data[n:]
        span_ns = event.until_ns - event.t_ns
        out, back, strike = CODE["mosi"], CODE["miso"], f"1{CODE['byte']}"
        for i in range(n):
            if span_ns or i == 0:
                self._at(lines, event.t_ns + i * span_ns // event.value)
            lines += (BYTE[mosi[i]] + out, BYTE[miso[i]] + back, strike)
        self._at(lines, event.until_ns)
        if len(self._window[0]) < COMMAND_BYTES:
            self._window = [(a + b)[:COMMAND_BYTES] for a, b in zip(self._window, (mosi, miso), strict=True)]
        self._length += event.value

    def _serial(self, lines: list[str], event: Event) -> None:
        self._at(lines, event.t_ns)
        name = "to_device" if event.kind == TO_DEVICE else "to_host"
        code, strike = CODE[name], f"1{CODE[name + '_byte']}"
        for octet in event.data:
            lines += (BYTE[octet] + code, strike)

    def close(self, t_ns: int) -> None:
        """The picture ends at this time."""
        try:
            if not self._file.closed:
                lines: list[str] = []
                self._at(lines, t_ns)
                if lines:
                    self._file.write(lines[0] + "\n")
                self._file.close()
        except OSError as error:
            raise self._broken(error) from None


class Traced(Protocol):
    """A board whose wires can be watched."""

    def trace(self, sink: Callable[[Iterator[Event]], None] | None, spi_bytes: int | None = None) -> None: ...


@contextmanager
def drawing(board: Traced, path: Path | None, now_ns: Callable[[], int], comment: str = "") -> Iterator[None]:
    """The board's wires go into a file meanwhile; path None: nothing happens. Raises as Vcd."""
    if path is None:
        yield
        return
    vcd = Vcd(path, f"{comment}; of each chip-select window the first {SPI_BYTES} bytes")
    board.trace(vcd.write, SPI_BYTES)
    try:
        try:
            yield
        finally:
            board.trace(None)
    finally:
        vcd.close(now_ns())


def header(comment: str) -> list[str]:
    """Declarations and the values at time 0."""
    lines = ["$version stillwave $end", "$timescale 1 ns $end"]
    if comment:
        lines.append(f"$comment {comment} $end")
    lines.append("$scope module board $end")
    for scope in dict.fromkeys(wire.scope for wire in WIRES):
        lines.append(f"$scope module {scope} $end")
        for wire in WIRES:
            if wire.scope == scope:
                bits = f" [{wire.size - 1}:0]" if wire.kind == "reg" else ""
                lines.append(f"$var {wire.kind} {wire.size} {CODE[wire.name]} {wire.name}{bits} $end")
        lines.append("$upscope $end")
    lines += ["$upscope $end", "$enddefinitions $end", "#0", "$dumpvars"]
    for wire in WIRES:
        if wire.first:
            lines.append(f"{wire.first}{CODE[wire.name]}" if wire.size == 1 else f"b{wire.first} {CODE[wire.name]}")
    return [*lines, "$end"]
