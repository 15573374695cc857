"""Looks at the radar chip and its wires without the firmware: what answers, and which wire is off.

Rule: one question after the other, each says what it proves; the first that fails names the wire, the pin and the cure.
The chip is left in reset and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.config import RadarConfig
from edge.core import load
from edge.hal.raspberry_pi.spi import GSR0_CLEAR, RadarSpi
from edge.hal.raspberry_pi.troubles import ChipTrouble

MAIN, CHIP_ID, SFCTL, SADC_CTRL, CSI_0, STAT0, SADC_RESULT, FSTAT = 0x00, 0x02, 0x06, 0x07, 0x08, 0x5D, 0x5E, 0x5F
MAIN_DEFAULT = 0x1E0000
FRAME_START, SW_RESET, FSM_RESET, FIFO_RESET = 1, 2, 4, 8
LFSR_EN = 1 << 17
EXPECTED_ID = 0x000303
STATUS_MASK = 0xF0
RIGHT = (0xF000_0000 | EXPECTED_ID, 0xF400_0000 | EXPECTED_ID)
"""The id behind its status byte; after a reset the chip also says that it sends half a clock early."""
LOW_31 = 0x7FFF_FFFF
PATTERNS = (0x2AAAA5, 0x15555A)
"""Written to a register that means nothing while the chip sleeps, and read back."""
RESET_US = 1000
CLEAR_US = 10_000
HEADER_PIN = {2: 3, 3: 5, 4: 7, 5: 29, 6: 31, 7: 26, 8: 24, 9: 21, 10: 19, 11: 23, 12: 32, 13: 33, 14: 8, 15: 10, 16: 36,
              17: 11, 18: 12, 19: 35, 20: 38, 21: 40, 22: 15, 23: 16, 24: 18, 25: 22, 26: 37, 27: 13}  # fmt: skip
"""GPIO number -> position on the 40-pin header."""


def place(gpio: int) -> str:
    """A GPIO number with its position on the header."""
    return f"GPIO{gpio}, header pin {HEADER_PIN[gpio]}" if gpio in HEADER_PIN else f"GPIO{gpio}"


@dataclass(frozen=True)
class Programme:
    """A radar config as the chip takes it. words: address << 25 | 1 << 24 | data. burst_bytes: of a frame."""

    words: tuple[int, ...]
    samples: int
    n_rx: int
    frame_us: float
    start_us: float

    @property
    def burst_bytes(self) -> int:
        return self.samples // 2 * 3

    def data(self, address: int) -> int:
        return next(word & 0xFFFFFF for word in self.words if word >> 25 == address)


def programme(config: RadarConfig) -> Programme:
    """The firmware's own register words for a config. Raises ValueError when the chip cannot do it."""
    ffi, lib = load()
    words = ffi.new("uint32_t[]", lib.SW_RADAR_REGISTER_COUNT)
    timing = ffi.new("sw_radar_timing *")
    radar = ffi.new("sw_radar_config *", config.words())
    if lib.sw_radar_registers(radar, words, timing) != 0:
        raise ValueError(f"radar config: the chip cannot do {config}")
    return Programme(tuple(words), timing.frame_samples, timing.n_rx, timing.frame_ticks / 80, timing.start_ticks / 80)


def burst_bytes(config: RadarConfig) -> int:
    """Of a frame in the FIFO."""
    return programme(config).burst_bytes


class ChipBus:
    """The chip's registers, reset and interrupt. pause: waits so many us."""

    def __init__(self, spi: RadarSpi, pins: Any, pause: Callable[[int], None]) -> None:
        self.spi, self.pins, self.pause = spi, pins, pause

    def access(self, word: int) -> int:
        """One 32-bit access: what came back meanwhile, status byte first."""
        self.spi.cs(0)
        got = int.from_bytes(self.spi.xfer(word.to_bytes(4, "big"), 4), "big")
        self.spi.cs(1)
        return got

    def read(self, address: int) -> int:
        return self.access(address << 25) & 0xFFFFFF

    def write(self, address: int, data: int) -> None:
        self.access(address << 25 | 1 << 24 | data)

    def reset(self) -> None:
        """By the reset pin."""
        self.pins.radar_reset(0)
        self.pause(RESET_US)
        self.pins.radar_reset(1)
        self.pause(RESET_US)

    def configure(self, wanted: Programme) -> None:
        """From reset to ready; frames do not run yet."""
        self.reset()
        self.write(MAIN, MAIN_DEFAULT | SW_RESET)
        self.pause(CLEAR_US)
        for word in wanted.words:
            self.access(word)

    def start(self, wanted: Programme, lfsr: bool = False) -> None:
        self.write(MAIN, wanted.data(MAIN) | FIFO_RESET)
        self.write(SFCTL, wanted.data(SFCTL) | (LFSR_EN if lfsr else 0))
        self.write(MAIN, wanted.data(MAIN) | FRAME_START)

    def frame(self, wanted: Programme) -> tuple[int, bytes]:
        """Status byte and packed samples of the frame that waits in the FIFO."""
        self.spi.cs(0)
        try:
            status = self.spi.xfer(bytes([0xFF, 0xC0, 0, 0]), 4)[0]
            return status, self.spi.xfer(None, wanted.burst_bytes) if status == GSR0_CLEAR else b""
        finally:
            self.spi.cs(1)

    def sleep(self) -> None:
        """Nothing is sent from now on."""
        self.pins.radar_reset(0)
        self.pause(RESET_US)
        self.pins.radar_reset(1)


