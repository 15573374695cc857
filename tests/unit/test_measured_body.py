"""What counts as an abrupt change of the body that is measured."""

from __future__ import annotations

import pytest

from cloud.body import Body, add, change, restart
from cloud.observations import Vitals

BLANK = {**dict.fromkeys(Vitals._fields, 0), "respiration_validity": 0.9, "respiration_reason": ""}


def second(**changes: object) -> Vitals:
    usual = {"distance_mm": 600.0, "azimuth_deg": 5.0, "respiration_rate_per_min": 14.0, "quality_breathing": 0.9}
    return Vitals(**{**BLANK, **usual, **changes})  # type: ignore[arg-type]


def body_of(*spans: tuple[int, Vitals]) -> Body:
    body, utc_us = Body(), 1_000_000
    for n, seen in spans:
        for _ in range(n):
            add(body, seen, utc_us)
            utc_us += 1_000_000
    return body


@pytest.mark.parametrize(
    ("n", "changes", "expected"),
    [
        (3, {"distance_mm": 950.0}, "distance changed"),
        (2, {"distance_mm": 950.0}, ""),
        (5, {"distance_mm": 850.0}, ""),
        (3, {"azimuth_deg": -40.0}, "direction changed"),
        (11, {"respiration_rate_per_min": 22.0}, "breathing changed"),
        (9, {"respiration_rate_per_min": 22.0}, ""),
        (60, {"respiration_rate_per_min": 19.0}, ""),
        (10, {"quality_breathing": 0.1}, "signal quality changed"),
        (9, {"quality_breathing": 0.1}, ""),
        (20, {"quality_breathing": 0.0, "moving": 1}, ""),
        (20, {"quality_breathing": 0.0, "respiration_reason": "starting: not enough signal yet"}, ""),
        (20, {"distance_mm": None, "azimuth_deg": None, "respiration_validity": 0.0}, ""),
    ],
)
def test_a_change_needs_several_seconds(n: int, changes: dict[str, object], expected: str) -> None:
    assert change(body_of((60, second()), (n, second(**changes)))) == expected


def test_seconds_that_are_few_cannot_change() -> None:
    assert change(body_of((11, second()), (3, second(distance_mm=2000.0)))) == ""


def test_after_a_change_only_the_newest_seconds_count() -> None:
    body = body_of((40, second()), (5, second(distance_mm=950.0)))
    restart(body, 99)
    assert body == Body(99, 5, [950.0] * 5, [5.0] * 5, [], [])
    assert change(body) == ""


def test_rates_that_come_now_and_then_are_no_evidence() -> None:
    weak = second(respiration_validity=0.0, respiration_reason="breathing signal too weak or irregular")
    body = body_of(*[(2, second()), (1, weak)] * 20, *[(1, second()), (3, weak)] * 20)
    assert body.rate_per_min == []


def test_a_movement_takes_no_evidence_away() -> None:
    moving = second(respiration_validity=0.0, respiration_reason="moving", moving=1)
    assert len(body_of((40, second()), (100, moving)).rate_per_min) == 40
