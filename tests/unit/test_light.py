"""The sunrise: dark before, even to the eye, full at the end, and awake only when something changes."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core import load

_, lib = load()
FULL, END_US = lib.SW_LIGHT_FULL, 100_000_000_000
NEVER = 2**64 - 1


def duty(before_end_s: float, sunrise_s: int) -> int:
    return int(lib.sw_light_duty(END_US - round(before_end_s * 1e6), END_US, sunrise_s))


def test_it_is_dark_before_and_full_at_the_end_and_after() -> None:
    assert [duty(s, 300) for s in (5000, 300.000001, 300, 0, -1, -5000)] == [0, 0, 0, FULL, FULL, FULL]


@pytest.mark.parametrize("sunrise_s", [1, 60, 1800, 65535])
def test_perceived_brightness_rises_evenly(sunrise_s: int) -> None:
    left = np.linspace(1, 0, 401)
    seen = np.cbrt([duty(s * sunrise_s, sunrise_s) / FULL for s in left])
    assert np.abs(seen - (1 - left)).max() < 0.03  # two roundings of a small duty
    assert np.all(np.diff(seen) >= 0)


def test_none_is_asked_for_none_is_given() -> None:
    assert [duty(s, 0) for s in (10, 0, -10)] == [0, 0, 0]
    assert lib.sw_light_next(0, END_US, 0) == NEVER


def test_it_is_looked_at_from_its_start_to_its_end() -> None:
    at, seen = 0, []
    while (at := lib.sw_light_next(at, END_US, 3)) != NEVER:
        seen.append(END_US - at)
    assert seen == [3_000_000, 2_000_000, 1_000_000, 0]


def test_without_a_deadline_there_is_no_sunrise() -> None:
    assert (lib.sw_light_next(5, NEVER, 300), lib.sw_light_duty(5, NEVER, 300)) == (NEVER, 0)
