"""kill -9 of the cloud at random moments: the morning is the same, key by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.kill_nine import comparable, complaints, differences, moments

pytestmark = pytest.mark.hil


def test_four_kills_change_nothing(tmp_path: Path) -> None:
    _, wrong = complaints(tmp_path, seed=1, hours=0.12, n=4)
    assert wrong == []


@pytest.mark.slow
def test_twenty_kills_of_an_hour_change_nothing(tmp_path: Path) -> None:
    _, wrong = complaints(tmp_path, seed=2, hours=1.0, n=20)
    assert wrong == []


@pytest.mark.slow
def test_a_process_that_stays_away_longer_is_noticed(tmp_path: Path) -> None:
    _, minute = complaints(tmp_path, seed=1, hours=0.12, n=2, dead_us=(60_000_000, 60_000_001))
    assert any("host has not been heard" in one for one in minute) and not any("packets_lost" in one for one in minute)
    _, minutes = complaints(tmp_path, seed=1, hours=0.12, n=1, dead_us=(150_000_000, 150_000_001))
    assert not any("packets_lost" in one for one in minutes)  # the device keeps a day


def test_every_kill_is_followed_by_a_start_within_ten_seconds_and_before_the_next() -> None:
    found = moments(20, 1000.0, 3)
    assert len(found) == 20 and sum(one.within_s is not None for one in found) == 10
    assert all(1_000_000 <= one.back_us - one.at_us <= 10_000_000 for one in found)
    assert all(one.back_us < following.at_us for one, following in zip(found, found[1:], strict=False))


def test_too_many_kills_are_refused() -> None:
    with pytest.raises(ValueError, match="20 kills in 200 s"):
        moments(20, 200.0, 1)


def test_what_differs_is_named() -> None:
    calm = {"edge": {"frames": 1, "bytes_replied": 5}, "link": {"digest": "a"}, "sleep": {"tst_min": 4}, "wall_s": 1.0}
    killed = {
        "edge": {"frames": 1, "bytes_replied": 9},
        "link": {"digest": "b"},
        "sleep": {"tst_min": 5},
        "wall_s": 2.0,
    }
    assert differences(comparable(calm), comparable(calm)) == []
    assert differences(comparable(calm), comparable(killed)) == ["sleep.tst_min: 4 undisturbed, 5 with kills"]
