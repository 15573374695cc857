"""When the host pulls: only what it has been told of, only when it does not come by itself, never all the time."""

from __future__ import annotations

import pytest

from wire import codec, delivery, packet
from wire.delivery import Config, State
from wire.spans import Spans

BOOT = 9
SECOND_US = 1_000_000
CONFIG = Config(count=10)


def pulls(sent: bytes) -> tuple[int, ...]:
    """boot, seq and count of the one PULL in these bytes; empty when nothing is sent."""
    found = codec.Decoder().feed(sent)
    return tuple(int(one) for one in found[0].fields.values()) if found else ()  # type: ignore[arg-type]


def ask(state: State, committed: int, utc_s: float) -> tuple[State, tuple[int, ...]]:
    state, sent = delivery.tick(CONFIG, state, committed, round(utc_s * SECOND_US))
    return state, pulls(sent)


def test_what_a_silent_device_keeps_is_pulled_at_once() -> None:
    state = delivery.told(State(), BOOT, oldest=4, newest=6)
    assert ask(state, 3, 100)[1] == (BOOT, 4, 3)


def test_nothing_is_pulled_when_everything_is_committed() -> None:
    state = delivery.told(State(), BOOT, oldest=4, newest=6)
    assert ask(state, 6, 100)[1] == ()


def test_nothing_is_pulled_from_a_device_that_has_told_nothing() -> None:
    assert ask(State(), 0, 100)[1] == ()


@pytest.mark.parametrize(("heard_s", "pulled"), [(98.0, ()), (96.9, (BOOT, 4, 3))])
def test_while_data_come_nothing_is_pulled(heard_s: float, pulled: tuple[int, ...]) -> None:
    state = delivery.told(State(), BOOT, oldest=4, newest=6)
    state = delivery.heard(state, BOOT, 4, round(heard_s * SECOND_US))
    assert ask(state, 3, 100)[1] == pulled


def test_a_pull_is_repeated_until_it_is_answered_and_not_before_its_time() -> None:
    state = delivery.told(State(), BOOT, oldest=1, newest=30)
    asked = []
    for utc_s in range(9):
        state, sent = ask(state, 0, utc_s)
        asked.append(sent)
    assert asked == [(BOOT, 1, 10), (), ()] * 3


def test_a_hole_that_nobody_fills_is_pulled_while_live_packets_come() -> None:
    state = delivery.told(State(), BOOT, oldest=1, newest=0)
    asked = {}
    for utc_s in range(25):
        state = delivery.heard(state, BOOT, utc_s + 5, utc_s * SECOND_US)  # 1..4 are missing
        state, sent = ask(state, 0, utc_s)
        if sent:
            asked[utc_s] = sent
    assert asked == {3: (BOOT, 1, 8)} | dict.fromkeys(range(6, 25, 3), (BOOT, 1, 10))


def test_of_a_hole_that_is_known_only_the_hole_is_pulled() -> None:
    state = delivery.heard(delivery.told(State(), BOOT, oldest=1, newest=4), BOOT, 9, 100 * SECOND_US)
    state, _ = delivery.tick(Config(), state, 4, 100 * SECOND_US, hole=2)
    _, sent = delivery.tick(Config(), state, 4, 103 * SECOND_US, hole=2)
    assert pulls(sent) == (BOOT, 5, 2)


def test_a_stream_without_holes_is_never_pulled() -> None:
    state = delivery.told(State(), BOOT, oldest=0, newest=0)
    for utc_s in range(100):
        state = delivery.heard(state, BOOT, utc_s + 1, utc_s * SECOND_US)
        state, sent = ask(state, utc_s, utc_s)  # committed one tick later
        assert sent == ()


def test_a_new_boot_starts_anew() -> None:
    state = delivery.told(State(), BOOT, oldest=4, newest=60)
    state = delivery.told(state, BOOT + 1, oldest=1, newest=2)
    assert ask(state, 0, 100)[1] == (BOOT + 1, 1, 2)


def test_data_of_another_boot_say_nothing() -> None:
    state = delivery.told(State(), BOOT, oldest=0, newest=0)
    assert delivery.heard(state, BOOT + 1, 7, 5) == state


@pytest.mark.parametrize(("oldest", "newest", "gone"), [(0, 0, 1), (0, 8, 9), (5, 8, 5)])
def test_what_is_no_longer_kept_cannot_come(oldest: int, newest: int, gone: int) -> None:
    state = delivery.told(State(), BOOT, oldest, newest)
    assert delivery.gone_before(state, BOOT) == gone


def test_what_came_after_the_telling_may_still_come() -> None:
    state = delivery.heard(delivery.told(State(), BOOT, oldest=0, newest=8), BOOT, 12, 5)
    assert delivery.gone_before(state, BOOT) == 9


