"""The emulated radar chip as a Python object: owns the memory, names the registers, binds by address.

Rule: no behaviour in here; whatever the chip does, its C files do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hw_sim.chip.core import ANY_TIME_NS, ffi, function_address, lib
from hw_sim.radar_view import RadarView

Frames = NDArray[np.uint16]
FIFO_READ = bytes.fromhex("FFC00000")  # header of an unbounded burst from 0x60


@dataclass(frozen=True, slots=True)
class Register:
    """One row of the chip's register table."""

    name: str
    address: int
    reset_value: int
    writable: bool


@dataclass(frozen=True, slots=True)
class Field:
    """Bits high..low of a register; kind is one of modelled, setup, absent (see `registers.h`)."""

    register: str
    name: str
    high: int
    low: int
    kind: str


@dataclass(frozen=True, slots=True)
class ChipCounters:
    """Same fields as `chip_counters` in `chip.h`; all count up from power-on."""

    spi_bytes: int
    fifo_burst_bytes: int
    test_burst_bytes: int
    frames_started: int
    frames_from_ring: int
    overflows: int
    underflows: int
    warnings: int
    last_warned_address: int


@dataclass(frozen=True, slots=True)
class Chirp:
    """Same fields as `chip_chirp_view` in `chip.h`: one chirp of a frame. start_clocks: clocks of the reference."""

    shape: int
    channel_set: int
    down: int
    n_rx: int
    rx_mask: int
    n_samples: int
    start_clocks: int
    first_sample: int
    f0_hz: float
    slope_hz_per_s: float


def register_table() -> dict[str, Register]:
    """All registers by name, in order of address."""
    table = {}
    row = ffi.new("chip_register_info *")
    for index in range(lib.chip_register_count()):
        lib.chip_register_describe(index, row)
        name = ffi.string(row.name).decode()
        table[name] = Register(name, row.address, row.reset_value, bool(row.writable))
    return table


def field_table() -> list[Field]:
    """All fields of all registers."""
    kinds = {lib.CHIP_FIELD_MODELLED: "modelled", lib.CHIP_FIELD_SETUP: "setup", lib.CHIP_FIELD_ABSENT: "absent"}
    table = []
    row = ffi.new("chip_field_info *")
    for index in range(lib.chip_field_count()):
        lib.chip_field_describe(index, row)
        names = ffi.string(row.register_name).decode(), ffi.string(row.name).decode()
        table.append(Field(*names, row.high_bit, row.low_bit, kinds[row.kind]))
    return table


REGISTERS = register_table()
MOST_CHIRPS_LISTED = 1 << 16
"""A frame of more cannot be meant: registers allow 2**28."""


@dataclass(frozen=True, slots=True)
class ChipOptions:
    """Same fields as `chip_options` in `chip.h`; the default is the default chip."""

    reference_hz: int = 80_000_000
    spi_hz: int = 0
    gsr0_vendor_order: int = 0
    fou_while_empty: int = 0
    adc0_bit_13: int = 0
    extra_clocks: int = 0
    temperature_mc: int = 25_000
    chip_id: int = 0x000303
    reset_stuck: int = 0
    memory_broken: int = 0


@dataclass(frozen=True, slots=True)
class ChipFaults:
    """Same fields as `chip_faults` in `chip.h`, without its seed; the default is a healthy chip."""

    gsr0_mirrored: int = 0
    fou_while_empty: int = 0
    chip_id: int = 0
    reset_stuck: int = 0
    memory_broken: int = 0
    spi_hz: int = 0
    cref_lost: int = 0
    oscillator_off: int = 0
    frame_limit: int = 0
    lfsr_wrong: int = 0
    underflow_every: int = 0
    frame_drop_ppm: int = 0
    frame_repeat_ppm: int = 0
    frame_jitter_us: int = 0
    frame_pause: int = 0
    clock_ppb: int = 0
    hot_mc: int = 0


