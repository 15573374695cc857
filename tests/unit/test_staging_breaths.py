"""Breaths from waveforms whose breaths are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.staging.breaths import KEEP_S, Breaths, listen


def sine(rate_per_min: float, seconds: int, um: float = 2000) -> list[int | None]:
    t_s = np.arange(10 * seconds) / 10
    return [int(round(x)) for x in um * np.sin(2 * np.pi * rate_per_min / 60 * t_s)]


def heard(wave: list[int | None], chunk: int = 300) -> Breaths:
    state = Breaths()
    for first in range(0, len(wave), chunk):
        listen(state, wave[first : first + chunk], first / 10)
    return state


@pytest.mark.parametrize("rate", [8.0, 14.3, 24.0])
def test_intervals_and_depths_of_a_sine(rate: float) -> None:
    found = np.array(heard(sine(rate, 120)).breaths)
    assert found[1:, 1] == pytest.approx(60 / rate, abs=0.01)
    assert found[1:, 2] == pytest.approx(4000, rel=0.06)  # the sample before the crest


def test_cuts_between_epochs_leave_no_trace() -> None:
    wave = sine(13.0, 120)
    assert heard(wave, 300).breaths == pytest.approx(np.array(heard(wave, 1200).breaths))


def test_a_hole_takes_the_breaths_that_touch_it_and_no_others() -> None:
    wave = sine(15.0, 120)  # a breath every 4 s
    holed = wave[:500] + [None] * 30 + wave[530:]
    ends = [breath[0] for breath in heard(wave).breaths]
    lost = sorted(set(np.round(ends, 3)) - {round(breath[0], 3) for breath in heard(holed).breaths})
    assert lost == pytest.approx([52.0, 56.0])  # one runs into the hole, one out of it


def test_ripples_on_a_breath_are_no_breaths() -> None:
    ripple = [
        int(um + 300 * np.sin(2 * np.pi * 1.1 * i / 10)) for i, um in enumerate(sine(12.0, 120)) if um is not None
    ]
    assert np.array(heard(list(ripple)).breaths)[1:, 1] == pytest.approx(5.0, abs=0.5)


def test_only_ten_minutes_are_kept() -> None:
    found = heard(sine(15.0, 1200)).breaths
    assert found[0][0] > 1200 - KEEP_S
    assert len(found) == pytest.approx(KEEP_S / 4, abs=2)


def test_silence_is_no_breath() -> None:
    assert heard([0] * 600).breaths == []


def test_a_ripple_that_stays_at_one_height_ends_nothing() -> None:
    wave = sine(12.0, 60)
    early = [*wave[:504], -1500, 200, 200, 200, *wave[508:]]  # a breath begins at 50.0 s
    assert heard(list(early)).breaths[:9] == heard(wave).breaths[:9]


@given(st.lists(st.one_of(st.none(), st.sampled_from([-9, 0, 7]), st.integers(-32768, 32767)), max_size=700))
def test_whatever_comes_breaths_are_breaths(wave: list[int | None]) -> None:
    for end_s, interval_s, depth_um in heard(wave).breaths:
        assert 1.4 <= interval_s <= 12.0
        assert 0 < depth_um <= 65535
        assert 0 <= end_s <= 70
