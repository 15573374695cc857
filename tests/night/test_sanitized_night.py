"""An hour of a night in the firmware built with address and undefined-behaviour sanitizers: they find nothing."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from hw_sim.evening import start_utc_us
from hw_sim.rig import run_night

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
HOURS = 1.0
ALARM_AFTER_S = 3_400
DATE = datetime.date(2026, 1, 5)


def test_sanitizers_are_silent_for_an_hour(tmp_path: Path) -> None:
    runs = {}
    for target in ("host", "sanitized"):
        out = tmp_path / target
        out.mkdir()
        alarm_utc_us = start_utc_us(DATE, "UTC") + ALARM_AFTER_S * 1_000_000
        night = run_night("single", out=out, seed=3, hours=HOURS, target=target, date=DATE, alarm_utc_us=alarm_utc_us)
        runs[target] = night.run
        assert any(level for _, level in night.truth["pins"]["buzzer"])
    assert runs["sanitized"]["link"]["digest"] == runs["host"]["link"]["digest"]
    assert runs["sanitized"]["edge"]["streaming_s"] > 2_000
