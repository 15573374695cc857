"""A recording of the line as the cloud's input: the bytes, the ticks and the questions of then, into a store of its own.

Rule: nothing comes from a clock or a port, and nothing goes out: what the cloud would say to the device is thrown away.
So the same recording gives the same store at any speed, on any load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from cloud.device import Settings
from cloud.foreign import PROTOCOLS, made
from cloud.night_process import Cloud
from cloud.store import Store
from cloud.then import Then
from cloud.wall_clock import is_zone
from cloud.writer import Writer
from wire import codec, older, packet, seeed, table, trust
from wire.recording import END, FROM_DEVICE, RUN, TICK, TO_DEVICE, Event, Recording

#: Metadata: what the user had set, as JSON; what the host did at the end of the recording.
SETTINGS, ENDED, FINISHED, LEFT = "settings", "host_ended", "finished", "left"
#: ... and when a live one left the port, us UTC.
LEFT_AT = "left_utc_us"
#: A note: the port was opened anew.
PORT_BACK = "port back"
#: A recording without ticks (nobody listened to it then) is given one for each second.
TICK_US = 1_000_000
#: Metadata: whose bytes these are; whether the host heeded a device that bears no tags.
LANGUAGE, UNPAIRED, HEEDED, NOT_HEEDED = "language", "unpaired", "heeded", "not heeded"
SOURCE = "replayed"


#: What the user had set, by what the host said.
_SIDES = {int(side): table.text_of(table.Side, side) for side in table.Side}


class ReplayError(Exception):
    """The recording holds nothing that a cloud could be fed with; one line."""


@dataclass(frozen=True)
class Played:
    """What a replay fed in. Times in us UTC, of the first and the last tick."""

    ticks: int
    bytes_heard: int
    from_utc_us: int
    to_utc_us: int
    linked: bool  # the device has answered the host at least once
    line: codec.Counters | seeed.Counters  # what became of the blocks of the line


@dataclass(frozen=True)
class Quantum:
    """What was heard up to a tick, and what the host answered to it. heard: the port was opened anew between two pieces."""

    utc_us: int
    heard: tuple[bytes, ...]
    said: bytes


def quanta(events: Iterable[Event]) -> Iterator[Quantum]:
    """The recording tick by tick; what was heard after the last one belongs to nobody.

    What the host said at another time than that of the recorder's tick, it said at a tick of its own.
    """
    heard: tuple[bytes, ...] = ()
    gathered, said, tick_us = [b""], bytearray(), None
    for one in events:
        if one.topic == FROM_DEVICE:
            gathered[-1] += one.data
        if one.topic == PORT_BACK:
            gathered.append(b"")
        if one.topic not in (TICK, TO_DEVICE):
            continue
        if one.topic == TICK or one.utc_us != tick_us:
            if tick_us is not None:
                yield Quantum(tick_us, heard, bytes(said))
            tick_us, heard, gathered, said = one.utc_us, tuple(gathered), [b""], bytearray()
        said += one.data
    if tick_us is not None:
        yield Quantum(tick_us, heard, bytes(said))


def plugged(recording: Recording) -> list[Event]:
    """The events, with one of PORT_BACK where the host itself opened its port anew; whoever listened in between did not."""
    if SETTINGS not in recording.metadata.get(RUN, {}):
        return recording.events
    found: list[Event] = []
    done = 0
    for note, place in zip(recording.notes, recording.places, strict=True):
        if note.said.get("what") == PORT_BACK:
            found += [*recording.events[done:place], Event(PORT_BACK, note.utc_us, b"")]
            done = place
    return found + recording.events[done:]


def ticked(events: list[Event]) -> list[Event]:
    """The events, with a tick each second when there is none at all; those before a host came are left out.

    A recorder between device and host (`record --pty`) has ticks of its own, from before the host was there.
    """
    if not any(one.topic == TICK for one in events):
        return _with_ticks(events)
    last_tick_us = first_said = None
    for at, one in enumerate(events):
        if one.topic == TO_DEVICE and one.data:
            first_said = at
            break
        if one.topic == TICK:
            last_tick_us = one.utc_us
    if first_said is None or events[first_said].utc_us == last_tick_us:
        return events
    return [one for one in events[:first_said] if one.topic != TICK] + events[first_said:]


def _with_ticks(events: list[Event]) -> list[Event]:
    found: list[Event] = []
    due_us = events[0].utc_us if events else 0
    for one in events:
        while due_us <= one.utc_us:
            found.append(Event(TICK, due_us, b""))
            due_us += TICK_US
        found.append(one)
    return [*found, Event(TICK, due_us, b"")] if found else []


def settings_of(recording: Recording) -> Settings:
    """What the user had set: as the recording says, else as the host told the device."""
    text = recording.metadata.get(RUN, {}).get(SETTINGS)
    if text is not None:
        try:
            found = msgspec.json.decode(text, type=Settings)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ReplayError(f"recording: metadata {SETTINGS}: {error}") from None
        if found.timezone and not is_zone(found.timezone):
            zone = repr(found.timezone)
            raise ReplayError(f"recording: metadata {SETTINGS}: timezone {zone}: expected one such as Europe/Berlin")
        return found
    said = older.Decoder().feed(recording.bytes_of(TO_DEVICE))
    sides = [one.fields["side"] for one in said if one.type == packet.SETTINGS_SET]
    return Settings(side=next((_SIDES.get(side) for side in sides if isinstance(side, int)), None))


def play(
    recording: Recording,
    db: Path,
    settings: Settings,
    *,
    end_s: float | None = None,
    pace: Callable[[int], None] = lambda utc_us: None,
    protocol: str | None = None,
    known: Mapping[int, trust.Key] | None = None,
) -> Played:
    """Feed a new store. end_s: seconds of the recording; pace: called before each tick with its time; protocol: whose bytes
    these are, one of foreign.PROTOCOLS, None: as the recording says, else our device's. known: keys of devices, by which
    what the host of then did not heed is not heeded again; without its key a device's tags are believed.

    Raises ReplayError, StoreError.
    """
    begun = recording.metadata.get(RUN, {})
    protocol = protocol or begun.get(LANGUAGE)
    protocol = protocol if protocol in PROTOCOLS else None
    then, store = Then(), Store(db, durable=False)
    try:
        ring = replace(trust.ANYBODY, keys=known or {}, unpaired=begun.get(UNPAIRED) != NOT_HEEDED)
        cloud = made(protocol, Writer(store), then.entropy, SOURCE, settings, questions=then, keyring=ring)
        ticks = heard = first = last = 0
        linked = False
        events = plugged(recording)
        for one in quanta(ticked(events)):
            first = first or one.utc_us
            if end_s is not None and one.utc_us - first > end_s * 1e6:
                break
            pace(one.utc_us)
            then.said(one.said)
            _hear(cloud, one.heard)
            cloud.tick(one.utc_us)
            ticks, heard, last = ticks + 1, heard + sum(map(len, one.heard)), one.utc_us
            linked = linked or cloud.linked
        if not ticks:
            raise ReplayError("recording: no byte and no tick in it: nothing to replay")
        _end(cloud, recording.metadata.get(END, {}), events if end_s is None else [], last)
    finally:
        store.close()
    return Played(ticks, heard, first, last, linked, cloud.line)


def _hear(cloud: Cloud, heard: tuple[bytes, ...]) -> None:
    for at, piece in enumerate(heard):
        if at:
            cloud.relink()
        cloud.receive(piece)


def _end(cloud: Cloud, ended: Mapping[str, str], events: list[Event], last_us: int) -> None:
    """As the host of then ended; a live one has left at a time of its own, with what had come since the last tick.

    events: all; none of a part.
    """
    left = ended.get(ENDED, FINISHED) == LEFT
    left_us = ended.get(LEFT_AT, "")
    if events and left_us.isascii() and left_us.isdigit():
        last = max((at for at, one in enumerate(events) if one.topic == TICK), default=-1)
        for one in quanta([*events[last + 1 :], Event(TICK, int(left_us), b"")]):
            _hear(cloud, one.heard)
        cloud.leave(int(left_us))
    elif left:
        cloud.leave(last_us)
    if not left:
        cloud.finish()


def run_of(metadata: Mapping[str, Mapping[str, str]], wall_s: float | None = None) -> dict[str, object]:
    """The run as `report.build` wants it, from a recording's metadata: identity and the counters of the end.

    Anybody may have written them: what is not of its kind is left out. A recording that was cut does not know how long it is.
    """
    begun, ended = metadata.get(RUN, {}), metadata.get(END, {})
    run: dict[str, object] = {key: begun[key] for key in _TEXTS if begun.get(key, "None") != "None"}
    if not is_zone(begun.get("timezone", "")):
        run.pop("timezone", None)
    said = {key: begun[key] for key in ("seed", "virtual_s") if key in begun} | dict(ended)
    if not ended:
        said.pop("virtual_s", None)
    for key in KINDS.keys() & said.keys():
        try:
            run[key] = msgspec.json.decode(said[key], type=KINDS[key])
        except (msgspec.DecodeError, RecursionError):
            continue
    return {**run, "source": SOURCE, "wall_s": wall_s}


_TEXTS = ("version", "scenario", "started_utc", "timezone", "core", "target")
#: What the counters of a run are.
KINDS: dict[str, Any] = {
    "seed": int,
    "virtual_s": float,
    "edge": dict[str, int | float | None],
    "link": dict[str, int | str | None],
    "parameters_digest": str | None,
}
