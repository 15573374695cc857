"""`stillwave first-light`: the first look at a real chip, as one file to mail.

Rule: nothing personal goes in: no host name, no serial number, no time of day, no sample.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from front.config import Edge
from front.env import InputError

FRAMES = 200


def run(chosen: Edge, emulated: str | None, frames: int, utc_us: Callable[[], int]) -> dict[str, Any]:
    """Measures; needs the pins, so the device must be stopped. Raises PiTrouble, InputError."""
    from edge import core
    from edge.config import RadarConfig
    from edge.hal.raspberry_pi import chip_check, first_light, i2c
    from edge.hal.raspberry_pi.board import open_spi
    from edge.hal.raspberry_pi.pins import PiPins
    from edge.hal.raspberry_pi.spi import RadarSpi, kernel_bufsiz
    from front import edge_place
    from front.doctor_pi import line_users
    from front.edge import Asked, settings

    if not 20 <= frames <= 100_000:
        raise InputError(f"--frames {frames}: expected 20 to 100000")
    core.load()
    wired = settings(Asked(), chosen)
    if emulated is None and line_users(chosen.line)[0]:
        raise InputError("the device runs and has its pins; stop it first: sudo systemctl stop stillwave-edge")
    with ExitStack() as stack:
        if emulated is None:
            place = edge_place.real(stack, utc_us)
        else:
            place = edge_place.emulated(stack, emulated, real_time=False)
        device = open_spi(wired, place.modules)
        stack.callback(device.close)
        pins = PiPins(place.modules.gpiod, wired.gpio_chip, wired.pins)
        stack.callback(pins.close)
        bus = None
        if wired.i2c_bus is not None:
            with suppress(OSError):
                bus = i2c.open_bus(place.modules, wired.i2c_bus)
        parts = i2c.PiI2c(bus, place.modules.smbus2.i2c_msg, i2c.SystemClock(lambda: 0, lambda: False))
        stack.callback(parts.close)
        spi = RadarSpi(device, chip_check.burst_bytes(RadarConfig()), kernel_bufsiz(wired.sys))
        rows = first_light.measure(chip_check.ChipBus(spi, pins, place.pause), parts, frames)
        return report(rows, emulated is not None, {"spi_hz": wired.spi_hz, "windows_a_frame": spi.windows_per_frame})


def report(rows: list[Any], emulated: bool, bus: dict[str, Any]) -> dict[str, Any]:
    """{"schema", "version", "machine", "emulated", "ok", "rows": [{"name","value","unit","low","high","why","ok"}]}"""
    found = [{key: value for key, value in asdict(row).items() if key != "failed"} | {"ok": row.ok} for row in rows]
    made = "unknown"
    with suppress(PackageNotFoundError):
        made = version("stillwave")
    machine = {
        "model": _model(),
        "kernel": platform.release(),
        "cpu": platform.machine(),
        "python": platform.python_version(),
    }
    return {
        "schema": 1, "version": made, "machine": machine, "emulated": emulated, "bus": bus,
        "ok": all(row["ok"] for row in found), "rows": found,
    }  # fmt: skip


def _model() -> str:
    from front.doctor_pi import MODEL

    with suppress(OSError):
        return MODEL.read_text(errors="replace").strip("\0\n ")
    return "no Raspberry Pi"


def lines(found: dict[str, Any]) -> list[str]:
    """For a person: a row a line, verdict first."""
    head = f"{found['machine']['model']}, {found['machine']['kernel']}" + (
        ", EMULATED CHIP" if found["emulated"] else ""
    )
    rows = [f"{'ok  ' if row['ok'] else 'BAD '} {row['name']:<18}{_text(row)}" for row in found["rows"]]
    return [head, *rows, "all rows are well" if found["ok"] else "not all is well: the rows marked BAD say what"]


def _text(row: dict[str, Any]) -> str:
    value = "unknown" if row["value"] is None else f"{row['value']} {row['unit']}".strip()
    limits = [
        f"{word} {row[key]:g}" for word, key in (("at least", "low"), ("at most", "high")) if row[key] is not None
    ]
    return "".join([value, f"  ({', '.join(limits)})" if limits else "", f"; {row['why']}" if row["why"] else ""])


def write(path: Path, text: str) -> None:
    """Raises InputError."""
    try:
        path.write_text(text)
    except OSError as error:
        raise InputError(f"--out {path}: cannot be written: {error.strerror}") from None
