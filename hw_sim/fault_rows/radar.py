"""Faults of the radar chip and of the wires to it: transport, status, interrupt, FIFO, identity, timing.

Rule: see row.py. Fields of part `board` are hw_sim.board.Faults, of part `chip` hw_sim.chip.chip.ChipFaults.
"""

from __future__ import annotations

from hw_sim.fault_kinds import count, frequency, identity, quantity, rate_error, share, time
from hw_sim.fault_rows.row import Row

BACK_OFF = "resets the chip and tries again after 0.25 to 32 s; silent meanwhile"
GOES_ON = "goes on"
GOES_ON_BELOW = "goes on below 1 %; above, rates and ranges would be wrong: gives up, tries again after 0.25 to 32 s"
TAKES_DUE = "takes frames when they are due; none is lost"
WRITES_AGAIN = "writes again what was lost; a frame hurt is dropped, frames restart"
RESTARTS = "restarts the frames; the span is marked as a gap"

_TRANSPORT = (
    Row(
        "miso-low", None, "board", lambda _: {"miso_and": 0, "miso_or": 0, "miso_from_us": 0, "miso_fifo_only": False},
        "MISO_LOW", "every byte from the chip reads 00", "no chip, no power, a line shorted to ground", BACK_OFF,
    ),
    Row(
        "miso-high", None, "board",
        lambda _: {"miso_and": 0xFF, "miso_or": 0xFF, "miso_from_us": 0, "miso_fifo_only": False},
        "MISO_HIGH", "every byte from the chip reads FF", "chip absent behind a pull-up, chip select not connected",
        BACK_OFF,
    ),
    Row(
        "bit-flips", share(1, 100_000, 200), "board", lambda ppm: {"miso_flip_ppm": int(ppm), "miso_from_us": 0,
                                                                "miso_fifo_only": False},
        "BUS_BITS", "so many of the bytes from the chip have one bit flipped", "level shifters, long wires",
        "goes on: reads again what can be read again; samples have no check", "forum threads on level shifters",
    ),
    Row(
        "bits-late", None, "board", lambda _: {"miso_late": True},
        "BUS_LATE", "unless MISO_HS_RD is set every bit is taken for the next one", "a clock above 25 MHz without high speed",
        "asks the chip for high speed and goes on", "datasheet, a public driver's 20 MHz rule",
    ),
    Row(
        "bus-split", count(5, 16384, 4096), "board", lambda n: {"cs_chunk_bytes": int(n)},
        "BUS_SPLIT", "chip select is released after so many bytes", "a driver with a buffer of 4096 bytes",
        "finds the cut by the self test and reads in shorter windows", "reports of users of py-spidev",
    ),
    Row(
        "clock-lost", count(2, 1_000_000, 100), "board", lambda n: {"lost_clock_every": int(n)},
        "BUS_CLOCKS", "in every n-th window the chip misses a clock", "glitches on the clock line", WRITES_AGAIN,
    ),
    Row(
        "clock-doubled", count(2, 1_000_000, 100), "board", lambda n: {"extra_clock_every": int(n)},
        "BUS_CLOCKS", "in every n-th window the chip sees a clock twice", "reflections on the clock line", WRITES_AGAIN,
    ),
    Row(
        "spi-slow", frequency(100e3, 50e6, 1e6), "chip", lambda hz: {"spi_hz": int(hz)},
        "BUS_SLOW", "transfers take time at this clock rate", "a clock divider left at its default",
        "restarts the frames whenever the FIFO runs over; spans are marked as gaps",
    ),
)  # fmt: skip

_STATUS = (
    Row(
        "status-mirrored", None, "chip", lambda _: {"gsr0_mirrored": 1},
        "STATUS_MIRRORED", "the four status bits stand in the other order", "the vendor's C header against the datasheet",
        "turns the bits round", "reports of users of the vendor's driver",
    ),
    Row(
        "status-false", None, "chip", lambda _: {"fou_while_empty": 1},
        "STATUS_FALSE", "over/underflow is shown while the FIFO is empty", "silicon, as two users report",
        GOES_ON + "; looks into FSTAT before it believes it", "Rust and ESP32 drivers",
    ),
)  # fmt: skip

_IRQ = (
    Row(
        "irq-never", None, "board", lambda _: {"irq_low_from_us": 0},
        "IRQ_SILENT", "the interrupt line stays low", "a wire is off, the wrong pin",
        TAKES_DUE, "reports of users of an ESP32 driver and of the vendor's",
    ),
    Row(
        "irq-late", time(1, 1_000_000, 5_000), "board", lambda us: {"irq_late_us": int(us)},
        "IRQ_LATE", "the line rises that much later than the chip's pin", "a busy processor, a slow interrupt controller",
        GOES_ON,
    ),
    Row(
        "irq-missed", count(2, 1_000_000, 10), "board", lambda n: {"irq_miss_every": int(n)},
        "IRQ_MISSED", "every n-th edge is not seen", "edges while the interrupt was masked", TAKES_DUE,
    ),
    Row(
        "irq-spurious", time(100, 60_000_000, 100_000), "board", lambda us: {"irq_spurious_every_us": int(us)},
        "IRQ_FALSE", "an edge without a level behind it, so often", "glitches on the line", GOES_ON,
    ),
    Row(
        "irq-stuck", None, "board", lambda _: {"irq_high_from_us": 0},
        "IRQ_STUCK", "the interrupt line stays high", "a short to the supply", TAKES_DUE,
    ),
    Row(
        "irq-inverted", None, "board", lambda _: {"irq_inverted": True},
        "IRQ_INVERTED", "the interrupt line is active low", "an inverting level shifter, a wrong pin set-up", TAKES_DUE,
    ),
    Row(
        "irq-early", None, "chip", lambda _: {"cref_lost": 1},
        "IRQ_EARLY", "FIFO_CREF is not taken and stays 0: an interrupt at the first word",
        "the write was lost, or made before the register list", "writes it again; " + TAKES_DUE, "vendor driver; datasheet",
    ),
    Row(
        "oscillator-off", None, "chip", lambda _: {"oscillator_off": 1},
        "OSCILLATOR_OFF", "OSCCLKEN is not taken: frames are refused, and end", "the bit is missing in a register list",
        BACK_OFF,
    ),
    Row(
        "frame-limit", count(1, 4095, 100), "chip", lambda n: {"frame_limit": int(n)},
        "FRAMES_ENDED", "MAX_FRAME_CNT holds this number: frames end after so many", "a register list of a demo",
        "writes the register again and restarts the frames",
    ),
)  # fmt: skip

