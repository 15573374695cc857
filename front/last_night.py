"""`stillwave doctor --last-night`: why nothing, or less than all, was recorded, and what to do.

Rule: it reads, and changes nothing; a line per thing that happened, in the order of the chain, then the cures.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from front.env import InputError

if TYPE_CHECKING:
    from cloud.last_night import Finding, Findings
    from cloud.night import Night

SECOND_US = 1_000_000
#: Where the store is looked for when it is not named.
USUAL = (Path("night.sqlite"), Path("/var/lib/stillwave-cloud/nights.sqlite"))
#: Local hours in which a bedside sensor should listen, whoever sleeps when.
EVENING, MORNING = 20, 9
#: A night needs about a tenth of it.
LITTLE_SPACE_BYTES = 100_000_000
RUNNING_WITHIN_US = 60 * SECOND_US
MOST_TIMES = 3
#: Of the night: so much of it may be missing for reasons of its own, movements above all.
SMALL_SHARE = 0.2


def build(db: Path | None, number: int | None, now_utc_us: int) -> dict[str, Any]:
    """Everything as JSON: night, findings, what to do, and what is so now. Raises InputError, StoreError."""
    from cloud import night as whole
    from cloud.device import settings_of
    from cloud.nights import SIMULATED

    store = _store(db)
    all_nights = whole.load(store)
    if not all_nights.listening:
        raise InputError(f"{store}: empty; expected a store that a cloud process has written")
    simulated = all_nights.meta.get("source") == SIMULATED
    zone = settings_of(all_nights.meta).timezone or "UTC"
    found = _found(store, all_nights, None if simulated else number, simulated, zone, now_utc_us)
    now = [] if simulated else _now(store, all_nights, now_utc_us)
    return as_dict(found, zone) | {"db": str(store), "source": all_nights.meta.get("source"), "now": now}


def _store(db: Path | None) -> Path:
    if db is not None:
        found = db / "night.sqlite" if db.is_dir() else db
        if not found.is_file():
            raise InputError(f"{found}: no such store; expected the file that `stillwave cloud --db` writes")
        return found
    for usual in USUAL:
        if usual.is_file():
            return usual
    raise InputError(f"no store at {' or '.join(map(str, USUAL))}; name it: stillwave doctor --last-night DB")


def _found(store: Path, all_nights: Night, number: int | None, simulated: bool, zone: str, now_us: int) -> Findings:
    from cloud import last_night
    from cloud.nights import cut, load

    if simulated:
        return last_night.find(all_nights)
    if number is not None:
        return last_night.find(load(store, number))
    noon, next_noon, expected = hours(zone, now_us)
    if not any(start < next_noon and noon < stop for start, stop in all_nights.listening):
        return last_night.never(expected, max(stop for _, stop in all_nights.listening))
    return last_night.find(cut(all_nights, noon, next_noon), expected)


def hours(zone: str, now_us: int) -> tuple[int, int, tuple[int, int]]:
    """Last night: noon, noon, and from when to when it should have been listened; us UTC. The one under way counts."""
    where = ZoneInfo(zone)
    now = datetime.datetime.fromtimestamp(now_us / SECOND_US, where)
    morning = now.date() if now.hour < EVENING else now.date() + datetime.timedelta(days=1)
    evening = morning - datetime.timedelta(days=1)

    def at(day: datetime.date, hour: int) -> int:
        return round(datetime.datetime.combine(day, datetime.time(hour), where).timestamp()) * SECOND_US

    return at(evening, 12), at(morning, 12), (at(evening, EVENING), min(at(morning, MORNING), now_us))


def _now(store: Path, all_nights: Night, now_us: int) -> list[dict[str, Any]]:
    """What can be looked at now: the process, the port, the disk. Each row: name, ok, detail, cure."""
    ago_us = now_us - max(stop for _, stop in all_nights.listening)
    running = 0 <= ago_us < RUNNING_WITHIN_US
    said = "listening now" if running else f"not heard of for {ago_us // SECOND_US // 60} min"
    rows = [
        _row("cloud process", running, said, "" if running else "systemctl start stillwave-cloud, or stillwave cloud")
    ]
    port = all_nights.meta.get("port", "")
    path = Path(port.removeprefix("unix:"))
    if path.is_absolute():
        there = path.exists()
        cure = "systemctl start stillwave-edge" if port.startswith("unix:") else "plug the device in"
        rows.append(_row("port", there, f"{port} {'is there' if there else 'is not there'}", "" if there else cure))
    free = shutil.disk_usage(store.parent).free
    enough = free >= LITTLE_SPACE_BYTES
    cure = "" if enough else "make room; [store] keep_nights in the configuration deletes old nights"
    rows.append(_row("disk", enough, f"{free / 1e6:.0f} MB free beside {store.name}", cure))
    return rows


def _row(name: str, ok: bool, detail: str, cure: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "detail": detail, "cure": cure}


def as_dict(found: Findings, zone: str) -> dict[str, Any]:
    """The findings in the words of the report: UTC, seconds."""
    from cloud.night import iso

    def row(one: Finding) -> dict[str, Any]:
        spans = [{"from_utc": iso(a), "to_utc": iso(b)} for a, b in one.spans]
        return {
            "place": one.place.value,
            "what": one.what,
            "seconds": one.seconds,
            "spans": spans,
            "cure": one.cure or None,
        }

    return {
        "ok": found.ok, "from_utc": iso(found.from_utc_us), "to_utc": iso(found.to_utc_us), "timezone": zone,
        "recorded_s": found.recorded_s, "of_s": found.of_s, "rest_s": found.rest_s,
        "findings": [row(one) for one in found.found],
    }  # fmt: skip


def as_text(made: dict[str, Any]) -> list[str]:
    """What happened, a line each, then what to do."""
    zone = ZoneInfo(made["timezone"])
    first, last = (_local(made[key], zone) for key in ("from_utc", "to_utc"))
    lines = [
        f"the night of {first:%-d %B %Y}, {first:%H:%M:%S} to {last:%H:%M:%S} ({made['timezone']})",
        f"breathing recorded for {exactly(made['recorded_s'])} of {exactly(made['of_s'])}",
    ]
    happened = [f"  {one['place']:<17}{_what(one, zone)}" for one in made["findings"]]
    if made["rest_s"]:
        happened.append(f"  {'now and then':<17}gaps of a second or two ({exactly(made['rest_s'])} not recorded)")
    if happened:
        lines += ["", "what happened, in the order of the chain", *happened]
    else:
        lines += ["nothing was missing"]
    if made["now"]:
        lines += ["", "now"]
        lines += [f"  {one['name']:<17}{one['detail']}" for one in made["now"]]
    cures: dict[str, str] = {}
    for one in [*made["findings"], *made["now"]]:
        if _helps(one, made):
            cures.setdefault(one["cure"], one.get("place") or one["name"])
    if cures:
        lines += ["", "what to do", *(f"  {place:<17}{cure}" for cure, place in cures.items())]
    return lines


def exactly(seconds: int) -> str:
    """'7 h 47 min 12 s', '1 min 39 s', '8 h': to the second, so that the parts add up to the whole."""
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"


def _what(one: dict[str, Any], zone: ZoneInfo) -> str:
    lasting = f" ({exactly(one['seconds'])} not recorded)" if one["seconds"] else ""
    return f"{_times(one['spans'], zone)}  {one['what']}{lasting}"


def _helps(one: dict[str, Any], made: dict[str, Any]) -> bool:
    """Its cure is worth a line: something was wrong, or much is missing of what need not be."""
    if not one["cure"] or one["cure"].startswith("nothing"):
        return False
    much = one.get("seconds", 0) > SMALL_SHARE * made["of_s"]
    return one.get("place") not in ("user's place", "breathing", "who is measured") or much


def _times(spans: Sequence[dict[str, str]], zone: ZoneInfo) -> str:
    """'02:11:07 to 02:23:40', the longest of many."""

    def length(span: dict[str, str]) -> datetime.timedelta:
        return _local(span["to_utc"], zone) - _local(span["from_utc"], zone)

    chosen = sorted(sorted(spans, key=length, reverse=True)[:MOST_TIMES], key=lambda span: span["from_utc"])
    said = [
        " to ".join(dict.fromkeys(f"{_local(span[key], zone):%H:%M:%S}" for key in ("from_utc", "to_utc")))
        for span in chosen
    ]
    more = len(spans) - len(chosen)
    return ", ".join(dict.fromkeys(said)) + (f" and {more} shorter" if more else "")


def _local(text: str, zone: ZoneInfo) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(zone)