def identify(bus: ChipBus) -> int:
    """The chip's id from a reset on. Raises ChipTrouble naming the wire."""
    bus.reset()
    try:
        answer, other = bus.access(CHIP_ID << 25), bus.access(MAIN << 25)
    except OSError as error:
        raise ChipTrouble(
            f"SPI transfers fail ({error.strerror or error}): wrong SPI mode or overlay? expected mode 0 on {place(8)} .. "
            f"{place(11)}; remove other spi overlays from config.txt"
        ) from None
    if answer & STATUS_MASK << 24 == STATUS_MASK << 24 and answer & 0xFFFFFF == EXPECTED_ID:
        return EXPECTED_ID
    raise ChipTrouble(_why(answer, other, bus))


def _why(answer: int, other: int, bus: ChipBus) -> str:
    """What an answer that is not the chip's id means. other: of another register."""
    if answer == other == 0:
        return (
            f"radar reads as zeros: no power, or MISO ({place(9)}) is open or shorted; check 3.3 V, GND and that wire"
        )
    if answer == other == 0xFFFF_FFFF:
        reset = place(bus.pins.pins.reset)
        return (
            f"radar reads as ones: it is not selected or held in reset; check chip select ({place(8)}), "
            f"reset ({reset}), power and MISO ({place(9)})"
        )
    if any(answer & LOW_31 == right >> 1 or answer >> 1 == right & LOW_31 for right in RIGHT):
        return "radar answers a bit off: wrong SPI mode (expected 0), or a clock too fast for the wires: try --spi-hz 10000000"
    if answer & STATUS_MASK << 24 != STATUS_MASK << 24:
        return f"radar's status byte is {answer >> 24:02X}, expected Fx: disturbed wires; shorten them, try --spi-hz 5000000"
    if answer & 0xFFFFFF == other & 0xFFFFFF:
        return f"radar answers, but does not hear: MOSI ({place(10)}) or clock ({place(11)}) is open; check these wires"
    return (
        f"another chip: id {answer & 0xFFFFFF:06X}, expected {EXPECTED_ID:06X} (BGT60TR13C); "
        "check the board's type, or disturbed wires: try --spi-hz 5000000"
    )


def keeps_words(bus: ChipBus) -> None:
    """Registers take what is written to them. Raises ChipTrouble."""
    for pattern in PATTERNS:
        bus.write(CSI_0, pattern)
        found = bus.read(CSI_0)
        if found != pattern:
            raise ChipTrouble(
                f"a register reads {found:06X} after {pattern:06X} was written: disturbed wires; shorten them, "
                "try --spi-hz 5000000"
            )


def resets(bus: ChipBus) -> None:
    """The reset wire works. Raises ChipTrouble."""
    bus.write(CSI_0, PATTERNS[0])
    bus.reset()
    if bus.read(CSI_0) != 0:
        raise ChipTrouble(
            f"reset does nothing: its wire ({place(bus.pins.pins.reset)}) is open; check it, or name the pin with --pins"
        )


def interrupts(bus: ChipBus, wanted: Programme) -> None:
    """The interrupt line follows the FIFO. Raises ChipTrouble."""
    bus.configure(wanted)
    where = place(bus.pins.pins.interrupt)
    if bus.pins.radar_irq():
        raise ChipTrouble(
            f"interrupt is high with an empty FIFO: {where} is shorted or the wrong pin; check it, or name it with --pins"
        )
    bus.start(wanted)
    bus.pause(int(wanted.start_us + 1.5 * wanted.frame_us))
    level, status = bus.pins.radar_irq(), bus.read(FSTAT)
    bus.sleep()
    if level:
        return
    if status & 1 << 21 or status & 1 << 23:
        raise ChipTrouble(
            f"interrupt stays low while the FIFO is full: its wire ({where}) is open; check it, or name it with --pins"
        )
    raise ChipTrouble(
        "the chip makes no frames: its 80 MHz oscillator may be off; check the board's power and oscillator"
    )


def look(bus: ChipBus, config: RadarConfig | None = None) -> str:
    """All of it. Returns what was found; raises ChipTrouble with the first wire that is off."""
    found = identify(bus)
    keeps_words(bus)
    resets(bus)
    interrupts(bus, programme(config or RadarConfig()))
    bus.sleep()
    return f"BGT60TR13C, id {found:06X}; SPI, reset and interrupt work"