_FIFO = (
    Row(
        "host-busy", time(1_000, 10_000_000, 400_000), "power", lambda us: {"act": "busy", "us": int(us)},
        "OVERFLOW", "the device's processor gets no event for so long", "a flash erase that blocks, another task",
        RESTARTS, once=True,
    ),
    Row(
        "fifo-underflow", count(2, 1_000_000, 100), "chip", lambda n: {"underflow_every": int(n)},
        "UNDERFLOW", "every n-th burst finds 64 words too few: its end reads FF",
        "a read that begins before the data are there",
        RESTARTS,
    ),
    Row(
        "fifo-shift", None, "power", lambda _: {"act": "fifo_shift"},
        "FIFO_SHIFTED", "one word is lost from the FIFO: all behind it is one word off", "a broken read before",
        RESTARTS, once=True,
    ),
    Row(
        "memory-broken", None, "chip", lambda _: {"memory_broken": 1},
        "MEMORY_BROKEN", "the self test of the FIFO's memory fails", "a broken chip", BACK_OFF,
    ),
    Row(
        "self-test-wrong", None, "chip", lambda _: {"lfsr_wrong": 1},
        "SELF_TEST_FAILED", "the test sequence of RX1 has a wrong bit", "a damaged data path, a broken register list",
        BACK_OFF, "reports of users of the vendor's driver",
    ),
)  # fmt: skip

_IDENTITY = (
    Row(
        "wrong-chip", identity(0xFFFFFF, 0x000609), "chip", lambda n: {"chip_id": int(n)},
        "WRONG_CHIP", "CHIP_ID holds another number", "another chip of the family", BACK_OFF,
    ),
    Row(
        "reset-stuck", None, "chip", lambda _: {"reset_stuck": 1},
        "RESET_STUCK", "reset bits of MAIN never clear", "a chip without its clock", BACK_OFF, "vendor driver's wait",
    ),
    Row(
        "reset-line-low", None, "board", lambda _: {"reset_held": True},
        "MISO_HIGH", "the reset line is held low: the chip does not answer", "a short; looks like an absent chip",
        BACK_OFF,
    ),
    Row(
        "brown-out", None, "power", lambda _: {"act": "brown_out"},
        "BROWN_OUT", "the chip alone starts anew: registers at reset, interrupt silent", "a dip of its supply",
        "sets the chip up again; the span is marked as a gap", once=True,
    ),
)  # fmt: skip

_TIMING = (
    Row(
        "frame-drop", share(100, 500_000, 10_000), "chip", lambda ppm: {"frame_drop_ppm": int(ppm)},
        "FRAME_DROPPED", "so many frames are not sent", "a chip that misses its start", GOES_ON + "; marked as a gap",
    ),
    Row(
        "frame-repeat", share(100, 500_000, 10_000), "chip", lambda ppm: {"frame_repeat_ppm": int(ppm)},
        "FRAME_REPEATED", "so many frames hold the samples of the one before", "a buffer that was not renewed",
        GOES_ON + "; the frame counts as lost",
    ),
    Row(
        "frame-jitter", time(100, 20_000, 3_000), "chip", lambda us: {"frame_jitter_us": int(us)},
        "FRAME_JITTER", "each frame starts up to so much late, by chance", "a host that starts every frame itself",
        GOES_ON,
    ),
    Row(
        "frame-pause", None, "chip", lambda _: {"frame_pause": 1},
        "FRAME_PAUSE", "no frame starts", "a chip that waits for its clock", RESTARTS,
    ),
    Row(
        "chip-clock", rate_error(50_000_000, 1_000_000), "chip", lambda ppb: {"clock_ppb": int(ppb)},
        "REFERENCE", "the chip's reference runs fast, or slow", "a wrong or cold crystal", GOES_ON_BELOW,
    ),
    Row(
        "reference-76.8", None, "chip", lambda _: {"reference_hz": 76_800_000},
        "REFERENCE", "the reference has 76.8 instead of 80 MHz: all times are 4 % longer, frequencies lower",
        "the other crystal of the data sheet", GOES_ON_BELOW, at_power_on=True,
    ),
)  # fmt: skip

_HEAT = (
    Row(
        "chip-hot", quantity("C", 40, 125, 90), "chip", lambda c: {"hot_mc": round(1000 * c)},
        "TEMPERATURE", "the die is that hot; its sensor converter shows it, signal and noise stay",
        "the sun on the housing, a device under a blanket",
        GOES_ON + "; asks for the temperature once a minute and tells when it is outside of -20 to 70 °C",
    ),
)  # fmt: skip

ROWS = (*_TRANSPORT, *_STATUS, *_IRQ, *_FIFO, *_IDENTITY, *_TIMING, *_HEAT)
