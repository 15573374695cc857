"""A night in which the line was cut for minutes ends with the conclusions of one in which all came in time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud import report
from hw_sim.lockstep import HostProcess
from hw_sim.night_run import run
from hw_sim.rig import Rig

MINUTE_US = 60_000_000
#: What an outage changes for ever: what the line and the device counted, and the fault that the device told.
OF_THE_LINE = ("wall_s", "edge", "link", "faults", "alarm")
TABLES = ("epochs", "user", "occupancy", "sessions", "absences", "intents")


def uncut(rig: Rig, host: HostProcess) -> None:
    """Nothing befalls the line."""


def cut(rig: Rig, host: HostProcess) -> None:
    """From the tenth to the eighteenth minute."""
    rig.at(10 * MINUTE_US, lambda: rig.cut_line(True))
    rig.at(18 * MINUTE_US, lambda: rig.cut_line(False))


def night(out: Path, levers: Callable[[Rig, HostProcess], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Report and tables."""
    out.mkdir()
    made = run("single", out=out, seed=3, hours=0.45, levers=levers)
    with sqlite3.connect(made.db) as db:
        tables = {name: db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in TABLES}
    return report.build(made.db, made.truth, made.run), tables


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    work = tmp_path_factory.mktemp("made_good")
    return [night(work / name, levers) for name, levers in (("uncut", uncut), ("cut", cut))]


def test_the_line_was_cut_while_somebody_slept(nights: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    made, tables = nights[1]
    (session,), began_us = tables["sessions"], tables["epochs"][0][0]
    assert [one["reason"] for one in made["faults"]] == ["host has not been heard"]
    assert session[0] < began_us + 10 * MINUTE_US and session[2] > began_us + 18 * MINUTE_US


def test_the_tables_of_conclusions_are_the_same(nights: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    assert nights[1][1] == nights[0][1]


def test_the_report_is_the_same_but_for_the_line(nights: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    calm, disturbed = ({k: v for k, v in one.items() if k not in OF_THE_LINE} for one, _ in nights)
    assert {k: v for k, v in disturbed["reasons"].items() if not k.startswith(OF_THE_LINE)} == {
        k: v for k, v in calm["reasons"].items() if not k.startswith(OF_THE_LINE)
    }
    assert {**disturbed, "reasons": None} == {**calm, "reasons": None}
