"""Faults of flash, clock, sensors, button, entropy (part `parts`).

Rule: see row.py. Fields are hw_sim.board.Faults.
"""

from __future__ import annotations

from hw_sim.fault_kinds import Kind, quantity, rate_error, share, time
from hw_sim.fault_rows.row import Row

FLASH = "W25Q128JV datasheet"
TIMES = Kind({"x": 1}, 2, 1000, 20)
"""How many times longer than is typical."""

_FLASH = (
    Row(
        "flash-stuck", None, "parts", lambda _: {"flash_stuck_from_us": 0},
        "FLASH_FAILED", "programs and erases are accepted and change nothing", "write protection left on",
        "tries again every minute; an alarm that cannot be stored is refused and said so", FLASH,
    ),
    Row(
        "flash-slow", TIMES, "parts",
        lambda times: {"flash_program_us": int(700 * times), "flash_erase_us": int(45_000 * times)},
        "FLASH_SLOW", "programs and erases take so many times the typical time", "an old part, a low supply",
        "waits, up to 1 s for each", FLASH,
    ),
    Row(
        "flash-worn", None, "parts", lambda _: {"flash_endurance": 0},
        "FLASH_WORN", "one cell of 8192 takes no program, or no erase", "a sector beyond its 100 000 erases",
        "reads back what it writes, and writes it again elsewhere", FLASH,
    ),
    Row(
        "flash-torn", share(0, 1_000_000, 500_000), "parts", lambda ppm: {"act": "flash_cut", "share": ppm / 1e6},
        "FLASH_TORN", "the power fails in the next operation of the flash, when so much of it is done", "a plug pulled",
        "boots with the record before it, and writes what is missing again", FLASH, once=True,
    ),
)  # fmt: skip

_CLOCK = (
    Row(
        "clock-absent", None, "parts", lambda _: {"clock_absent": True},
        "CLOCK_ABSENT", "nobody answers at the clock chip's address", "a broken joint",
        "goes on by its own time; after a reboot the clock is unknown until a host says the time", "I2C",
    ),
    Row(
        "clock-stopped", None, "parts", lambda _: {"clock_stopped": True},
        "CLOCK_STOPPED", "the clock chip's oscillator stands still", "a cracked crystal",
        "goes on by its own time and sets the clock chip to it; one that stands at a reboot counts as lost", "users",
    ),
    Row(
        "clock-drift", rate_error(50_000_000, 20_000_000), "parts", lambda ppb: {"clock_ppb": int(ppb)},
        "CLOCK_DRIFT", "the clock chip runs fast by so much (slow when negative)", "a crystal with the wrong load",
        "goes on by its own time; a chip that falls behind is set to it, one ahead makes an alarm early after a reboot",
        "crystals", at_power_on=True,
    ),
    Row(
        "bus-stuck", None, "parts", lambda _: {"i2c_stuck": True},
        "CLOCK_ABSENT", "a wire of the I2C bus is held low: nobody is reached", "a part that lost clocks in a transfer",
        "as if clock and sensors were absent; it has all of their reasons", "I2C",
    ),
)  # fmt: skip

_SENSORS = (
    Row(
        "climate-absent", None, "parts", lambda _: {"climate_absent": True},
        "CLIMATE_ABSENT", "nobody answers at the sensor's address", "a broken joint",
        "temperature and humidity are unknown", "SHT4x datasheet",
    ),
    Row(
        "climate-crc", None, "parts", lambda _: {"climate_crc": True},
        "CLIMATE_CHECK", "every word has a wrong checksum", "noise on the bus",
        "temperature and humidity are unknown", "SHT4x datasheet",
    ),
    Row(
        "light-sensor-absent", None, "parts", lambda _: {"light_absent": True},
        "LIGHT_ABSENT", "nobody answers at the sensor's address", "a broken joint", "light is unknown",
        "VEML7700 datasheet",
    ),
    Row(
        "light-sensor-saturated", quantity("lx", 1, 4_000_000, 1_000_000), "parts", lambda lux: {"glare_lux": lux},
        "LIGHT_SATURATED", "so much light falls on the sensor", "the sun, or a lamp right in front of it",
        "above 120 000 lx light is unknown", "VEML7700 datasheet",
    ),
)  # fmt: skip

_HAND = (
    Row(
        "button-stuck", None, "parts", lambda _: {"button_stuck": True},
        "BUTTON_STUCK", "the button is pressed whatever the finger does", "a sticky drink",
        "one press; it alone dismisses, and no snooze until it is let go", "users",
    ),
    Row(
        "contact-bounce", time(1, 20_000, 5_000), "parts", lambda us: {"bounce_us": int(us)},
        "", "contacts of button and switch flip 2 to 8 times more within this time", "any mechanical contact",
        "sees one press, one change", "switches",
    ),
    Row(
        "entropy-absent", None, "parts", lambda _: {"entropy_absent": True},
        "ENTROPY_FAILED", "the source of random numbers gives none", "a generator that fails its health test",
        "makes up numbers that differ from boot to boot", "users",
    ),
    Row(
        "device-hangs", None, "parts", lambda _: {"hang_at_us": 0},
        "WATCHDOG", "the processor does nothing more until it is reset", "a flipped bit, a bug",
        "the watchdog resets it within 8 s; HEALTH has the cause", "users",
    ),
)  # fmt: skip

ROWS: tuple[Row, ...] = _FLASH + _CLOCK + _SENSORS + _HAND
