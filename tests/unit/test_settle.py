"""The delay line: when a second is concluded, in which order, and what happens to what comes too late."""

from __future__ import annotations

import pytest

from cloud import settle
from cloud.observations import Observation, Transition
from cloud.settle import Delay, add, due, last_settled, second_of, take_late

S = 1_000_000
NOW_S = 1_770_000_000


def seen(utc_us: int, seq: int = 1, boot: int = 7) -> Transition:
    return Transition(boot, seq, utc_us, "monitoring", "streaming", "x", None, None, None)


@pytest.mark.parametrize(
    ("utc_us", "second"), [(10 * S, 9), (10 * S + 400_000, 9), (10 * S + 600_000, 10), (9 * S + 600_000, 9)]
)
def test_a_packet_speaks_for_the_second_whose_end_is_nearest(utc_us: int, second: int) -> None:
    assert second_of(utc_us) == second


@pytest.mark.parametrize(("tick_us", "second"), [(25 * S, 9), (25 * S - 1, 8), (26 * S - 1, 9)])
def test_a_second_is_settled_fifteen_seconds_after_its_end(tick_us: int, second: int) -> None:
    assert last_settled(tick_us) == second


def test_seconds_come_in_order_whether_they_hold_something_or_not() -> None:
    delay = Delay()
    for one in (seen(13 * S), seen(11 * S)):
        add(delay, one, 10)
    assert list(due(delay, 10, 12)) == [(10, [seen(11 * S)]), (11, []), (12, [seen(13 * S)])]
    assert delay == Delay()


def test_no_order_of_arrival_is_left() -> None:
    packets = [seen(11 * S, 3), seen(11 * S, 2), seen(11 * S - 5, 4), seen(11 * S, 1, boot=9)]
    found = []
    for order in (packets, packets[::-1]):
        delay = Delay()
        for one in order:
            add(delay, one, 10)
        found.append(list(due(delay, 10, 10)))
    assert found[0] == found[1] == [(10, [packets[2], packets[1], packets[0], packets[3]])]


def test_of_what_is_late_only_the_word_of_the_device_counts() -> None:
    delay = Delay()
    add(delay, seen(9 * S), 10)
    add(delay, _vitals(9 * S), 10)
    assert (take_late(delay), delay) == ([seen(9 * S)], Delay())


def _vitals(utc_us: int) -> Observation:
    from cloud import ingest
    from cloud.observations import DataPacket
    from wire import packet

    n_bytes = packet.make(packet.VITALS, _zeros(packet.VITALS)).payload
    return ingest.observe(DataPacket(7, 1, packet.VITALS, utc_us, utc_us, 0, n_bytes))


def _zeros(kind: int) -> dict[str, int | tuple[int, ...]]:
    from wire.table import LAYOUTS

    return {f.name: 0 if f.count == 1 else (0,) * f.count for f in LAYOUTS[kind].fields}


def test_after_days_without_a_tick_most_seconds_are_skipped() -> None:
    delay = Delay()
    add(delay, seen((NOW_S + 500_000) * S), NOW_S)
    add(delay, seen((NOW_S + 1_000_001) * S), NOW_S)
    found = list(due(delay, NOW_S, NOW_S + 1_000_000))
    assert len(found) == settle.SKIP_AFTER_S + 2
    assert found[-1] == (NOW_S + 1_000_000, [seen((NOW_S + 1_000_001) * S)])
    assert delay == Delay()