class Chip:
    """One BGT60TR13C after power-on."""

    def __init__(self, options: ChipOptions | None = None) -> None:
        self._memory: Any = ffi.new("uint64_t[]", lib.chip_size() // 8 + 1)
        self.pointer: Any = ffi.cast("void *", self._memory)
        self.frames: Frames | None = None  # lent last, kept alive
        self._asked: Any = ffi.NULL
        self._ask_error: Exception | None = None
        lib.chip_init(self.pointer, ffi.new("chip_options *", asdict(options or ChipOptions())))

    @classmethod
    def at(cls, pointer: Any) -> Chip:
        """The chip that a board of its own owns, for as long as that board lives."""
        chip = cls.__new__(cls)
        chip.pointer, chip._memory, chip.frames = pointer, None, None
        chip._asked, chip._ask_error = ffi.NULL, None
        return chip

    def leave(self) -> None:
        """Its board is gone, and its memory: whatever is asked of it from now on raises ValueError."""
        del self.pointer
        self.frames = None

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name == "pointer":
                raise ValueError("chip: its board was closed")
            raise AttributeError(name)

    @property
    def address(self) -> int:
        """Of the chip's memory: the context for every function of `function_address`."""
        return int(ffi.cast("uintptr_t", self.pointer))

    def functions(self) -> dict[str, int]:
        """Addresses of what a driver binds: cs, xfer, reset_pin, irq."""
        return {name: function_address(f"chip_{name}") for name in ("cs", "xfer", "reset_pin", "irq")}

    def cs(self, level: int) -> int:
        return int(lib.chip_cs(self.pointer, level))

    def xfer(self, tx: bytes) -> bytes:
        """Clocks the bytes within the present chip-select window; returns MISO."""
        rx = bytearray(len(tx))
        lib.chip_xfer(self.pointer, tx, ffi.from_buffer("uint8_t[]", rx), len(tx))
        return bytes(rx)

    def clock_bits(self, mosi: int, n_bits: int) -> int:
        """The lowest n_bits <= 32 of mosi, highest first, within the present window; returns as many of MISO."""
        miso = ffi.new("uint32_t *")
        lib.chip_clock_bits(self.pointer, mosi, n_bits, miso)
        return int(miso[0])

    def transfer(self, *parts: bytes) -> bytes:
        """One chip-select window, the parts being separate transfers; returns all MISO bytes."""
        self.cs(0)
        rx = b"".join(self.xfer(part) for part in parts)
        self.cs(1)
        return rx

    def transfer_into(self, buffer: Any, command: bytes = FIFO_READ) -> None:
        """One chip-select window: the command, then the writable buffer is filled with what the chip sends.

        The fastest way to read from Python: nothing is allocated. buffer: bytearray, array or cffi's uint8_t[].
        """
        rx = buffer if isinstance(buffer, ffi.CData) else ffi.from_buffer("uint8_t[]", buffer, require_writable=True)
        lib.chip_cs(self.pointer, 0)
        lib.chip_xfer(self.pointer, command, ffi.NULL, len(command))
        lib.chip_xfer(self.pointer, ffi.NULL, rx, len(rx))
        lib.chip_cs(self.pointer, 1)

    def read(self, register: str | int) -> int:
        """A single read on the bus, by name or address."""
        return int.from_bytes(self.transfer(bytes([self._number(register) << 1, 0, 0, 0]))[1:], "big")

    def peek(self, register: str | int) -> int:
        """What a read would return, without one; the FIFO gives 0. For tests."""
        return int(lib.chip_register(self.pointer, self._number(register)))

    def write(self, register: str | int, value: int) -> int:
        """A single write on the bus; returns the previous content as MISO shows it."""
        word = self._number(register) << 25 | 1 << 24 | value
        return int.from_bytes(self.transfer(word.to_bytes(4, "big"))[1:], "big")

    def burst_read(self, address: int, n_bytes: int, n_words: int = 0) -> bytes:
        """Header and data in one window, as two transfers; returns the data bytes. n_words 0 = unbounded."""
        header = 0xFF000000 | address << 17 | n_words << 9
        return self.transfer(header.to_bytes(4, "big"), b"\xff" * n_bytes)[4:]

    @staticmethod
    def _number(register: str | int) -> int:
        return register if isinstance(register, int) else REGISTERS[register].address

    def reset_pin(self, level: int) -> None:
        lib.chip_reset_pin(self.pointer, level)

    def set_temperature_c(self, temperature_c: float) -> None:
        """Of the die, from now on; the sensor converter measures it."""
        lib.chip_set_temperature_mc(self.pointer, round(temperature_c * 1000.0))

    def set_faults(self, faults: ChipFaults, seed: int = 0) -> None:
        """What goes wrong with it from now on. seed: of what happens by chance."""
        lib.chip_set_faults(self.pointer, ffi.new("chip_faults *", asdict(faults) | {"seed": seed}))

    def lose_word(self) -> None:
        """Once: the FIFO loses the oldest word it holds, or the next one that comes."""
        lib.chip_lose_word(self.pointer)

    def brown_out(self) -> None:
        """The supply fails for a moment: as after power-on; options and counters stay."""
        lib.chip_brown_out(self.pointer)

    @property
    def irq(self) -> bool:
        return bool(lib.chip_irq(self.pointer))

    def advance(self, now_ns: int) -> None:
        lib.chip_advance_ns(self.pointer, now_ns)

    @property
    def time_ns(self) -> int:
        """The latest time asked for, or where a transfer has led since."""
        return int(lib.chip_time_ns(self.pointer))

    @property
    def next_event_ns(self) -> int:
        return int(lib.chip_next_event_ns(self.pointer))

    @property
    def next_frame_ns(self) -> int:
        return int(lib.chip_next_frame_ns(self.pointer))

    @property
    def needs_samples(self) -> bool:
        return bool(lib.chip_needs_samples(self.pointer))

    def set_samples(self, frames: Frames, first_frame_ns: int = ANY_TIME_NS) -> None:
        """Lends frames to the chip: uint16[frame, ...] contiguous in FIFO order; kept alive by this object."""
        if frames.dtype != np.uint16 or not frames.flags.c_contiguous:
            raise ValueError("frames: expected a contiguous uint16 array [frame, chirp, sample, rx]")
        size = self.radar().frame_size
        if len(frames) and frames[0].size != size:
            raise ValueError(f"frames: expected {size} samples per frame as programmed, got {frames[0].size}")
        data = ffi.cast("const uint16_t *", ffi.from_buffer(frames)) if frames.size else ffi.NULL
        if lib.chip_samples_set(self.pointer, data, len(frames), first_frame_ns):
            self.frames = frames

    def forget_samples(self) -> None:
        """What was lent is no longer true: it is asked for again at the next frame. A recording stays."""
        lib.chip_samples_forget(self.pointer)

    def set_spi_hz(self, spi_hz: int) -> None:
        """SPI clock rate from now on; 0: transfers take no time."""
        lib.chip_set_spi_hz(self.pointer, spi_hz)

    def ask(self, supply: Callable[[], None] | None) -> None:
        """supply is called when a frame starts in the middle of a transfer and finds no samples; it may lend some.

        An error it raises is kept for `raise_asked()`: there is C between here and whoever made the transfer.
        """
        self._ask_error = None

        def asked(_context: object) -> None:
            try:
                if supply is not None:
                    supply()
            except Exception as error:
                self._ask_error = error

        self._asked = ffi.callback("void(void *)", asked) if supply is not None else ffi.NULL
        lib.chip_ask(self.pointer, self._asked, ffi.NULL)

    def raise_asked(self) -> None:
        """Raises what supply raised since the last call, if anything."""
        error, self._ask_error = self._ask_error, None
        if error is not None:
            raise error

    def radar(self) -> RadarView:
        """What the registers programme, decoded."""
        view = ffi.new("chip_radar_view *")
        lib.chip_radar(self.pointer, view)
        found = {name: getattr(view, name) for name in RadarView.__dataclass_fields__ if name != "chirp_samples"}
        found |= {name: tuple(found[name]) for name in ("rx_gain_db", "rx_cutoff_hz")}
        listed = not view.uniform and view.n_chirps <= MOST_CHIRPS_LISTED
        kinds = () if not listed else tuple(c.n_rx * c.n_samples for c in self._chirps(view.n_chirps))
        return RadarView(**found | {"uniform": bool(view.uniform)}, chirp_samples=kinds)

    def chirps(self) -> list[Chirp]:
        """Every chirp of a frame as programmed, in order."""
        return list(self._chirps(self.radar().n_chirps))

    def _chirps(self, n: int) -> Iterator[Chirp]:
        view = ffi.new("chip_chirp_view *")
        for index in range(n):
            lib.chip_chirp(self.pointer, index, view)
            yield Chirp(**{name: getattr(view, name) for name in Chirp.__dataclass_fields__})

    @property
    def transmitting(self) -> bool:
        """Frames are running; otherwise the chip is in deep sleep and sends no chirp."""
        view = ffi.new("chip_radar_view *")
        lib.chip_radar(self.pointer, view)
        return bool(view.transmitting)

    def counters(self) -> ChipCounters:
        row = ffi.new("chip_counters *")
        lib.chip_get_counters(self.pointer, row)
        return ChipCounters(**{name: getattr(row, name) for name in ChipCounters.__dataclass_fields__})
