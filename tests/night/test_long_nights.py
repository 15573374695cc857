"""Whole nights by the command line: what a night must show, judged by report.json alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from front.env import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
HOURS, RATE_HZ = 8, 20
GIGABYTE_KB = 1_000_000
PEAK = """
import pathlib, resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""
"""Runs a command and writes the memory of the largest process in it: a child of the tests themselves would show their own."""


def night(scenario: str, out: Path) -> dict[str, Any]:
    """report.json of `stillwave night`, which must be what the command prints."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(out.with_suffix(".peak"))]
        + [sys.executable, str(ROOT / "stillwave.py"), "night", scenario, "--hours", str(HOURS), "--seed", "1"]
        + ["--out", str(out), "--json"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((out / "report.json").read_text("utf-8"))
    assert json.loads(done.stdout) == found
    return found | {"peak_kb": int(out.with_suffix(".peak").read_text())}


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return night("single", tmp_path_factory.mktemp("single"))


@pytest.fixture(scope="module")
def even(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A sleeper without stages: even breathing, movements at a steady rate."""
    return night("arrival", tmp_path_factory.mktemp("arrival"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return night("empty", tmp_path_factory.mktemp("empty"))


def test_no_frame_is_skipped(single: dict[str, Any], empty: dict[str, Any]) -> None:
    assert single["edge"]["frames"] == empty["edge"]["frames"] == HOURS * 3600 * RATE_HZ
    assert single["edge"]["overflows"] == single["link"]["packets_lost"] == 0


def test_the_rate_is_the_sleepers(even: dict[str, Any], figures: Callable[[str, dict[str, float]], None]) -> None:
    found = even["respiration"]
    figures("eight hours of one sleeper", {name: value for name, value in found.items() if value is not None})
    assert found["mae_per_min"] <= 0.25 and found["coverage"] >= 0.90


def test_waking_makes_the_rate_harder(single: dict[str, Any], figures: Callable[[str, dict[str, float]], None]) -> None:
    """A night nearly half awake: who lies awake breathes unevenly and moves."""
    found = single["respiration"]
    figures("eight hours, half of them awake", {name: value for name, value in found.items() if value is not None})
    assert single["truth"]["waso_min"] > 120
    assert found["mae_per_min"] <= 0.35 and found["coverage"] >= 0.85


def test_the_chest_is_followed(single: dict[str, Any], even: dict[str, Any]) -> None:
    assert single["respiration"]["displacement_relative"] <= 0.25
    assert even["respiration"]["displacement_relative"] <= 0.25


def test_movements_are_streamed(single: dict[str, Any]) -> None:
    assert single["presence"]["recall_moving"] >= 0.98
    assert single["edge"]["bytes_unsolicited_while_silent"] == 0


def test_an_empty_room_is_silent(empty: dict[str, Any]) -> None:
    assert empty["edge"]["bytes_unsolicited_while_silent"] == empty["edge"]["streaming_s"] == 0


def test_memory_stays_small(single: dict[str, Any]) -> None:
    """Of the largest process, kB."""
    assert 50_000 < single["peak_kb"] < GIGABYTE_KB
