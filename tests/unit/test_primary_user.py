"""Who is measured: every cell of the table, and what packets of user, partner and pet make of it."""

from __future__ import annotations

import pytest

from cloud import primary_user
from cloud.observations import User, Vitals
from cloud.occupancy import Bed
from cloud.occupancy import State as Occupied
from cloud.primary_user import TABLE, Event, Place, Presence, State, Watch, far_mm, share, step

N, A, U, D, O = State.NOBODY, State.ARRIVED, State.USER, State.DOUBT, State.OTHER
EXPECTED = {
    #  empty lost blind measured changed fits contrary
    N: [N, N, N, A, A, A, A],
    A: [N, N, A, A, A, U, O],
    U: [N, N, U, U, D, U, O],
    D: [N, N, D, D, D, U, O],
    O: [N, N, O, O, A, A, O],
}
S = 1_000_000
START = 1_770_000_000 * S
BLANK = {**dict.fromkeys(Vitals._fields, 0), "confidence": 1.0, "respiration_validity": 0.9, "respiration_reason": ""}
LYING = {"azimuth_deg": 5.0, "quality_breathing": 0.9, "wave_validity": 0.0, "motion_db": 0.0}


def somebody(distance_mm: float, rate_per_min: float | None, **changes: object) -> Vitals:
    seen = {"distance_mm": distance_mm, "respiration_rate_per_min": rate_per_min}
    if rate_per_min is None:
        seen["respiration_validity"] = 0.0
    return Vitals(**{**BLANK, **LYING, **seen, **changes})  # type: ignore[arg-type]


WEAK_REASON = "breathing signal too weak or irregular"
USER, PARTNER, CAT = somebody(620.0, 14.0), somebody(1300.0, 13.0), somebody(700.0, 25.0)
UNREADABLE = somebody(620.0, None, respiration_reason=WEAK_REASON, quality_breathing=0.0)
WEAK = somebody(620.0, 14.0, confidence=0.2)
Span = tuple[int, Vitals | None]


class Night:
    """A watch and its seconds. A span (n, None) is an empty bed for n seconds."""

    def __init__(self) -> None:
        self.watch, self.utc_us, self.rows = Watch(), START, list[User]()

    def run(self, *spans: Span, bed: Occupied | None = None) -> Night:
        for n, seen in spans:
            state = bed or (Occupied.EMPTY if seen is None else Occupied.OCCUPIED)
            for _ in range(n):
                self.utc_us += S
                row = step(self.watch, Bed(state, 0, "why"), seen, self.utc_us)
                self.rows += [row] if row else []
        return self

    @property
    def told(self) -> list[str]:
        return [row.who for row in self.rows]


def test_the_table_is_this_one() -> None:
    assert {state: list(row.values()) for state, row in TABLE.items()} == EXPECTED
    assert set(TABLE) == set(State)
    assert all(list(row) == list(Event) for row in TABLE.values())


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize(
    ("bed", "seen", "event"),
    [
        (Occupied.EMPTY, None, Event.EMPTY),
        (Occupied.UNKNOWN, None, Event.LOST),
        (Occupied.OCCUPIED, None, Event.BLIND),
        (Occupied.OCCUPIED, WEAK, Event.BLIND),
    ],
)
def test_without_a_measurement_only_the_bed_speaks(
    state: State, bed: Occupied, seen: Vitals | None, event: Event
) -> None:
    watch = Watch(state)
    step(watch, Bed(bed, 0, "why"), seen, START)
    assert watch.state is TABLE[state][event]


def test_the_user_is_known_after_a_minute() -> None:
    night = Night().run((59, USER))
    assert (night.watch.state, night.watch.presence) == (A, Presence.MAYBE)
    assert night.run((1, USER)).watch.presence is Presence.HERE


def test_a_partner_never_counts() -> None:
    night = Night().run((3600, PARTNER))
    assert night.told == ["unknown", "other"]
    assert night.watch.presence is Presence.AWAY


def test_the_user_comes_after_the_partner() -> None:
    night = Night().run((600, PARTNER), (300, USER))
    assert night.told == ["unknown", "other", "unknown", "user"]


def test_the_user_leaves_and_the_partner_stays() -> None:
    night = Night().run((600, USER), (300, PARTNER))
    assert night.told[-1] == "other"
    changed = [row.utc_us for row in night.rows if row.who != "user"][1]
    assert changed - (START + 600 * S) <= 3 * S


