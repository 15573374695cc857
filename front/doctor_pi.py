"""`stillwave doctor` on a Raspberry Pi: the device's rows, from the kernel's switches to the last wire.

Rule: one line a row, and a row that is not well names the cure. While the device runs its pins are left alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from front.doctor import Check

MODEL = Path("/proc/device-tree/model")
FREE_BYTES = 200_000_000
"""Less, and a few months of nights may not find room."""
BUFSIZ_CURE = "put spidev.bufsiz=65536 behind the one line of /boot/firmware/cmdline.txt and reboot"


@dataclass(frozen=True)
class Look:
    """What is looked at. settings: a PiSettings. modules: loads the libraries. pause: waits so many us. line: unix:PATH."""

    settings: Any
    modules: Callable[[], Any]
    pause: Callable[[int], None]
    line: str
    synchronised: Callable[[], bool]


def is_pi(model: Path = MODEL) -> bool:
    """Is this machine a Raspberry Pi?"""
    with contextlib.suppress(OSError):
        return "Raspberry Pi" in model.read_text(errors="replace")
    return False


def device_rows(chosen: Any, emulated: str | None) -> list[Check]:
    """The rows of this Pi, or of an emulated one; none on another machine. chosen: the configuration's section edge."""
    if emulated is None and not is_pi():
        return []
    import time

    from edge.hal.raspberry_pi import modules
    from front import edge_place
    from front.edge import Asked, settings
    from wire.host_clock import synchronised

    wired = settings(Asked(), chosen)
    with ExitStack() as stack:
        if emulated is None:
            look = Look(wired, modules.load, lambda us: time.sleep(us / 1e6), chosen.line, synchronised)
        else:
            place = edge_place.emulated(stack, emulated, real_time=False)
            look = Look(wired, lambda: place.modules, place.pause, chosen.line, synchronised)
        return rows(look)


def rows(look: Look) -> list[Check]:
    """All of them."""
    runs, cloud = line_users(look.line)
    found = [_line(look.line, runs), _cloud(look.line, runs, cloud), _disk(look.settings.flash.parent)]
    found += [_sound(look.settings.sound), *_supply(look.settings.sys)]
    if runs:
        note = "the device runs and has its pins; to look at the wires: sudo systemctl stop stillwave-edge"
        return [Check("radar", True, note), *found]
    try:
        modules = look.modules()
    except ImportError as error:
        return [Check("radar", False, _missing(error)), *found]
    return [*_pins(look, modules), *_i2c(look, modules), *found]


def _missing(error: ImportError) -> str:
    from front.doctor import install

    return f"{error.name} missing: {install('pi')}" if error.name else str(error)


def _pins(look: Look, modules: Any) -> Iterator[Check]:
    """SPI, its buffer, GPIO lines, and behind them chip and wires."""
    from edge.config import RadarConfig
    from edge.hal.raspberry_pi import chip_check
    from edge.hal.raspberry_pi.board import open_spi
    from edge.hal.raspberry_pi.light import pin_of
    from edge.hal.raspberry_pi.pins import PiPins
    from edge.hal.raspberry_pi.spi import RadarSpi, kernel_bufsiz
    from edge.hal.raspberry_pi.troubles import PiTrouble

    s = look.settings
    with ExitStack() as stack:
        device = pins = None
        try:
            device = open_spi(s, modules)
            stack.callback(device.close)
            yield Check("spi", True, f"{s.spi_path} at {s.spi_hz / 1e6:g} MHz")
        except PiTrouble as trouble:
            yield Check("spi", False, str(trouble))
        bufsiz = kernel_bufsiz(s.sys)
        burst = chip_check.burst_bytes(RadarConfig())
        enough = bufsiz >= burst + 4
        yield Check(
            "spi buffer",
            enough,
            f"{bufsiz} bytes" + ("" if enough else f", a frame takes several windows; {BUFSIZ_CURE}"),
        )
        try:
            pins = PiPins(modules.gpiod, s.gpio_chip, s.pins, pin_of(s.light))
            stack.callback(pins.close)
            yield Check("gpio", True, ", ".join(f"{name} GPIO{number}" for name, number in s.pins.wired().items()))
        except PiTrouble as trouble:
            yield Check("gpio", False, str(trouble))
        if device is None or pins is None:
            yield Check("radar", False, "not looked at: mend the row above first")
            return
        try:
            bus = chip_check.ChipBus(RadarSpi(device, burst, bufsiz), pins, look.pause)
            yield Check("radar", True, chip_check.look(bus))
        except (PiTrouble, OSError) as trouble:
            yield Check("radar", False, str(trouble))


