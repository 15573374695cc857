"""Who is being measured: the user, somebody else, or not known.

Rule: the user is the one in the place next to the device; a partner, farther away, or a pet, breathing fast, never is.
Whenever distance, direction, quality or breathing change abruptly, the answer is open until it is found anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

from cloud import body, gather, occupancy
from cloud.body import Body
from cloud.observations import User, Vitals
from cloud.settle import SECOND_US

#: The user's place before anything is learnt: nearer than half a bed. A partner lies beyond.
FAR_MM = 1150.0
#: Once it is learnt: so much farther than usual is somebody else's place.
BEYOND_MM, SPREADS = 400.0, 4.0
#: Resting adults breathe 12 to 20 times a minute, cats 20 to 30. After so many seconds with a rate a median below this is
#: a person's, the less clear the later; after the last of them any other is a pet's, and a fast one is earlier.
PERSON_PER_MIN = {60: 17.5, 120: 18.5, 300: 19.25}
PET_PER_MIN, PET_RATES = 21.5, 150
#: Evidence in measured seconds: for somebody elsewhere; for the user in a place that is known; in one that is not.
ELSEWHERE_S, KNOWN_S, NEW_S = 10, 15, 60
#: A body that came so lately is still watched for a pet's breathing: so many seconds faster than the user's by this much,
#: and a pet's anyway.
YOUNG_US, FASTER_RATES, FASTER_PER_MIN = 300_000_000, 60, 4.0
#: What was learnt is forgotten after so long without the user.
FORGET_US = 1_800_000_000
#: Steps of the running medians, per second.
STEP_MM, STEP_PER_MIN = 4.0, 0.03

USER_HERE = "in the user's place"
ARRIVED = "somebody came: not yet known who"
FARTHER = "somebody farther away than the user's place"
PET = "breathes too fast for a person at rest"
NOT_MEASURED = "nobody measured"


@dataclass(frozen=True)
class Config:
    """Numbers that a what-if may change."""

    far_mm: float = FAR_MM
    beyond_mm: float = BEYOND_MM
    spreads: float = SPREADS
    pet_per_min: float = PET_PER_MIN
    faster_per_min: float = FASTER_PER_MIN
    elsewhere_s: int = ELSEWHERE_S
    known_s: int = KNOWN_S
    new_s: int = NEW_S
    young_s: float = YOUNG_US / SECOND_US
    forget_s: float = FORGET_US / SECOND_US


DEFAULT = Config()


class State(StrEnum):
    """Who is measured."""

    NOBODY = "nobody"
    ARRIVED = "arrived"
    USER = "user"
    DOUBT = "doubt"
    OTHER = "other"


class Event(StrEnum):
    """What one second says."""

    EMPTY = "bed empty"
    LOST = "bed unknown"
    BLIND = "not measured"
    MEASURED = "measured"
    CHANGED = "abrupt change"
    FITS = "fits the user"
    CONTRARY = "cannot be the user"


_N, _A, _U, _D, _O = State.NOBODY, State.ARRIVED, State.USER, State.DOUBT, State.OTHER

#: Every state and every event; the columns are in the order of Event.
TABLE: dict[State, dict[Event, State]] = {
    #                empty lost blind measured changed fits contrary
    state: dict(zip(Event, row, strict=True))
    for state, row in {
        State.NOBODY: (_N, _N, _N, _A, _A, _A, _A),
        State.ARRIVED: (_N, _N, _A, _A, _A, _U, _O),
        State.USER: (_N, _N, _U, _U, _D, _U, _O),
        State.DOUBT: (_N, _N, _D, _D, _D, _U, _O),
        State.OTHER: (_N, _N, _O, _O, _A, _A, _O),
    }.items()
}


class Presence(StrEnum):
    """What a session needs to know of one second."""

    HERE = "here"  # the user, certainly
    MAYBE = "maybe"  # somebody who may turn out to be the user
    AWAY = "away"  # nobody, or somebody else
    UNSURE = "unsure"


@dataclass
class Place:
    """What is learnt of the user: running medians, and the spread about the distance; 0: nothing yet."""

    distance_mm: float = 0.0
    spread_mm: float = 50.0
    rate_per_min: float = 0.0
    seen_utc_us: int = 0


@dataclass
class Watch:
    """The state, why it is so, and what this second is for a session."""

    state: State = State.NOBODY
    reason: str = NOT_MEASURED
    presence: Presence = Presence.UNSURE
    told: tuple[str, str] = ("", "")  # who and why, as last written
    body: Body = field(default_factory=Body)
    place: Place = field(default_factory=Place)


def step(
    watch: Watch,
    bed: occupancy.Bed,
    seen: Vitals | None,
    utc_us: int,
    config: Config = DEFAULT,
    person_from: float = occupancy.PERSON_FROM,
) -> User | None:
    """The second that ends at utc_us; seen: its packet. Returns a row when the answer or its reason changes."""
    measured = seen is not None and seen.confidence >= person_from
    event, why = _event(watch, bed, seen if measured else None, utc_us, config)
    before, watch.state = watch.state, TABLE[watch.state][event]
    if watch.state is State.NOBODY:
        watch.body = Body()
        watch.reason = bed.reason
    elif event is Event.CHANGED or (before is State.OTHER and watch.state is State.ARRIVED):
        body.restart(watch.body, utc_us)
    if watch.state is not State.NOBODY and (watch.state is not before or event is Event.CHANGED):
        watch.reason = why or _REASONS.get(watch.state, why)
    if watch.state is State.USER and measured and seen is not None:
        _learn(watch, seen, utc_us, config)
    watch.presence = _presence(watch.state, bed.state, measured)
    told = _WHO.get(watch.state, "unknown"), watch.reason
    if told == watch.told:
        return None
    watch.told = told
    return User(utc_us - SECOND_US, *told)


_REASONS = {State.ARRIVED: ARRIVED, State.USER: USER_HERE}
_WHO = {State.USER: "user", State.OTHER: "other"}


def _event(watch: Watch, bed: occupancy.Bed, seen: Vitals | None, utc_us: int, config: Config) -> tuple[Event, str]:
    """The event of this second and its reason, "" for none of its own. seen: measured in it."""
    if bed.state is not occupancy.State.OCCUPIED:
        return (Event.EMPTY if bed.state is occupancy.State.EMPTY else Event.LOST), ""
    if seen is None:
        return Event.BLIND, ""
    body.add(watch.body, seen, utc_us)
    changed = body.change(watch.body)
    if changed:
        return Event.CHANGED, f"{changed}: not yet known who"
    if watch.place.seen_utc_us and utc_us - watch.place.seen_utc_us > config.forget_s * SECOND_US:
        watch.place = Place()
    return _VERDICTS[watch.state](watch, utc_us, config)


def _open(watch: Watch, utc_us: int, config: Config) -> tuple[Event, str]:
    """Somebody is there, and it is not known who."""
    one = watch.body
    if one.seconds >= config.elsewhere_s and _farther(watch, config):
        return Event.CONTRARY, FARTHER
    if _like_a_pet(watch, config):
        return Event.CONTRARY, PET
    if watch.place.distance_mm:
        return (Event.FITS if one.seconds >= config.known_s else Event.MEASURED), ""
    return (Event.FITS if one.seconds >= config.new_s and _like_a_person(one) else Event.MEASURED), ""


def _user(watch: Watch, utc_us: int, config: Config) -> tuple[Event, str]:
    """It was the user, and nothing has changed abruptly."""
    if utc_us - watch.body.since_utc_us < config.young_s * SECOND_US and _like_a_pet(watch, config):
        return Event.CONTRARY, PET
    return Event.MEASURED, ""


def _other(watch: Watch, utc_us: int, config: Config) -> tuple[Event, str]:
    """It was somebody else: does that still hold?"""
    rates = watch.body.rate_per_min
    fast = len(rates) >= min(PERSON_PER_MIN) and not _like_a_person(watch.body)
    return (Event.MEASURED if fast or _farther(watch, config, 0.5 * config.beyond_mm) else Event.FITS), ""


_VERDICTS = {State.NOBODY: _open, State.ARRIVED: _open, State.DOUBT: _open, State.USER: _user, State.OTHER: _other}


def _farther(watch: Watch, config: Config, margin_mm: float = 0.0) -> bool:
    """The body lies beyond the user's place, or less than margin_mm inside its border."""
    recent = watch.body.distance_mm[-body.RECENT_PLACES :]
    return bool(recent) and median(recent) > far_mm(watch.place, config) - margin_mm


