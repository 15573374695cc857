"""Who is being measured: the user, somebody else, or not known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloud import gather, occupancy
from cloud.observations import User, Vitals


class Presence(StrEnum):
    """What a session needs to know of one second."""

    HERE = "here"  # the user, certainly
    MAYBE = "maybe"  # somebody who may turn out to be the user
    AWAY = "away"  # nobody, or somebody else
    UNSURE = "unsure"


@dataclass
class Watch:
    """The state and why it is so."""

    who: str = "unknown"
    presence: Presence = Presence.UNSURE
    reason: str = "nothing heard yet"


def step(watch: Watch, bed: occupancy.Bed, seen: Vitals | None, utc_us: int) -> User | None:
    """One second. Returns a row when the answer changes."""
    before = watch.who
    if bed.state is occupancy.State.OCCUPIED:
        watch.who, watch.presence, watch.reason = "user", Presence.HERE, "a person in the user's place"
    elif bed.state is occupancy.State.EMPTY:
        watch.who, watch.presence, watch.reason = "unknown", Presence.AWAY, bed.reason
    else:
        watch.who, watch.presence, watch.reason = "unknown", Presence.UNSURE, bed.reason
    return User(utc_us, watch.who, watch.reason) if watch.who != before else None


def share(watch: Watch, seen: Vitals | None) -> tuple[gather.Second, Vitals | None]:
    """What this second contributes to its epoch, and the packet whose waveform is the user's."""
    occupied = {Presence.HERE: "user", Presence.AWAY: "away"}.get(watch.presence, "unknown")
    if watch.presence is Presence.HERE and seen is not None and seen.confidence >= occupancy.PERSON_FROM:
        return gather.measured(seen, occupied), seen
    return gather.unknown(watch.reason, occupied), None
