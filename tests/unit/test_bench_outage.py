"""What the outage bench calls wrong, and how it counts."""

from __future__ import annotations

from dataclasses import replace

from bench.outage import HEAD, Outcome

GOOD = Outcome(460_800, 7000, 7000, 20, 0.9, 0.8, 1800, 4.5, 4.3, 4.2)


def test_a_good_outage_has_nothing_wrong() -> None:
    assert GOOD.wrong() == []
    assert len(GOOD.row()) == len(HEAD)


def test_each_promise_is_checked() -> None:
    bad = replace(GOOD, stored=6999, copies=71, latency_s=2.0, drain_s=5.8)
    assert bad.wrong() == [
        "460800 baud: 1 of 7000 packets did not arrive",
        "460800 baud: 71 of 7000 packets came twice",
        "460800 baud: a live packet took 2.00 s",
        "460800 baud: backlog in 5.8 s, the line needs 4.2 s",
    ]
