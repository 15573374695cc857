"""`stillwave replay`: a recording once more, through the cloud's logic or into a port.

Rule: to cloud the file is opened as a file; nothing rings, and nothing goes to a device.
"""

from __future__ import annotations

import json as text
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from front import check, morning
from front.config import load
from front.env import InputError
from front.output import Folder, say, show

FASTEST = "max"


@dataclass(frozen=True)
class Asked:
    """What the command line said; None: not said. speed: a number or "max"; start, end: seconds of the recording."""

    file: Path
    speed: str | None = None
    start: float | None = None
    end: float | None = None
    loop: bool = False
    what_if: tuple[str, ...] = ()
    tz: str | None = None


def to_port(asked: Asked, to: str, json: bool) -> None:
    """Into a serial port or a pty."""
    raise InputError(f"--to {to}: expected cloud")


def to_cloud(asked: Asked, folder: Folder, config: Path | None, json: bool) -> None:
    """Through the cloud's logic, outputs disarmed: report, picture, table and store in a new folder."""
    from front.show import Progress, summary

    if asked.loop:
        raise InputError("--loop: expected a port; a report is made of one playing")
    if asked.start:
        raise InputError(f"--start {asked.start:g}: expected a port; the cloud must hear the device from the beginning")
    if asked.end is not None and not asked.end > 0:
        raise InputError(f"--end {asked.end:g}: expected more than 0")
    speed = speed_of(asked.speed, None)
    check.installed("matplotlib")
    recording, settings = opened(asked)
    made_in = folder.make(load(config))
    from cloud import replay

    began_s, truth = time.monotonic(), truth_beside(asked.file)
    bar = Progress(length_s(recording))
    try:
        played = replay.play(recording, made_in / "night.sqlite", settings, end_s=asked.end, pace=pace_of(speed, bar))
    finally:
        bar.done()
    unheard(asked.file, played)
    run = replay.run_of(recording.metadata, wall_s=round(time.monotonic() - began_s, 3))
    if asked.end is not None:  # a part has other counters and another length
        run = {key: value for key, value in run.items() if key not in ("edge", "link", "virtual_s")}
    made = morning.write(made_in, made_in / "night.sqlite", truth, run)
    if truth is not None and not same_file(asked.file.parent / "truth.json", made_in / "truth.json"):
        shutil.copy(asked.file.parent / "truth.json", made_in / "truth.json")
    files = [f"report     {made_in / 'report.json'}", f"played     {played.ticks} ticks, {played.bytes_heard} bytes"]
    show(json, made, lambda: [*summary(made), *files])


def opened(asked: Asked) -> tuple[Any, Any]:
    """The recording and what the user had set then. Says in one line what is wrong with a damaged one."""
    from dataclasses import replace

    from cloud import replay
    from wire.recording import read

    found = read(asked.file)
    settings = replay.settings_of(found)
    if asked.tz is not None:
        settings = replace(settings, timezone=check.zone(asked.tz))
    if not found.events:
        raise InputError(f"{asked.file}: a recording without a byte or a tick; nothing to replay")
    if not found.whole:
        say(f"{asked.file}: has no end, or is damaged: what is readable is played, {length_s(found):.0f} s")
    return found, settings


def unheard(file: Path, played: Any) -> None:
    """Says in one line why there is nothing to report, when there is not."""
    if played.linked:
        return
    line = played.line
    if not line.packets:
        others = {name: n for name in line.__slots__ if name != "packets" and (n := getattr(line, name))}
        said = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in others.items()) or "no whole block"
        say(f"{file}: no packet of this protocol in {played.bytes_heard} bytes of the device ({said})")
    else:
        said = f"; {line.too_short} too short" if line.too_short else ""
        say(f"{file}: the device never answers its host in it, so nothing has a time ({line.packets} packets{said})")


def length_s(recording: Any) -> float:
    """From the first to the last piece of a recording."""
    events = recording.events
    return float(events[-1].utc_us - events[0].utc_us) / 1e6 if events else 0.0


def truth_beside(file: Path) -> dict[str, Any] | None:
    """The truth.json of the run that made the recording, if it is there."""
    path = file.parent / "truth.json"
    if not path.is_file():
        return None
    try:
        found = text.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected one JSON object")
    return found


def same_file(one: Path, other: Path) -> bool:
    """Both names are of one file that exists."""
    return one.exists() and other.exists() and one.samefile(other)


def speed_of(said: str | None, default: float | None) -> float | None:
    """Times real time; None: as fast as it goes."""
    if said is None:
        return default
    if said == FASTEST:
        return None
    try:
        found = float(said)
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and found > 0):
        raise InputError(f"--speed {said}: expected a number above 0, or {FASTEST}")
    return found


def pace_of(speed: float | None, progress: Callable[[float], None]) -> Callable[[int], None]:
    """Called with the recorded time before each tick: waits until it is due."""
    began: list[tuple[float, int]] = []

    def pace(utc_us: int) -> None:
        if not began:
            began.append((time.monotonic(), utc_us))
        start_s, first_us = began[0]
        into_s = (utc_us - first_us) / 1e6
        progress(into_s)
        if speed is not None and (wait_s := start_s + into_s / speed - time.monotonic()) > 0:
            time.sleep(wait_s)

    return pace