def test_what_is_lost_for_good_is_not_pulled() -> None:
    state = delivery.told(State(), BOOT, oldest=5, newest=8)
    assert ask(state, 2, 100)[1] == (BOOT, 5, 4)


def test_a_clock_that_went_backwards_stops_nothing() -> None:
    state, _ = ask(delivery.told(State(), BOOT, oldest=1, newest=2), 0, 100)
    assert ask(state, 0, 50)[1] == (BOOT, 1, 2)


@pytest.mark.parametrize("wrong", [{"quiet_us": 0}, {"stuck_us": -1}, {"count": 0}, {"count": 256}])
def test_a_wrong_setting_is_named(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"delivery.{next(iter(wrong))}"):
        Config(**wrong)


def test_the_flag_marks_what_came_out_of_its_turn() -> None:
    live = packet.Packet(packet.VITALS, 1, BOOT, 5, b"")
    assert not delivery.is_resent(live)
    assert delivery.is_resent(live._replace(flags=live.flags | 2))


def sweep(*seqs: int) -> State:
    state = delivery.told(State(), BOOT, oldest=1, newest=400)
    for seq in seqs:
        state = delivery.heard(state, BOOT, seq, 100 * SECOND_US, resent=True)
    return state


def all_pulls(sent: bytes) -> list[tuple[int, int]]:
    return [(int(one.fields["seq"]), int(one.fields["count"])) for one in codec.Decoder().feed(sent)]  # type: ignore[arg-type]


def pull(state: State, got: Spans, utc_s: float) -> tuple[State, list[tuple[int, int]]]:
    """The state after a tick, and first and count of what it asks for of what was left out."""
    utc_us = round(utc_s * SECOND_US)
    state, sent = delivery.pull_passed(CONFIG, state, got.absent_from, got.present_from, utc_us)
    return state, all_pulls(sent)


def test_what_a_device_leaves_out_on_its_way_is_pulled_at_once() -> None:
    state, got = sweep(10, 11, 14, 15, 17), Spans([10, 11, 14, 15, 17])
    assert pull(state, got, 100.1)[1] == [(12, 2), (16, 1)]


def test_what_it_left_out_because_it_is_known_is_not_pulled() -> None:
    assert pull(sweep(10, 14), Spans(range(10, 15)), 100.1)[1] == []


def test_no_more_holes_are_pulled_at_once_than_a_device_notes() -> None:
    seqs = range(1, 41, 2)
    state, got = sweep(*seqs), Spans(seqs)
    asked = []
    for utc_s in (100.1, 100.2, 100.3, 100.4):
        state, sent = pull(state, got, utc_s)
        asked.append([seq for seq, _ in sent])
    assert asked == [[*range(2, 16, 2)], [*range(16, 30, 2)], [*range(30, 40, 2)], []]


@pytest.mark.parametrize(("trip_s", "again_s"), [(0.0, 0.5), (0.2, 0.9)])
def test_what_was_lost_twice_is_pulled_again_after_two_round_trips(trip_s: float, again_s: float) -> None:
    state, got = sweep(10, 12, 15), Spans([10, 12, 15])
    state, _ = pull(state, got, 100.0)
    state = delivery.heard(state, BOOT, 11, round((100 + trip_s) * SECOND_US), resent=True)
    got.add(11, 11)
    early, sent = pull(state, got, 99.95 + again_s)
    assert (sent, pull(early, got, 100.0 + again_s)[1]) == ([], [(13, 2)])


def test_what_never_comes_is_not_pulled_for_ever() -> None:
    state, asked = sweep(10, 12), 0
    for utc_s in range(101, 140):
        state, sent = pull(state, Spans([10, 12]), utc_s)
        asked += len(sent)
    assert (asked, state.passed) == (delivery.PASSED_TRIES, ())


@pytest.mark.parametrize(
    ("stopped_at", "utc_s", "asked"),
    [(20, 100.6, [(21, 4)]), (20, 100.4, []), (20, 111.0, []), (24, 100.6, [])],
    ids=["lost", "still coming", "long ago", "nothing lost"],
)
def test_the_last_of_what_was_kept_is_missed_when_no_more_comes(
    stopped_at: int, utc_s: float, asked: list[tuple[int, int]]
) -> None:
    state = sweep(*range(10, stopped_at + 1))
    assert pull(state, Spans([*range(10, stopped_at + 1), *range(25, 28)]), utc_s)[1] == asked


def test_a_device_that_waits_for_credit_is_not_asked_for_the_rest() -> None:
    assert pull(sweep(10, 11), Spans([10, 11, 300]), 100.6)[1] == []


def test_a_packet_that_was_pulled_begins_no_new_way() -> None:
    state = delivery.heard(sweep(10, 14), BOOT, 12, 100 * SECOND_US, resent=True)
    assert (state.swept, state.passed) == (14, (delivery.Passed(11, 13),))
