"""Evidence for who is measured: couple, pet, bathroom, reading, against the simulator's truth.

Rule: what opens and closes a session is read from the store, where the live process wrote it; truth comes from
truth.json beside it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.tables import Report, figure, stillwave, table

#: Scenes and seeds, fixed before they were run.
SCENES = ("couple", "couple-last", "partner-alone", "pet", "bathroom", "reading", "restless")
SEEDS = (1, 2)
SECOND_US = 1_000_000
HEAD = ["night", "sessions", "opened after lying down, s", "absences: leaving, return, s off", "lights-out off, min",
        "epochs right, unknown, partner's", "streamed with nobody, s"]  # fmt: skip


def section(work: Path, hours: str, seeds: Sequence[int] = SEEDS) -> str:
    """The table of all scenes."""
    rows = []
    for scene in SCENES:
        for seed in seeds:
            name = f"{scene}-{seed}-{hours}"
            report = stillwave(work, name, "night", scene, "--seed", str(seed), "--hours", hours)
            rows.append(_row(f"{scene}, seed {seed}", work / name, report))
    return table(HEAD, rows)


def _row(label: str, folder: Path, report: Report) -> list[str]:
    truth = json.loads((folder / "truth.json").read_text())
    sessions = _opened(folder / "night.sqlite")
    lay_us = truth["in_bed_utc_us"]
    after = "–" if lay_us is None or not sessions else figure((sessions[0] - lay_us) / SECOND_US, 0)
    user = report["primary_user"]
    return [
        label,
        str(len(sessions)),
        after,
        _absences(truth["absences"], report["session"]["absences"]),
        _minutes(report["session"].get("trying_to_sleep_error_s")),
        f"{user['right']} of {user['epochs']}, {user['unknown']}, {user['partner_taken_for_user']}",
        str(_streamed_alone(folder / "night.sqlite", truth)),
    ]


def _opened(db: Path) -> list[int]:
    """When each session opened, us UTC."""
    connection = sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return [one for (one,) in connection.execute("SELECT opened_utc_us FROM sessions ORDER BY 1")]
    finally:
        connection.close()


def _absences(true: list[list[int]], found: list[dict[str, Any]] | None) -> str:
    """Seconds that each true absence is told too late (+) or too early, at both ends; `missed` when none is near."""
    told = [(_us(one["from_utc"]), _us(one["to_utc"])) for one in found or []]
    texts = []
    for leaves_us, returns_us in true:
        near = [one for one in told if one[0] < returns_us and one[1] > leaves_us]
        if not near:
            texts.append("missed")
            continue
        from_us, to_us = near[0]
        texts.append(f"{(from_us - leaves_us) / SECOND_US:+.0f}, {(to_us - returns_us) / SECOND_US:+.0f}")
    extra = len(told) - sum(text != "missed" for text in texts)
    return "; ".join(texts + ([f"{extra} too many"] if extra else [])) or "–"


def _us(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e6)


def _minutes(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / 60:+.1f}"


def _streamed_alone(db: Path, truth: dict[str, Any]) -> int:
    """Packets of seconds in which no person was in the zone, from 30 s after the last one left."""
    connection = sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)
    try:
        seconds = [(us - truth["t0_utc_us"]) // SECOND_US for (us,) in connection.execute("SELECT utc_us FROM vitals")]
    finally:
        connection.close()
    inside = truth["person_in_zone"]
    return sum(not any(inside[max(0, s - 30) : s + 1]) for s in seconds if 0 <= s < len(inside))