def test_the_user_is_known_again_within_seconds() -> None:
    night = Night().run((600, USER), (300, PARTNER), (25, USER))
    assert night.watch.state is U


def test_after_the_bathroom_the_place_is_enough() -> None:
    night = Night().run((600, USER), (300, None), (primary_user.KNOWN_S, UNREADABLE))
    assert night.watch.state is U


def test_in_a_new_night_it_takes_breathing_to_be_a_person() -> None:
    assert Night().run((3000, UNREADABLE)).watch.state is A
    forgotten = Night().run((600, USER), (2000, None), (3000, UNREADABLE))
    assert forgotten.watch.state is A


def test_a_few_rates_in_an_hour_make_no_person() -> None:
    assert Night().run(*[(50, UNREADABLE), (10, USER)] * 60).watch.state is not U


def test_a_cat_on_the_bed_never_counts() -> None:
    night = Night().run((3600, CAT))
    assert night.told == ["unknown", "other"]
    assert night.watch.reason == primary_user.PET


def test_a_cat_in_the_place_of_the_user_is_found_out() -> None:
    night = Night().run((600, USER), (300, None), (90, CAT))
    assert night.watch.state is O


def test_the_user_follows_the_cat() -> None:
    assert Night().run((600, CAT), (120, USER)).watch.state is U


def test_fast_breathing_alone_does_not_make_the_user_somebody_else() -> None:
    slowly_faster = [(60, somebody(620.0, 14.0 + 0.5 * i)) for i in range(16)]
    night = Night().run((600, USER), *slowly_faster)
    assert night.watch.state is U


def test_an_abrupt_change_opens_the_question_and_the_place_answers_it() -> None:
    night = Night().run((600, USER), (60, somebody(620.0, 23.0)))
    assert night.told == ["unknown", "user", "unknown", "user"]
    assert night.rows[2].reason == "breathing changed: not yet known who"


def test_a_weak_second_is_not_known() -> None:
    night = Night().run((600, USER), (1, WEAK))
    assert (night.watch.state, night.watch.presence) == (U, Presence.UNSURE)
    assert share(night.watch, WEAK)[0].who is None


def test_the_place_is_learnt_with_small_steps() -> None:
    night = Night().run((600, USER))
    learnt = night.watch.place
    assert (round(learnt.distance_mm), round(learnt.rate_per_min)) == (620, 14)
    assert far_mm(learnt) == pytest.approx(1020, abs=5)
    night.run((10, somebody(900.0, 14.0)))
    assert learnt.distance_mm < 665


def test_before_anything_is_learnt_the_place_ends_at_half_a_bed() -> None:
    assert far_mm(Place()) == primary_user.FAR_MM


def test_only_the_seconds_of_the_user_are_shared() -> None:
    shares = [share(Night().run((120, seen)).watch, seen)[0] for seen in (USER, PARTNER)]
    assert [(one.who, one.occupied, one.rate_per_min) for one in shares] == [(1, "user", 14.0), (0, "away", None)]
    away = share(Night().run((5, None)).watch, None)[0]
    assert (away.who, away.occupied, away.reason) == (None, "away", "why")


def test_one_second_from_beyond_is_not_shared() -> None:
    night = Night().run((600, USER), (1, PARTNER))
    assert night.watch.state is U
    assert share(night.watch, PARTNER)[0].rate_per_min is None


RESTLESS = somebody(620.0, 18.9)  # awake and breathing as fast as a person at rest does


def test_a_fast_breathing_user_is_recognised_before_a_session_would_open() -> None:
    night = Night().run((60, somebody(620.0, 20.5)), (270, RESTLESS))
    assert night.watch.state is U
    assert "other" not in night.told


def test_until_then_it_is_somebody_who_may_be_the_user() -> None:
    night = Night().run((200, somebody(620.0, 19.3)))
    assert night.watch.state is A
    assert night.watch.presence is Presence.MAYBE


def test_a_minute_of_slow_readings_does_not_make_a_cat_the_user() -> None:
    found_out = Night().run((200, CAT), (100, UNREADABLE), (60, somebody(700.0, 18.8)), (300, CAT))
    assert "user" not in found_out.told


def test_a_user_who_wakes_and_breathes_faster_than_usual_stays_the_user() -> None:
    night = Night().run((900, USER), (20, None), (200, somebody(620.0, 18.6)))
    assert night.watch.state is U and "other" not in night.told
