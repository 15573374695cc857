"""Runs somebody's unmodified Python script as on a Raspberry Pi with the radar board on its header.

`python -m hw_sim.raspberry_pi [--source ramp|SCENARIO] [--virtual] SCRIPT [ARGUMENTS]` puts look-alikes of spidev, gpiod,
smbus2, RPi.GPIO and gpiozero where the script imports them from. Virtual time follows the wall clock; with --virtual,
time.sleep moves it instead and no real time passes (for scripts of one thread).

Rule: what the script imports, opens and sleeps is redirected; nothing else of its world is touched, and all of it is
put back at the end.
"""

from __future__ import annotations

import argparse
import builtins
import io
import runpy
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from hw_sim.bare_board import BareBoard
from hw_sim.chip.chip import ChipOptions
from hw_sim.radar_bus import LOOK_S, RadarBus
from hw_sim.raspberry_pi import gpiod, gpiod_values, gpiozero, smbus2, spidev
from hw_sim.raspberry_pi.header_pins import Header, Wiring
from hw_sim.raspberry_pi.i2c_parts import I2cParts
from hw_sim.raspberry_pi.rpi_gpio import RpiGpio

BUFSIZ_PATH = "/sys/module/spidev/parameters/bufsiz"
SCENE_S = 4 * 3600.0
VIRTUAL_START_NS = 1_767_225_600 * 10**9
"""What time.time() says at power-on when no real time passes: 1 January 2026, UTC."""


def modules(header: Header, bufsiz: int | None, parts: I2cParts | None = None) -> dict[str, ModuleType]:
    """Name -> module, for sys.modules. parts: on the I2C bus; None: I2C is not enabled."""
    wired = header.wiring.cs is None

    class SpiDev(spidev.SpiDev):
        def __init__(self, bus: int = -1, client: int = -1) -> None:
            super().__init__(header.board, bus, client, bufsiz=bufsiz, selects=wired)

    gpio = gpiod.Gpiod(header)
    line = _module("gpiod.line", {name: getattr(gpiod_values, name) for name in gpiod_values.LINE_NAMES})
    calls = {"request_lines": gpio.request_lines, "is_gpiochip_device": gpio.is_gpiochip_device, "Chip": gpio.chip}
    names = {name: getattr(gpiod, name) for name in gpiod.__all__ if name not in (*gpiod_values.LINE_NAMES, "Gpiod")}
    rpi = RpiGpio(header).module()
    return {
        "spidev": _module("spidev", {"SpiDev": SpiDev}),
        "gpiod": _module("gpiod", names | calls | {"line": line, "__version__": "2.3.0"}),
        "gpiod.line": line,
        "smbus2": _module("smbus2", {"SMBus": smbus2.Smbus2(parts).SMBus, "i2c_msg": smbus2.Message}),
        "RPi": _module("RPi", {"GPIO": rpi, "__path__": []}),
        "RPi.GPIO": rpi,
        "gpiozero": _module("gpiozero", gpiozero.devices(header)),
    }


def _module(name: str, content: dict[str, Any]) -> ModuleType:
    made = ModuleType(name)
    made.__dict__.update(content)
    return made


@contextmanager
def _replaced(place: dict[str, Any], new: dict[str, Any]) -> Iterator[None]:
    before = {name: place[name] for name in new if name in place}
    place.update(new)
    try:
        yield
    finally:
        for name in new:
            place.pop(name, None)
        place.update(before)


def _opener(bufsiz: int | None) -> Callable[..., Any]:
    """open(), but for the file that says how long a transfer may be."""
    real = builtins.open

    def opened(file: Any, *rest: Any, **named: Any) -> Any:
        return io.StringIO(f"{bufsiz or 65536}\n") if file == BUFSIZ_PATH else real(file, *rest, **named)

    return opened


