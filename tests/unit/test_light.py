"""The sunrise: dark before, even to the eye, from red to warm white, and awake only when something changes."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core import load

_, lib = load()
FULL, END_US = lib.SW_LIGHT_FULL, 100_000_000_000
NEVER = 2**64 - 1
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])  # of luminance, ITU-R BT.709
FIRST, LAST = np.array([1, 0.06, 0]), np.array([1, 0.55, 0.25])
"""Colour of the first and of the last moment, per red."""


def mixed(gone: int) -> tuple[int, int, int]:
    colour = lib.sw_light_mix(gone)
    return colour.red, colour.green, colour.blue


def at(before_end_s: float, sunrise_s: int) -> tuple[int, int, int]:
    colour = lib.sw_light_at(END_US - round(before_end_s * 1e6), END_US, sunrise_s)
    return colour.red, colour.green, colour.blue


ALL = np.array([mixed(gone) for gone in range(FULL + 1)])


def test_it_is_dark_before_and_warm_white_at_the_end_and_after() -> None:
    dark, last = (0, 0, 0), mixed(FULL)
    assert [at(s, 300) for s in (5000, 300.000001, 300, 0, -1, -5000)] == [dark, dark, dark, last, last, last]
    assert np.abs(np.array(last) / FULL - LAST).max() < 0.001


def test_perceived_brightness_rises_evenly() -> None:
    """Lightness is the cube root of luminance: it is in proportion to the time gone."""
    seen = np.cbrt(ALL @ WEIGHTS / (LAST @ WEIGHTS * FULL))
    gone = np.arange(FULL + 1) / FULL
    assert np.abs(seen - gone).max() < 0.03 and np.abs(seen - gone)[FULL // 5 :].max() < 0.001


def test_each_colour_only_rises() -> None:
    assert np.all(np.diff(ALL, axis=0) >= 0)


def test_the_colour_is_that_of_the_closed_form() -> None:
    gone = np.arange(FULL // 4, FULL + 1) / FULL
    green, blue = 0.06 + 0.49 * gone, 0.25 * gone**2
    red = FULL * gone**3 * (LAST @ WEIGHTS) / (0.2126 + 0.7152 * green + 0.0722 * blue)
    expected = np.stack([red, red * green, red * blue], axis=1)
    assert np.abs(ALL[FULL // 4 :] - expected).max() < 6


def test_it_goes_from_deep_red_by_orange_to_warm_white() -> None:
    early, middle = (ALL[round(share * FULL)] / ALL[round(share * FULL), 0] for share in (0.2, 0.5))
    assert early[1] < 0.17 and early[2] < 0.02
    assert 0.25 < middle[1] < 0.35 and middle[2] < 0.08


@pytest.mark.parametrize("sunrise_s", [1, 60, 1800, 65535])
def test_the_time_gone_is_in_proportion(sunrise_s: int) -> None:
    assert [at(sunrise_s * left, sunrise_s) for left in (0.75, 0.5, 0.25)] == [
        mixed(FULL - round(left * 1e6 * sunrise_s) * FULL // (1_000_000 * sunrise_s)) for left in (0.75, 0.5, 0.25)
    ]


def test_none_is_asked_for_none_is_given() -> None:
    assert [at(s, 0) for s in (10, 0, -10)] == [(0, 0, 0)] * 3
    assert lib.sw_light_next(0, END_US, 0) == NEVER


def test_it_is_looked_at_from_its_start_to_its_end() -> None:
    at_us, seen = 0, []
    while (at_us := lib.sw_light_next(at_us, END_US, 3)) != NEVER:
        seen.append(END_US - at_us)
    assert seen == [3_000_000, 2_000_000, 1_000_000, 0]


def test_without_a_deadline_there_is_no_sunrise() -> None:
    assert (lib.sw_light_next(5, NEVER, 300), lib.sw_light_at(5, NEVER, 300).red) == (NEVER, 0)
