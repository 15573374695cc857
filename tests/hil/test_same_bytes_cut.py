"""Five minutes in which power and line fail and the flash goes round, on every CPU and on the Pi: one digest of all bytes.

What must have happened is counted: equal digests of nothing say nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import cut_minutes
from tests.cut_minutes import MINUTES
from tests.same_bytes import HOMES, boots, data_of, gaps, not_genuine, on, on_the_pi
from wire import delivery, packet

pytestmark = [pytest.mark.hil, pytest.mark.timeout(600)]
RING = slice(8, 16)  # sectors
Figures = Callable[[str, dict[str, float]], None]


@pytest.mark.parametrize("target", [pytest.param(one, marks=pytest.mark.slow) for one in HOMES])
def test_every_home_puts_the_same_bytes_on_the_line(target: str, arm_tools: None, figures: Figures) -> None:
    reference, run = on(MINUTES), on(MINUTES, target)
    figures(f"{target}, {run.digest}", {"packets heard": len(run.heard)})
    assert run.digest == reference.digest
    assert (run.data, run.wear, run.pins) == (reference.data, reference.wear, reference.pins)


def test_the_pi_puts_the_same_bytes_on_the_line(figures: Figures) -> None:
    reference = on(MINUTES)
    run, took = on_the_pi(MINUTES)
    figures(f"Pi, {run.digest}", took)
    assert run.digest == reference.digest
    assert run.data == reference.data
    assert run.pins == [edge for edge in reference.pins if edge[1] == "buzzer"]


def test_everything_the_device_said_bears_its_tag() -> None:
    assert not_genuine(on(MINUTES).heard) == []


def test_the_torn_packet_of_the_power_cut_is_named() -> None:
    run = on(MINUTES)
    before, _ = boots(run)
    (torn,) = {(one["boot"], one["first"], one["last"]) for one in gaps(run, "FLASH_TORN")}
    kept = {one.seq for one in data_of(run) if one.boot == before}
    assert torn == (before, max(kept) + 1, max(kept) + 1)


def test_the_ring_went_round_and_what_was_given_up_is_named() -> None:
    run = on(MINUTES)
    full = list(gaps(run, "STORE_FULL"))
    assert min(run.wear[RING]) >= 1  # each sector, those that held packets of before too
    assert sum(one["last"] - one["first"] + 1 for one in full) >= 100


def test_packets_of_before_the_power_cut_arrived() -> None:
    run = on(MINUTES)
    before, _ = boots(run)
    assert len({one.seq for one in data_of(run) if one.boot == before and one.type == packet.VITALS}) >= 100


@pytest.mark.parametrize("first, last", cut_minutes.CUTS)
def test_what_was_made_while_the_line_was_cut_came_afterwards(first: int, last: int) -> None:
    run = on(MINUTES)
    _, now = boots(run)
    made = {one.seq: one for one in data_of(run) if one.boot == now and first * 1e6 < one.t_us < last * 1e6}
    assert len([one for one in made.values() if one.type == packet.VITALS]) >= 0.8 * (last - max(first, 10))
    assert all(delivery.is_resent(one) for one in made.values())


def test_live_packets_go_before_the_backlog() -> None:
    run = on(MINUTES)
    for last in cut_minutes.BACK_S:
        order = [one for one in data_of(run) if one.boot == boots(run)[1]]
        first_live = next(i for i, one in enumerate(order) if one.t_us >= last * 1e6 and not delivery.is_resent(one))
        behind = [one for one in order[first_live:] if delivery.is_resent(one) and one.t_us < last * 1e6]
        assert behind


def test_the_orders_were_answered_and_one_was_lost_with_the_line() -> None:
    run = on(MINUTES)
    nonces = {one.fields.get("nonce") for one in run.heard}
    asked = {order[2]["nonce"]: order[0] for order in cut_minutes.ORDERS}
    lost = {nonce for nonce, second in asked.items() if any(a <= second < b for a, b in cut_minutes.CUTS)}
    assert len(lost) == 1
    assert nonces & set(asked) == set(asked) - lost
    assert next(t_us for t_us, pin, level in run.pins if pin == "buzzer" and level) == pytest.approx(280e6, abs=1e6)
    assert run.refused == 0