def _virtual_clock(header: Header) -> dict[str, Any]:
    """What a script calls in the module time."""
    board = header.board

    def passed_ns() -> int:
        return board.time_ns()

    return {
        "sleep": header.sleep,
        "time": lambda: (VIRTUAL_START_NS + passed_ns()) / 1e9,
        "time_ns": lambda: VIRTUAL_START_NS + passed_ns(),
        **dict.fromkeys(("monotonic", "perf_counter"), lambda: passed_ns() / 1e9),
        **dict.fromkeys(("monotonic_ns", "perf_counter_ns"), passed_ns),
    }


class _Caller(threading.Thread):
    """Makes the calls at edges while virtual time follows the wall clock."""

    def __init__(self, header: Header) -> None:
        super().__init__(name="edges", daemon=True)
        self._header = header
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(LOOK_S):
            self._header.board.time_ns()
            self._header.dispatch()

    def stop(self) -> None:
        self._end.set()
        self.join()


@contextmanager
def on_raspberry_pi(
    board: RadarBus, wiring: Wiring | None = None, *, bufsiz: int | None = spidev.BUFSIZ
) -> Iterator[Header]:
    """Within it, `import spidev` and the like give the look-alikes. A board without real_time sleeps in virtual time."""
    header = Header(board, wiring)
    with ExitStack() as stack:
        stack.enter_context(_replaced(sys.modules, modules(header, bufsiz, I2cParts(board))))
        stack.enter_context(_replaced(builtins.__dict__, {"open": _opener(bufsiz)}))
        if board.real_time:
            caller = _Caller(header)
            caller.start()
            stack.callback(caller.stop)
        else:
            stack.enter_context(_replaced(time.__dict__, _virtual_clock(header)))
        yield header


def _source(name: str, seed: int) -> Any:
    if name in ("ramp", "silence"):
        return name
    from hw_sim.scene import Scene

    return Scene.load(name, seed=seed, duration_s=SCENE_S)


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m hw_sim.raspberry_pi",
        description="Run a script as on a Raspberry Pi with the radar board on its header.",
    )
    parser.add_argument("--source", default="ramp", help="ramp, silence, or a scenario; default ramp")
    parser.add_argument("--seed", type=int, default=1, help="seed of the scenario; default 1")
    parser.add_argument("--virtual", action="store_true", help="time.sleep moves virtual time, no real time passes")
    parser.add_argument("--timed", action="store_true", help="transfers take the time of their SPI clock")
    parser.add_argument("--rst", type=int, default=Wiring.rst, help="GPIO of the reset pin; default %(default)s")
    parser.add_argument("--irq", type=int, default=Wiring.irq, help="GPIO of the interrupt pin; default %(default)s")
    parser.add_argument("--cs", type=int, help="GPIO of chip select; default: the SPI controller's own")
    parser.add_argument(
        "--bufsiz", type=int, default=spidev.BUFSIZ, help="of the kernel; default %(default)s, 0: no limit"
    )
    parser.add_argument("script", type=Path, metavar="SCRIPT")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENTS")
    return parser.parse_args(given)


def main(given: list[str]) -> int:
    """Runs the script as __main__. Returns its exit code, 2 for wrong use."""
    chosen = _arguments(given)
    if not chosen.script.is_file():
        sys.stderr.write(f"{chosen.script}: no such script\n")
        return 2
    try:
        source = _source(chosen.source, chosen.seed)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    board = BareBoard(source, chosen.seed, ChipOptions(), timed=chosen.timed, real_time=not chosen.virtual)
    wiring = Wiring(chosen.rst, chosen.irq, chosen.cs)
    with board, on_raspberry_pi(board, wiring, bufsiz=chosen.bufsiz or None):
        sys.argv = [str(chosen.script), *chosen.arguments]
        sys.path.insert(0, str(chosen.script.resolve().parent))
        try:
            runpy.run_path(str(chosen.script), run_name="__main__")
        except SystemExit as ended:
            if ended.code is None or isinstance(ended.code, int):
                return ended.code or 0
            sys.stderr.write(f"{ended.code}\n")
            return 1
    return 0
