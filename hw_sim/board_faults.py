"""What can be wrong with the emulated board, as one table of plain values.

Rule: it only says what is so; hw_sim/board.py makes it so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hw_sim.chip.chip import ChipOptions
from hw_sim.chip.core import lib

BUS_FAULTS = (
    "miso_from_us", "miso_and", "miso_or", "miso_flip_ppm", "miso_late", "lost_clock_every", "extra_clock_every",
    "cs_chunk_bytes", "irq_low_from_us", "irq_high_from_us", "irq_late_us", "irq_spurious_every_us", "irq_miss_every",
    "irq_inverted", "brown_out_at_us", "dip_at_us", "hang_at_us", "reset_held", "uart_baud",
    "i2c_stuck", "clock_absent", "climate_absent", "light_absent", "entropy_absent", "bounce_us",
)  # fmt: skip
"""Fields of the C struct of the same name; None is never."""


@dataclass(frozen=True)
class Faults:
    """Faults of the board, off by default; docs/simulator.md says what each is like.

    miso_and, miso_or: masks on every received byte; miso_flip_ppm: chance of a byte to have one bit flipped, 1e-6
    (all three from miso_from_us; miso_fifo_only: only on FIFO burst data). miso_late: bits arrive one clock late.
    *_every: every n-th chip-select window or edge, 0 none. cs_chunk_bytes: chip select is released in between.
    *_from_us, *_at_us: board time, us; None: never. dip: the device alone is reset; hang: it does nothing until a reset.
    reset_held: the radar's reset line stays low. uart_baud: what the line to the host takes, 0 everything at once.
    flash_stuck: writing to flash changes nothing.
    flash_program_us, flash_erase_us: how long one takes. flash_endurance: erases a sector survives. i2c_stuck: a wire of
    the bus is held low. *_absent: nobody answers. climate_crc: checksums are wrong. glare_lux: falls on the light sensor
    instead of the room's light, 0 none. bounce_us: contacts of button and switch bounce for so long after a change.
    clock_ppb: error of the clock chip, 1e-9, positive runs fast. chip_id (None: the right one), reset_stuck,
    memory_broken: of the radar chip.
    """

    miso_from_us: int | None = None
    miso_and: int = 0xFF
    miso_or: int = 0
    miso_flip_ppm: int = 0
    miso_fifo_only: bool = True
    miso_late: bool = False
    lost_clock_every: int = 0
    extra_clock_every: int = 0
    cs_chunk_bytes: int = 0
    irq_low_from_us: int | None = None
    irq_high_from_us: int | None = None
    irq_late_us: int = 0
    irq_spurious_every_us: int = 0
    irq_miss_every: int = 0
    irq_inverted: bool = False
    brown_out_at_us: int | None = None
    dip_at_us: int | None = None
    hang_at_us: int | None = None
    reset_held: bool = False
    uart_baud: int = 0
    chip_id: int | None = None
    reset_stuck: bool = False
    memory_broken: bool = False
    flash_stuck_from_us: int | None = None
    flash_program_us: int = lib.NOR_FLASH_PROGRAM_US
    flash_erase_us: int = lib.NOR_FLASH_ERASE_US
    flash_endurance: int = lib.NOR_FLASH_ENDURANCE
    i2c_stuck: bool = False
    clock_absent: bool = False
    clock_stopped: bool = False
    climate_absent: bool = False
    climate_crc: bool = False
    light_absent: bool = False
    glare_lux: float = 0.0
    button_stuck: bool = False
    bounce_us: int = 0
    entropy_absent: bool = False
    clock_ppb: int = 0

    def of_chip(self, options: ChipOptions) -> ChipOptions:
        """The options with this table's faults of the chip itself."""
        return replace(
            options,
            chip_id=options.chip_id if self.chip_id is None else self.chip_id,
            reset_stuck=int(self.reset_stuck or options.reset_stuck),
            memory_broken=int(self.memory_broken or options.memory_broken),
        )