def far_mm(place: Place, config: Config = DEFAULT) -> float:
    """Where the user's place ends."""
    if not place.distance_mm:
        return config.far_mm
    return place.distance_mm + max(config.beyond_mm, config.spreads * place.spread_mm)


def _like_a_pet(watch: Watch, config: Config) -> bool:
    rates, usual = watch.body.rate_per_min, watch.place.rate_per_min
    if usual:
        return len(rates) >= FASTER_RATES and median(rates) >= max(config.pet_per_min, usual + config.faster_per_min)
    if len(rates) < PET_RATES:
        return False
    longest = max(PERSON_PER_MIN)
    return median(rates) >= (config.pet_per_min if len(rates) < longest else PERSON_PER_MIN[longest])


def _like_a_person(one: Body) -> bool:
    n = len(one.rate_per_min)
    limits = [limit for rates, limit in PERSON_PER_MIN.items() if n >= rates]
    return bool(limits) and median(one.rate_per_min) < max(limits)


def _learn(watch: Watch, seen: Vitals, utc_us: int, config: Config) -> None:
    """Running medians: each second moves them by one small step, however far off it is."""
    place = watch.place
    place.seen_utc_us = utc_us
    if seen.distance_mm is not None:
        if not place.distance_mm or watch.body.seconds <= config.known_s:
            place.distance_mm = median(watch.body.distance_mm)
        off_mm = seen.distance_mm - place.distance_mm
        place.distance_mm += _towards(off_mm, STEP_MM)
        place.spread_mm = max(place.spread_mm + _towards(abs(off_mm) - place.spread_mm, STEP_MM / 2), 1.0)
    if watch.body.rate_per_min and seen.respiration_rate_per_min is not None:
        place.rate_per_min = place.rate_per_min or median(watch.body.rate_per_min)
        place.rate_per_min += _towards(seen.respiration_rate_per_min - place.rate_per_min, STEP_PER_MIN)


def _towards(difference: float, step: float) -> float:
    return max(-step, min(step, difference))


def _presence(state: State, bed: occupancy.State, measured: bool) -> Presence:
    if bed is occupancy.State.EMPTY or state is State.OTHER:
        return Presence.AWAY
    if not measured or state is State.NOBODY:
        return Presence.UNSURE
    return Presence.HERE if state is State.USER else Presence.MAYBE


_OCCUPIED = {Presence.HERE: "user", Presence.AWAY: "away"}


def share(watch: Watch, seen: Vitals | None, config: Config = DEFAULT) -> tuple[gather.Second, Vitals | None]:
    """What this second contributes to its epoch, and the packet whose waveform is the user's."""
    occupied = _OCCUPIED.get(watch.presence, "unknown")
    if watch.presence is not Presence.HERE or seen is None:
        who = 0 if watch.state is State.OTHER and seen is not None else None
        return gather.unknown(watch.reason, occupied, who), None
    if seen.distance_mm is not None and seen.distance_mm > far_mm(watch.place, config):
        return gather.unknown(FARTHER, occupied), None
    return gather.measured(seen, occupied), seen