def _i2c(look: Look, modules: Any) -> Iterator[Check]:
    from edge.hal.raspberry_pi.i2c import PiI2c, SystemClock, open_bus
    from edge.hal.raspberry_pi.troubles import i2c_trouble

    s = look.settings
    if s.i2c_bus is None:
        yield Check("i2c", True, "not used, by the configuration")
        return
    try:
        bus = open_bus(modules, s.i2c_bus)
    except OSError as error:
        yield Check("i2c", False, str(i2c_trouble(error, s.i2c_path)))
        bus = None
    found = PiI2c(bus, modules.smbus2.i2c_msg, SystemClock(lambda: 0, look.synchronised))
    if bus is not None:
        yield Check("i2c", True, s.i2c_path)
    found.close()
    follows = look.synchronised()
    if found.has_clock_chip:
        yield Check("clock", True, "clock chip with a battery at 0x52")
    elif follows:
        yield Check(
            "clock", True, "no clock chip; the system's clock follows a time server, and counts only while it does"
        )
    else:
        cure = "wire an RV-3028 to I2C, or connect the network and: sudo timedatectl set-ntp true"
        yield Check("clock", False, f"no clock chip, and the system's clock follows no time server; {cure}")


def _sound(command: str) -> Check:
    from edge.hal.raspberry_pi.sound import missing

    if not command:
        return Check("sound", True, "none; the buzzer's pin rings alone")
    word = missing(command)
    cure = f"{word} is not installed: sudo apt install alsa-utils (for aplay), or choose another with --sound"
    return Check("sound", not word, cure if word else command)


def _line(line: str, runs: bool) -> Check:
    if not line.startswith("unix:"):
        there = Path(line).exists()
        return Check(
            "line", there, line if there else f"{line} is not there; plug it in, or choose another with --line"
        )
    note = (
        "the device listens" if runs else "nobody listens there; start the device: sudo systemctl start stillwave-edge"
    )
    return Check("line", runs, f"{line}: {note}")


def _cloud(line: str, runs: bool, cloud: bool) -> Check:
    if not line.startswith("unix:"):
        return Check("cloud", True, "at the other end of a port: not looked at")
    if cloud:
        return Check("cloud", True, "a cloud process has the line")
    return Check("cloud", False, "no cloud process has the line; start it: sudo systemctl start stillwave-cloud")


def _disk(folder: Path) -> Check:
    place = next(one for one in [folder, *folder.parents] if one.exists())
    free = shutil.disk_usage(place).free
    if not os.access(place, os.W_OK):
        return Check("disk", False, f"{place} cannot be written; choose a folder of yours with --state-dir")
    note = f"{free / 1e6:.0f} MB free at {place}"
    return Check(
        "disk",
        free >= FREE_BYTES,
        note if free >= FREE_BYTES else f"only {note}; delete something, or use a larger card",
    )


def _supply(sys: Path) -> Iterator[Check]:
    """The Pi's own warning of low voltage, where the kernel has one."""
    for alarm in sorted(sys.glob("class/hwmon/hwmon*/in0_lcrit_alarm")):
        with contextlib.suppress(OSError):
            low = alarm.read_text().strip() == "1"
            cure = "the supply's voltage was too low: use the Pi's own power supply and a short cable"
            yield Check("supply", not low, cure if low else "no low voltage since the start")


def line_users(line: str) -> tuple[bool, bool]:
    """(a device listens, a host has the line) at unix:PATH."""
    if not line.startswith("unix:"):
        return False, False
    path = line.removeprefix("unix:")
    cloud = False
    with contextlib.suppress(OSError):
        fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            cloud = True
        if not cloud:  # then nobody is disturbed by a knock, and who comes now waits for the lock
            runs = _knock(path)
            os.close(fd)
            return runs, False
        os.close(fd)
    return cloud, cloud


def _knock(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
