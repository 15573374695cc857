"""The options of `stillwave night`: from the command line and the configuration to what the simulator takes.

Rule: whatever is wrong is said here, in one line, before a folder is made and hours are spent.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from front import check
from front.config import Config
from front.env import InputError
from front.local_time import SECOND_US, live_zone, local, next_utc_us, wall_time

if TYPE_CHECKING:
    from hw_sim.faults import Fault


@dataclass(frozen=True)
class Asked:
    """What the command line said; None: not said."""

    seed: int | None = None
    hours: float | None = None
    core: str | None = None
    target: str | None = None
    alarm: str | None = None
    side: str | None = None
    tz: str | None = None
    date: str | None = None
    faults: Sequence[str] = ()
    rt: bool = False
    gdb: int | None = None
    vcd: Path | None = None
    raw_adc: Path | None = None


def options(asked: Asked, config: Config) -> dict[str, Any]:
    """Keywords of the simulator's run_night. Raises InputError."""
    if asked.vcd is not None and not asked.vcd.parent.is_dir():
        raise InputError(f"--vcd {asked.vcd}: expected a file in a folder that exists")
    target = asked.target or config.night.target
    if asked.gdb is not None and not target.startswith("arm"):
        raise InputError(f"--gdb {asked.gdb}: expected --target arm, arm_m7 or arm_m33, got {target}")
    if asked.gdb is not None and not 1 <= asked.gdb <= 65535:
        raise InputError(f"--gdb {asked.gdb}: expected a port from 1 to 65535")
    if asked.raw_adc is not None and target != "host":
        raise InputError(f"--raw-adc {asked.raw_adc}: expected --target host, got {target}")
    hours = check.hours(config.night.hours if asked.hours is None else asked.hours)
    timezone = check.zone(asked.tz or config.night.timezone or config.user.timezone or "UTC")
    date = check.date(asked.date)
    return {
        "seed": check.seed(config.night.seed if asked.seed is None else asked.seed),
        "hours": hours,
        "core": asked.core or config.night.core,
        "target": target,
        "gdb_port": asked.gdb,
        "timezone": timezone,
        "date": date,
        "side": asked.side or config.user.side,
        "alarm_utc_us": alarm_utc_us(asked.alarm, config.alarm.time, date, timezone, hours),
        "sunrise_s": round(config.alarm.sunrise_min * 60),
        "rt": asked.rt,
        "play": faults(asked.faults, hours * 3600.0),
        "vcd": asked.vcd,
    }


def faults(texts: Sequence[str], length_s: float | None = None) -> list[Fault]:
    """Faults of the command line. length_s: of the run. Raises InputError."""
    from hw_sim.faults import FaultError, parse

    found = []
    for text in texts:
        try:
            found.append(parse(text))
        except FaultError as error:
            raise InputError(f"--{error}") from None
        if length_s is not None and found[-1].start_us >= length_s * 1e6:
            raise InputError(f"--fault {text}: start: expected one before the end of the run, at {length_s:g} s")
    return found


def alarm_utc_us(
    option: str | None, key: str | None, date: datetime.date | None, timezone: str, hours: float
) -> int | None:
    """UTC of the alarm, us; None when none is asked for. Raises InputError for one outside the night."""
    from hw_sim.evening import start_utc_us

    text, where = (option, "--alarm") if option is not None else (key, "alarm.time")
    if text is None:
        return None
    wall = wall_time(text, where)
    t0_utc_us = start_utc_us(date, timezone)
    end_utc_us = t0_utc_us + round(hours * 3600) * SECOND_US
    found = next_utc_us(t0_utc_us, wall, timezone)
    if found >= end_utc_us:
        night = f"{local(t0_utc_us, timezone)} to {local(end_utc_us, timezone)} ({timezone})"
        raise InputError(f"{where} {text}: expected a time inside the night, {night}; --hours makes it longer")
    return found


def live_options(config: Config, alarm: str | None, side: str | None, tz: str | None) -> list[str]:
    """Options of the live cloud process. Raises InputError."""
    timezone = live_zone(tz, config)
    chosen = ["--side", side or config.user.side, "--tz", timezone]
    for option, value in (
        ("--keep-nights", config.store.keep_nights),
        ("--keep-detail-days", config.store.keep_detail_days),
    ):
        chosen += [] if value is None else [option, str(value)]
    text, where = (alarm, "--alarm") if alarm is not None else (config.alarm.time, "alarm.time")
    if text is None:
        return chosen
    wall = wall_time(text, where)
    sunrise_s = round(config.alarm.sunrise_min * 60)
    return [*chosen, "--alarm", f"{wall:%H:%M}", "--sunrise", str(sunrise_s)]
