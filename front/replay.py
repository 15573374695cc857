"""`stillwave replay`: a recording once more, through the cloud's logic or into a port.

Rule: to cloud the file is opened as a file; nothing rings, and nothing goes to a device.
"""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
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
    baud: int | None = None
    protocol: str | None = None


def to_port(asked: Asked, to: str, json: bool) -> None:
    """Into a serial port or a pty."""
    from front import replay_port

    replay_port.run(asked, to, speed_of(asked.speed, 1.0), json)


def to_cloud(asked: Asked, folder: Folder, config: Path | None, json: bool) -> None:
    """Through the cloud's logic, outputs disarmed: report, picture, table and store in a new folder."""
    from cloud import what_if
    from front.show import summary

    if asked.what_if == ("help",):
        show(json, *_what_if_help())
        return
    checked(asked)
    check.installed("matplotlib")
    recording, settings = opened(asked)
    tuned = tuned_by(asked.what_if, settings)
    made_in = folder.make(load(config))
    truth = truth_beside(asked.file)
    if truth is not None and not same_file(asked.file.parent / "truth.json", made_in / "truth.json"):
        with morning.writing(made_in / "truth.json"):
            shutil.copy(asked.file.parent / "truth.json", made_in / "truth.json")
    db, run = play(asked, recording, tuned, made_in / "night.sqlite")
    made = morning.write(made_in, db, truth, run)
    differences: list[str] = []
    if asked.what_if:
        made, found = compared(asked, recording, settings, (made_in, made, truth), tuned)
        differences = what_if.lines(found)
    show(json, made, lambda: [*summary(made), *differences, f"report     {made_in / 'report.json'}"])


def _what_if_help() -> tuple[Any, Callable[[], list[str]]]:
    from cloud import tuning

    known = tuning.keys()
    aliases = [f"{name:<32}the same as {key}" for name, key in tuning.ALIASES.items()]
    return {"keys": known}, lambda: [*(f"{key:<32}{value}" for key, value in known.items()), *aliases]


def checked(asked: Asked) -> None:
    """Raises InputError for what a report cannot be made of."""
    if asked.loop:
        raise InputError("--loop: expected a port; a report is made of one playing")
    if asked.start:
        raise InputError(f"--start {asked.start:g}: expected a port; the cloud must hear the device from the beginning")
    if asked.end is not None and not asked.end > 0:
        raise InputError(f"--end {asked.end:g}: expected more than 0")
    speed_of(asked.speed, None)
    check.protocol(asked.protocol)


def tuned_by(said: tuple[str, ...], settings: Any) -> Any:
    """Settings with the changes. Raises InputError, ModelError."""
    from cloud import tuning

    tuned = settings.tuning
    for one in said:
        try:
            tuned = tuning.changed(tuned, one)
        except tuning.TuningError as error:
            raise InputError(str(error)) from None
    return replace(settings, tuning=tuned)


def play(asked: Asked, recording: Any, settings: Any, db: Path) -> tuple[Path, dict[str, Any]]:
    """One playing into a new store; returns it and the run's identity and counters."""
    from cloud import replay
    from front.show import Progress

    began_s, bar = time.monotonic(), Progress(length_s(recording))
    try:
        pace = pace_of(speed_of(asked.speed, None), bar)
        protocol, known = asked.protocol, known_keys()
        played = replay.play(recording, db, settings, end_s=asked.end, pace=pace, protocol=protocol, known=known)
    finally:
        bar.done()
    unheard(asked.file, played)
    run = replay.run_of(recording.metadata, wall_s=round(time.monotonic() - began_s, 3))
    if asked.end is not None:  # a part has other counters and another length
        run = {key: value for key, value in run.items() if key not in ("edge", "link", "virtual_s")}
    return db, run


def known_keys() -> Any:
    """device_id -> key, of this host's devices; none, and a line that says so, when the file cannot be used."""
    from wire import keys

    try:
        return keys.load(keys.place())
    except keys.KeysError as error:
        say(f"{error}; tags of real devices are believed")
        return {}


def compared(
    asked: Asked, recording: Any, settings: Any, made: tuple[Path, dict[str, Any], dict[str, Any] | None], tuned: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same recording with the settings of then beside it: the report with `what_if`, and that part alone.

    made: folder, report, truth.
    """
    from cloud import report, what_if

    folder, with_change, truth = made
    with tempfile.TemporaryDirectory() as where:
        db, run = play(replace_speed(asked), recording, settings, Path(where) / "night.sqlite")
        as_then = report.build(db, truth, run)
        found = what_if.of(as_then, db, with_change, folder / "night.sqlite", tuned.tuning)
    morning.write_object(folder / "as_recorded.json", as_then)
    complete = {**with_change, "what_if": found}
    morning.write_object(folder / "report.json", complete)
    return complete, found


def replace_speed(asked: Asked) -> Asked:
    """The second playing is nobody's to look at."""
    return replace(asked, speed=FASTEST)


def opened(asked: Asked) -> tuple[Any, Any]:
    """The recording and what the user had set then. Says in one line what is wrong with a damaged one."""
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
    return morning.read_object(file.parent / "truth.json")


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
