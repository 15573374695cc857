"""What to do about a reason.

Rule: one plain sentence per cure; each reason that can keep a night from being recorded has one.
"""

from __future__ import annotations

from wire.table import Reason, text_of

_WIRES = "check the radar's wires: supply, ground, MISO, MOSI, clock and chip select, short and well seated"
_IRQ = "check the wire of the radar's interrupt line, and that no other program uses that pin"
_BUS = "shorten the bus wires or lower the SPI clock; `stillwave doctor` measures the bus"
_RADAR = "take the device's power away for ten seconds; if it comes back, the radar board is to be replaced"
_ANTENNA = "take everything away from in front of the antennas; then calibrate them once more"
_CLOCK = "check the clock chip's battery and its two wires"
_FLASH = "nothing today; if it comes back often, replace the flash chip or the device"
_PARTS = "check the sensor's two wires and its address; the nights themselves do not need it"
_LINE = "check the cable between device and computer; use a short one without a hub"

#: Cure -> names of SW_REASON_*.
_OF_REASONS = {
    _WIRES: ("MISO_LOW", "MISO_HIGH", "BUS_BITS", "BUS_CLOCKS", "BUS_SPLIT", "WRONG_CHIP", "BROWN_OUT"),
    _BUS: ("BUS_LATE", "BUS_SLOW", "OVERFLOW", "UNDERFLOW", "FIFO_SHIFTED", "STATUS_MIRRORED", "STATUS_FALSE"),
    _IRQ: (
        "IRQ_SILENT", "IRQ_STUCK", "IRQ_INVERTED", "IRQ_MISSED", "IRQ_LATE", "IRQ_FALSE", "IRQ_EARLY",
    ),
    _RADAR: (
        "RADAR_FAILED", "SELF_TEST_FAILED", "OSCILLATOR_OFF", "FRAMES_ENDED", "MEMORY_BROKEN", "RESET_STUCK", "REFERENCE",
        "RAMP", "FIRST_CHIRP", "ADC_OFFSET", "FRAME_REPEATED", "FRAME_DROPPED", "FRAME_JITTER", "FRAME_PAUSE", "GAP",
    ),
    _ANTENNA: (
        "ANTENNA_DEAD", "ANTENNA_MISMATCH", "LEAKAGE", "SATURATED", "NOT_CALIBRATED", "CALIBRATION_LOST",
    ),
    _CLOCK: ("CLOCK_ABSENT", "CLOCK_STOPPED", "CLOCK_POWER_LOST", "CLOCK_DRIFT", "CLOCK_UNKNOWN"),
    _FLASH: ("FLASH_FAILED", "FLASH_SLOW", "FLASH_WORN", "FLASH_TORN"),
    _PARTS: ("CLIMATE_ABSENT", "CLIMATE_CHECK", "LIGHT_ABSENT", "LIGHT_SATURATED"),
    _LINE: ("LINE_GARBLED", "LINE_BROKEN", "LINE_SLOW"),
    "move the device away from chargers and dimmers, or use another supply": ("SUPPLY_RIPPLE",),
    "give the device a better supply, five volts at two amperes or more": ("POWER_DIP", "WATCHDOG"),
    "pair the device with this host: stillwave pair PORT": ("NOT_PAIRED",),
    "move the other radar, or turn one of the two away": ("INTERFERENCE",),
    "keep the device out of the sun and its housing open to the air; it works from -20 to 70 degrees": ("TEMPERATURE",),
    "have the computer listen every day: the device keeps the packets of a day, then gives up the oldest": ("STORE_FULL",),
    "free the button: something presses it": ("BUTTON_STUCK",),
    "tell the maintainers: this device cannot make random numbers": ("ENTROPY_FAILED",),
    "switch standby off before the night": ("STANDBY_SWITCH",),
    "take the device out of standby before the night: stillwave standby off": ("STANDBY_COMMAND",),
    "turn the device towards the chest, 0.3 to 1.2 m away, and say which side of the bed is yours": (
        "NOBODY", "LOW_QUALITY", "AMBIGUOUS",
    ),
    "nothing: breathing is not measured during a movement": ("MOVING",),
    "nothing: it needs half a minute of lying still": ("STARTING",),
}  # fmt: skip
_BY_TEXT = {
    text_of(Reason, Reason[name]): cure
    for cure, names in _OF_REASONS.items()
    for name in names
    if name in Reason.__members__
}
NAMES = frozenset(name for names in _OF_REASONS.values() for name in names)

LINE = _LINE
DEVICE_POWER = "see that the device keeps its power: plug, cable, supply"


def of_reason(text: str) -> str:
    """The cure for the text of a reason; empty for none that is known."""
    return _BY_TEXT.get(text, "")
