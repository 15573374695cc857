"""`stillwave edge`: the firmware on a Raspberry Pi's pins, live.

Rule: what is wrong with the set-up is said before anything runs, one line with its cure. Once it runs, only the end of
the process stops it: an alarm that is armed rings without radar, line and sound.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from front.config import Edge
from front.env import InputError
from front.output import ready, say

FLASH_NAME, STATE_NAME = "flash.bin", "last-run.json"


@dataclass(frozen=True)
class Asked:
    """Options of the command line; None: the configuration's. emulated: a scenario instead of real pins."""

    line: str | None = None
    state_dir: Path | None = None
    spi_hz: int | None = None
    gpio_chip: str | None = None
    pins: str | None = None
    light: str | None = None
    sound: str | None = None
    emulated: str | None = None


def settings(asked: Asked, chosen: Edge) -> Any:
    """The PiSettings of options over configuration. Raises InputError."""
    from edge.hal.raspberry_pi.light import open_light
    from edge.hal.raspberry_pi.settings import PiSettings, SettingsError, parse_pins

    def pick(name: str) -> Any:
        value = getattr(asked, name)
        return getattr(chosen, name) if value is None else value

    folder = Path(pick("state_dir")).expanduser()
    try:
        bus, select = (int(word) for word in chosen.spi.split("."))
        made = PiSettings(
            spi=(bus, select),
            spi_hz=pick("spi_hz"),
            gpio_chip=pick("gpio_chip"),
            pins=parse_pins(pick("pins")),
            i2c_bus=chosen.i2c_bus if chosen.i2c_bus >= 0 else None,
            light=pick("light"),
            sound=pick("sound"),
            flash=folder / FLASH_NAME,
            state=folder / STATE_NAME,
        )
        if not made.light.startswith("pwm:"):
            open_light(made.light, made.sys, int)
    except SettingsError as error:
        raise InputError(str(error)) from None
    except ValueError:
        raise InputError(f"edge.spi: expected BUS.CHIPSELECT, e.g. 0.0, got {chosen.spi!r}") from None
    return made


def make_folder(folder: Path) -> None:
    """Where the device keeps its files. Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--state-dir {folder}: cannot be made: {error.strerror}") from None


def real_with_published_key(is_so: bool, folder: Path) -> None:
    """Raises InputError: a real device would heed whoever knows the key of emulated ones."""
    if is_so:
        raise InputError(
            f"--state-dir {folder}: the flash of an emulated device, whose key is published; expected another folder, or "
            f"none of its {FLASH_NAME}"
        )


def run(asked: Asked, chosen: Edge, json: bool, utc_us: Callable[[], int]) -> int:
    """The live device until it is told to stop. Returns 0 after SIGTERM, 130 after Ctrl-C. utc_us: this machine's clock."""
    from edge import core
    from edge.config import RadarConfig
    from edge.firmware import Firmware, give_key, has_published_key, paired_flash
    from edge.hal.raspberry_pi.board import RaspberryPi
    from edge.hal.raspberry_pi.chip_check import ChipBus, burst_bytes, look
    from edge.hal.raspberry_pi.troubles import ChipTrouble
    from edge.line import open_line
    from edge.live import Live
    from front import edge_place
    from front.raw import spare, tapped
    from wire import trust

    core.load()
    wired = settings(asked, chosen)
    make_folder(wired.flash.parent)
    port, scenario = asked.line or chosen.line, asked.emulated
    with ExitStack() as stack:
        place = (
            edge_place.real(stack, utc_us) if scenario is None else edge_place.emulated(stack, scenario, utc_us=utc_us)
        )
        line = open_line(port, place.waiter.now_us, say)
        stack.callback(line.close)
        board = RaspberryPi(wired, place.modules, place.world, line, burst_bytes(RadarConfig()))
        stack.callback(board.close)
        if scenario is not None:  # so that it works out of the box; a real host refuses this key
            give_key(board.flash, paired_flash(trust.test_device(edge_place.SEED)))
        hal = board.hal()
        real_with_published_key(scenario is None and has_published_key(hal), wired.flash.parent)
        try:
            say(look(ChipBus(board.spi, board.pins, place.pause)))
        except ChipTrouble as trouble:
            say(f"{trouble} (going on: an alarm rings without the radar)")
        board.pins.forget()
        caught = edge_place.stop_on_signals(place.waiter, stack)
        edge_place.watch(place, lambda: [board.pins.request.fd, *line.filenos()])
        raw = stack.enter_context(spare(chosen.raw_adc, {"source": "live"}))
        chain, kept = (None, ()) if raw is None else tapped(raw)
        live = Live(Firmware(hal, chain=chain), board, place.waiter)
        stack.callback(lambda: (live, kept))  # the callbacks live as long as the firmware
        place.world.notify.say("READY=1", f"STATUS=the device runs, line {port}")
        event = {"event": "ready", "line": port, "emulated": scenario is not None}
        ready(json, event, f"the device runs, line {port}; Ctrl-C ends it")
        live.run()
        place.world.notify.say("STOPPING=1")
    return 130 if signal.SIGINT in caught else 0
