"""Why nothing, or less than all, of a night was recorded: the whole chain, from this process to the breathing.

Rule: every second of the night has one explanation, the first place in the chain that failed; what nobody can know is
said to be unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from cloud import cures, live, lost_packets, outages, silence, spans, writer
from cloud.night import SECOND_US, Night, iso
from wire.table import Reason, text_of


class Place(StrEnum):
    """Places of the chain, in its order."""

    CLOUD = "cloud process"
    STORE = "disk and store"
    LINE = "line"
    DEVICE = "device"
    STANDBY = "standby"
    RADAR = "radar"
    PARTS = "other parts"
    BED = "user's place"
    WHO = "who is measured"
    BREATHING = "breathing"
    UNKNOWN = "unknown"


#: Places at which something is wrong; the others have good nights, too.
WRONG = (Place.CLOUD, Place.STORE, Place.LINE, Place.DEVICE, Place.RADAR, Place.PARTS, Place.UNKNOWN)
#: Shorter spans of cadence and of starting up are no findings of their own.
SHORTEST_S = 3
#: A process that begins or ends so much off the expected hours was not there when it should have been.
LATE_S = 300


@dataclass(frozen=True)
class Finding:
    """What happened at one place. spans: (from, to) in us UTC, in order; seconds: not recorded because of it."""

    place: Place
    what: str
    spans: tuple[tuple[int, int], ...]
    cure: str
    seconds: int = 0


@dataclass(frozen=True)
class Findings:
    """All of a night. recorded_s: seconds with the user's breathing rate; of_s: seconds of the night."""

    from_utc_us: int
    to_utc_us: int
    recorded_s: int
    found: list[Finding] = field(default_factory=list)

    @property
    def of_s(self) -> int:
        return max((self.to_utc_us - self.from_utc_us) // SECOND_US, 0)

    @property
    def rest_s(self) -> int:
        """Seconds that are neither recorded nor in a finding: gaps too short for one of their own."""
        return max(self.of_s - self.recorded_s - sum(one.seconds for one in self.found), 0)

    @property
    def ok(self) -> bool:
        """Nothing was wrong: where nothing was recorded there was nobody, or nobody who wanted it."""
        return not any(one.place in WRONG for one in self.found)


def find(night: Night, expected: tuple[int, int] | None = None) -> Findings:
    """Everything that the store knows about this night. expected: from when to when it should have been listened, UTC."""
    per_second = spans.reasons(night, night.n_seconds)
    by_reason: dict[str, list[tuple[int, int]]] = {}
    for one in spans.spans(per_second):
        at = (night.from_utc_us + one.start_s * SECOND_US, night.from_utc_us + one.stop_s * SECOND_US)
        by_reason.setdefault(one.reason, []).append(at)
    found = [_missing(night, reason, at) for reason, at in by_reason.items()]
    told = {one.what for one in found}
    events = [*_restarts(night), *_outages(night), *_faults(night), *_incidents(night)]
    found += [one for one in events if one.what not in told]
    found = [one for one in found if one.seconds >= SHORTEST_S or not one.seconds]
    absent = list(_not_there(night, expected)) if expected else []
    order = list(Place)
    found = sorted(found + absent, key=lambda one: (order.index(one.place), *_rank(one)))
    # the hours without the process are part of the night, so that what is recorded and what is not add up to it
    bounds = [(night.from_utc_us, night.to_utc_us), *(one.spans[0] for one in absent)]
    return Findings(min(a for a, _ in bounds), max(b for _, b in bounds), per_second.count(""), found)


def _rank(one: Finding) -> tuple[int, tuple[int, int], str]:
    """In the order of time; what happens all night long by its length."""
    usual = one.place in (Place.BED, Place.WHO, Place.BREATHING)
    return (-one.seconds if usual else 0), one.spans[0], one.what


def never(expected: tuple[int, int], last_heard_utc_us: int | None) -> Findings:
    """Of a night in which the process did not run at all."""
    before = "" if last_heard_utc_us is None else f"; it listened last at {iso(last_heard_utc_us)}"
    seconds = (expected[1] - expected[0]) // SECOND_US
    one = Finding(Place.CLOUD, f"not running all night{before}", (expected,), START_IT, seconds)
    return Findings(*expected, 0, [one])


def _not_there(night: Night, expected: tuple[int, int]) -> Iterable[Finding]:
    """The process began late, or ended early."""
    first, last = night.from_utc_us, night.to_utc_us
    for start, stop in ((expected[0], first), (last, expected[1])):
        seconds = (stop - start) // SECOND_US
        if seconds > LATE_S:
            why = f": {_ended(night, start)}" if start == last else ""
            yield Finding(Place.CLOUD, f"not running{why}", ((start, stop),), START_IT, seconds)


def _missing(night: Night, reason: str, at: list[tuple[int, int]]) -> Finding:
    place, what, cure = explain(reason)
    if reason == spans.NOT_RUNNING:
        what = f"{what}: {_ended(night, at[0][0])}"
    return Finding(place, what, tuple(at), cure, sum(b - a for a, b in at) // SECOND_US)


def _ended(night: Night, utc_us: int) -> str:
    """How the process ended that did not run from this time on."""
    near_us = writer.COMMIT_EVERY_US
    stops = [one for one in night.incidents if one.what == live.STOPPED and abs(one.from_utc_us - utc_us) < near_us]
    if not stops:
        return "killed, crashed, or the computer was off"
    return f"it was stopped ({stops[-1].detail})"


START_IT = "start it, and have it started with the computer: systemctl enable --now stillwave-cloud"
MAKE_ROOM = "make room on the disk; [store] keep_nights in the configuration deletes old nights"
LISTENING = {
    spans.NOT_RUNNING: (Place.CLOUD, "not running", START_IT),
    writer.FULL: (
        Place.STORE,
        "the store could not be written",
        "make room on the disk; [store] keep_nights deletes old nights",
    ),
    live.SET_ASIDE: (Place.STORE, "a damaged store was set aside", "nothing; if it comes back, replace the SD card"),
    live.PORT_LOST: (
        Place.LINE,
        "no device at the port",
        "plug it in; on one computer: systemctl start stillwave-edge",
    ),
    spans.NOT_ANSWERED: (Place.LINE, "the device had not answered yet", cures.LINE),
    spans.NO_PACKETS: (Place.UNKNOWN, spans.NO_PACKETS, cures.LINE),
}
_NOBODY, _BOOTED = (text_of(Reason, Reason[name]) for name in ("NOBODY", "BOOTED"))
_STANDBY = {text_of(Reason, one) for one in Reason if one.name.startswith("STANDBY_")}


def explain(reason: str) -> tuple[Place, str, str]:
    """Place in the chain, words and cure for one reason of spans.reasons()."""
    if reason in LISTENING:
        return LISTENING[reason]
    silent, fault = reason.removeprefix("silent: "), reason.removeprefix("fault: ")
    if reason.startswith(spans.OURS):
        return Place.LINE, "stored, but it came too late for the conclusions", cures.LINE
    if silent.startswith(spans.OURS):
        why = silent.partition(": ")[2]
        off = why in outages.CAUSES.values() or why == outages.OFF
        return (Place.DEVICE, silent, cures.DEVICE_POWER) if off else (Place.LINE, silent, cures.LINE)
    if silent != reason:
        return _silent(silent)
    if fault != reason:
        return _place_of_fault(fault), fault, cures.of_reason(fault)
    if reason == _NOBODY:
        return Place.BED, "confidence below the threshold: nobody certain in the user's place", cures.of_reason(reason)
    if reason in (spans.UNCERTAIN, *(text_of(Reason, one) for one in Reason)):
        return Place.BREATHING, f"breathing unknown: {reason}", cures.of_reason(reason)
    return Place.WHO, f"measured, but {reason}", ""


def _silent(why: str) -> tuple[Place, str, str]:
    if lost_packets.LOST in why:
        reason = why.partition(lost_packets.LOST)[2]
        return (Place.PARTS if reason in _PARTS else Place.DEVICE), why, cures.of_reason(reason)
    if why in _STANDBY:
        return Place.STANDBY, "standby is on", cures.of_reason(why)
    if why == _NOBODY:
        return Place.BED, "nobody in the user's place: the device was silent", cures.of_reason(why)
    if why == _BOOTED:
        return Place.BREATHING, "the device was starting", ""
    if why == silence.SINCE_BOOT:
        return Place.BED, f"silent: {why}", "see that standby is off and that the device faces the chest"
    return _place_of_fault(why), why, cures.of_reason(why)


_NOT_RADAR = ("FLASH", "CLOCK", "CLIMATE", "LIGHT", "BUTTON", "ENTROPY", "WATCHDOG", "POWER")
_PARTS = {text_of(Reason, one) for one in Reason if one.name.startswith(_NOT_RADAR)}
_LINES = {text_of(Reason, one) for one in Reason if one.name.startswith("LINE_")}


def _place_of_fault(text: str) -> Place:
    return Place.PARTS if text in _PARTS else Place.LINE if text in _LINES else Place.RADAR


def _restarts(night: Night) -> Iterable[Finding]:
    """Every boot that began in the night, but for the first of all, which is no restart."""
    causes = {one.boot: one.reset_cause for one in night.health}
    for one in night.boots:
        if one.from_utc_us < night.from_utc_us or one.boot == night.first_boot:
            continue
        cause = causes.get(one.boot, "cause unknown")
        cure = cures.DEVICE_POWER if cause != "reset pin" else ""
        yield Finding(Place.DEVICE, f"started: {cause}", ((one.from_utc_us, one.answered_utc_us),), cure)


def _outages(night: Night) -> Iterable[Finding]:
    """When process and device were without each other, also where the device kept all and it came later."""
    at: dict[str, list[tuple[int, int]]] = {}
    for (_, start), (stop, _) in pairwise(sorted(night.listening)):
        if stop - start >= SHORTEST_S * SECOND_US:
            at.setdefault(spans.NOT_RUNNING, []).append((start, stop))
    for one in night.unanswered:
        at.setdefault(f"silent: {one.reason}", []).append((one.from_utc_us, one.to_utc_us))
    for reason, when in at.items():
        yield replace(_missing(night, reason, when), seconds=0)


def _faults(night: Night) -> Iterable[Finding]:
    """What the device noticed, also where it went on."""
    at: dict[str, list[tuple[int, int]]] = {}
    for one in night.faults:
        at.setdefault(one.reason, []).append((one.from_utc_us, one.to_utc_us))
    for reason, when in at.items():
        yield Finding(_place_of_fault(reason), reason, tuple(when), cures.of_reason(reason))


def _incidents(night: Night) -> Iterable[Finding]:
    """What befell the process, also where all was stored in the end."""
    at: dict[str, list[tuple[int, int]]] = {}
    for one in night.incidents:
        if one.what in LISTENING:
            at.setdefault(one.what, []).append((one.from_utc_us, one.to_utc_us or night.to_utc_us))
    for what, when in at.items():
        place, words, cure = LISTENING[what]
        yield Finding(place, words, tuple(when), cure)
