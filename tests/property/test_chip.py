"""Whatever is written, read, reset and waited for, the radar chip stays legal; and how it is cut changes nothing.

Rule: `laws` is the list of what always holds; `Bus` is what every register must hold.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hw_sim.chip.chip import REGISTERS, Chip, ChipOptions
from tests.chip_driver import program, start
from tests.chip_model import STATUS, Bus

HUNT = os.environ.get("STILLWAVE_CHIP_HUNT")  # so many examples, the first one that fails is not made smaller
LAWS = settings(max_examples=60) if HUNT is None else settings(max_examples=int(HUNT), phases=[Phase.generate])
FIFO_WORDS, FILL = 8192, 0x3FFF
CLK, BURST, FUF, EMPTY, CREF, FULL, FOF = (1 << bit for bit in range(17, 24))
POWER_MODES = {1, 2, 3, 5}
LARGEST_FRAME = 60_000  # samples; a source for larger ones has ended
COUNTERS = ("spi_bytes", "fifo_burst_bytes", "test_burst_bytes", "frames_started", "frames_from_ring", "overflows",
            "underflows", "warnings")  # fmt: skip

# One step: (kind, argument). Windows are MOSI bits.
Step = tuple[str, Any]
Feeds = tuple[int, int]


def bits_of(*values: tuple[int, int]) -> str:
    """(value, number of bits) after one another."""
    return "".join(f"{value & (1 << n) - 1:0{n}b}" if n else "" for value, n in values)


words = st.one_of(
    st.integers(0, 0xFFFFFF), st.integers(0, 23).map(lambda bit: 1 << bit), st.sampled_from([0, 0xFFFFFF])
)
addresses = st.one_of(st.integers(0, 0x7E), st.sampled_from([0x00, 0x06, 0x07, 0x57, 0x5D, 0x5F, 0x60]))
writes = st.builds(lambda a, v: bits_of((a << 1 | 1, 8), (v, 24)), st.integers(0, 0x7E), words)
reads = addresses.map(lambda a: bits_of((a << 1, 8), (0, 24)))
commands = st.sampled_from([1, 1, 1, 1, 2, 4, 8, 0xF, 0x10001]).map(lambda bits: bits_of((1, 8), (0x1E8270 | bits, 24)))
tests = st.sampled_from([(0x0F, 0x000610), (0x0F, 0x1013), (0xAF, 0x000A21), (0xAF, 0x0000E1)]).map(
    lambda row: bits_of((row[0], 8), (row[1], 24))
)
levels = st.integers(0, 8191).map(lambda cref: bits_of((0x0D, 8), (0x700000 | cref, 24)))
modes = st.sampled_from([0x700000, 0x720000, 0x740000, 0x760000, 0x702000]).map(lambda v: bits_of((0x0D, 8), (v, 24)))
bursts = st.builds(
    lambda address, write, bound, low, data: bits_of((0xFF, 8), (address, 7), (write, 1), (bound, 7), (low, 9)) + data,
    st.one_of(st.integers(0, 0x7F), st.just(0x60)),
    st.integers(0, 1),
    st.one_of(st.just(0), st.integers(0, 0x7F)),
    st.integers(0, 0x1FF),
    st.one_of(
        st.integers(0, 12).map(lambda n: "01" * 12 * n),
        st.integers(0, 120).map(lambda n: "1" * n),
        st.integers(0, 4000).map(lambda n: "0" * 24 * n),
    ),
)
raw = st.builds(
    lambda data, tail: bits_of(*((b, 8) for b in data)) + tail, st.binary(max_size=12), st.text("01", max_size=7)
)
windows = st.one_of(writes, reads, commands, tests, levels, modes, bursts, raw).map(lambda bits: ("window", bits))
times = st.one_of(st.integers(0, 2_000), st.integers(0, 5_000_000), st.just(60_000_000)).map(lambda ns: ("advance", ns))
events = st.sampled_from([0, 0, 0, 1, 13]).map(lambda before_ns: ("to event", before_ns))
others = st.sampled_from([
    ("reset pin", 0), ("reset pin", 1), ("reset pin", 1), ("chip select", 0), ("chip select", 1), ("lend", 3), ("lend", 0),
    ("temperature", -40.0), ("temperature", 99.5), ("brown out", 0),
])  # fmt: skip
readouts = st.integers(0, 400).map(lambda n: ("window", bits_of((0xFFC00000, 32)) + "1" * 24 * n))
steps = st.lists(st.one_of(windows, windows, readouts, times, events, others), min_size=6, max_size=30)
options = st.builds(
    ChipOptions,
    reference_hz=st.sampled_from([80_000_000, 76_800_000]),
    gsr0_vendor_order=st.just(0),
    fou_while_empty=st.integers(0, 1),
    extra_clocks=st.sampled_from([0, 9, -9]),
    spi_hz=st.sampled_from([0, 0, 1_000_000, 12_345_678, 50_000_000]),
)
feeding = st.sampled_from(
    [(0, 16), (1, 16), (5, 16), (50, 16), (20, 1000), (20, 1000)]
)  # frames lent, samples of a chirp
pieces = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@dataclass
class Bench:
    """A chip, its model, and a hand on its pins. cuts: how windows and times are cut; none: whole."""

    options: ChipOptions = field(default_factory=ChipOptions)
    cuts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chip, self.bus = Chip(self.options), Bus()
        self.in_reset = self.selected = False
        self.frames: list[np.ndarray] = []
        self.feeds = 0
        self.before = self.chip.counters()

    def do(self, step: Step) -> str:
        """Returns what MISO showed. With feeds > 0 samples are lent as soon as they are asked for."""
        miso = self._do(*step)
        if self.feeds:
            self._lend(self.feeds)
        return miso

    def _do(self, kind: str, value: Any) -> str:
        if kind == "window":
            return self._window(value)
        if kind == "reset pin":
            self._reset_pin(value)
        elif kind == "chip select":
            self.selected = not self.in_reset and not value
            self.chip.cs(value)
        elif kind == "brown out":
            self.selected = False
            self.bus.reset()
            self.chip.brown_out()
        elif kind == "advance":
            self._advance(self.chip.time_ns + value)
        elif kind == "to event":
            at = self.chip.next_event_ns
            self._advance(at - value if at < 2**63 else self.chip.time_ns)
        elif kind == "lend":
            self._lend(value)
        else:
            self.chip.set_temperature_c(value)
        return ""

    def _reset_pin(self, level: int) -> None:
        if level:
            self.in_reset = False
        elif not self.selected and not self.in_reset:
            self.in_reset = True
            self.bus.reset()
        self.chip.reset_pin(level)

    def _window(self, bits: str) -> str:
        self.chip.cs(0)
        miso = "".join(self._clock(piece) for piece in self._cut(bits))
        self.chip.cs(1)
        self.selected = False
        if self.in_reset:
            assert miso == "1" * len(bits)
        else:
            check_miso(miso, self.bus.window(bits))
        return miso

    def _cut(self, bits: str) -> list[str]:
        if not self.cuts:
            return [bits]
        found, at, n = [], 0, 0
        while at < len(bits):
            size = self.cuts[n % len(self.cuts)] * (8 if n % 3 else 1)
            found.append(bits[at : at + size])
            at, n = at + size, n + 1
        return found

    def _clock(self, bits: str) -> str:
        """Whole bytes by xfer, the rest bit by bit."""
        whole = len(bits) - len(bits) % 8
        data = int(bits[:whole] or "0", 2).to_bytes(whole // 8, "big")
        answer = "".join(f"{byte:08b}" for byte in self.chip.xfer(data))
        rest = len(bits) - whole
        return answer + (f"{self.chip.clock_bits(int(bits[whole:], 2), rest):0{rest}b}" if rest else "")

    def _advance(self, end_ns: int) -> None:
        now_ns = self.chip.time_ns
        for n in range(1, len(self.cuts)):
            self.chip.advance(now_ns + (end_ns - now_ns) * n // len(self.cuts))
        self.chip.advance(end_ns)

    def _lend(self, n: int) -> None:
        if not self.chip.needs_samples:
            return
        size = self.chip.radar().frame_size
        n = n if size <= LARGEST_FRAME else 0
        self.frames.append((np.arange(n * size) % 4099).astype(np.uint16).reshape(n, size))
        self.chip.set_samples(self.frames[-1])
        self.chip.advance(self.chip.time_ns)

    def seen(self) -> tuple[Any, ...]:
        """Everything an observer can ask for without touching the bus."""
        chip = self.chip
        return (
            [chip.peek(address) for address in range(0x60)],
            (chip.irq, chip.time_ns, chip.next_event_ns, chip.next_frame_ns, chip.needs_samples),
            (chip.counters(), chip.radar()),
        )


def check_miso(miso: str, expected: list[int | None]) -> None:
    """Byte by byte; of the status byte all but over/underflow."""
    for n, byte in enumerate(expected):
        shown = int(miso[8 * n : 8 * n + 8], 2)
        if n == 0:
            assert byte is not None
            assert shown & ~0x08 == 0xF0 | byte
        elif byte is not None:
            assert shown == byte, f"byte {n}"


def laws(bench: Bench) -> None:
    """What holds at any instant."""
    chip = bench.chip
    content = {name: chip.peek(row.address) for name, row in REGISTERS.items()}
    fstat, stat0, level = content["FSTAT"], content["STAT0"], content["SFCTL"] & 0x1FFF
    fill = fstat & FILL
    assert all(0 <= value <= 0xFFFFFF for value in content.values())
    assert fill <= FIFO_WORDS and fstat & ~(FILL | CLK | BURST | FUF | EMPTY | CREF | FULL | FOF) == 0
    assert bool(fstat & EMPTY) == (fill == 0) and bool(fstat & FULL) == (fill == FIFO_WORDS)
    assert bool(fstat & CREF) == (fill > level)
    assert fstat & (CLK | BURST) == bench.bus.sticky << 17
    assert chip.irq == (fill > level and not bench.in_reset and not bench.selected)
    assert stat0 >> 5 & 7 in POWER_MODES and stat0 & 0x8 and stat0 & ~0x3FEF == 0
    assert stat0 >> 5 & 7 in (3, 5) or chip.transmitting
    assert content["SADC_RESULT"] & ~0x7FF == 0 and not (content["SADC_RESULT"] & 0x400 and stat0 & 1)
    assert content["DFT1"] in (0, 0x10)
    registers = {name: value for name, value in content.items() if name not in STATUS}
    assert registers == {name: bench.bus.registers[REGISTERS[name].address] for name in registers}
    assert not (chip.transmitting and bench.in_reset)
    assert chip.next_event_ns >= chip.time_ns or chip.needs_samples
    counters = chip.counters()
    assert all(getattr(counters, name) >= getattr(bench.before, name) for name in COUNTERS)
    assert counters.frames_from_ring <= counters.frames_started and counters.warnings >= bench.bus.warnings
    bench.before = counters
    if chip.irq:
        chip.cs(0)
        assert not chip.irq
        chip.cs(1)
        assert chip.irq and {name: chip.peek(name) for name in REGISTERS} == content  # no clock, no effect


@LAWS
@given(options, feeding, steps)
def test_any_sequence_keeps_the_chip_legal(options: ChipOptions, feeds: Feeds, steps: list[Step]) -> None:
    bench = Bench(options)
    begin(bench, feeds)
    for step in steps:
        bench.do(step)
        laws(bench)


@LAWS
@given(options, feeding, steps, pieces)
def test_any_split_is_the_same(options: ChipOptions, feeds: Feeds, steps: list[Step], cuts: list[int]) -> None:
    whole, cut = Bench(options), Bench(options, cuts)
    begin(whole, feeds)
    begin(cut, feeds)
    for step in steps:
        assert cut.do(step) == whole.do(step)
        assert cut.seen() == whole.seen()
    if not whole.in_reset:
        drain = ("window", bits_of((0xFFC00000, 32)) + "1" * 24 * ((whole.chip.peek("FSTAT") & FILL) + 1))
        assert cut.do(drain) == whole.do(drain)


@LAWS
@given(options, feeding, steps)
def test_the_next_event_is_when_something_happens(options: ChipOptions, feeds: Feeds, steps: list[Step]) -> None:
    bench = Bench(options)
    begin(bench, feeds)
    for step in steps:
        bench.do(step)
        chip = bench.chip
        at, irq = chip.next_event_ns, chip.irq
        if at < 2**63 and not bench.selected and not chip.needs_samples and at > chip.time_ns:
            chip.advance(at - 1)
            assert (chip.irq, chip.needs_samples) == (irq, False)
            overflows = chip.counters().overflows
            chip.advance(at)
            assert (chip.irq and not irq) or chip.needs_samples or overflows


def begin(bench: Bench, feeds: Feeds) -> None:
    """Frames of 4 chirps and 3 antennas run, unless none are to be lent."""
    bench.feeds, n_samples = feeds
    if not bench.feeds:
        return
    program(bench.chip, n_samples=n_samples)
    start(bench.chip)
    for name in REGISTERS:
        if name not in STATUS:
            bench.bus.registers[REGISTERS[name].address] = bench.chip.peek(name)
