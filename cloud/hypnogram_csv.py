"""The table of the night, one line per 30-s epoch. Rule: an empty cell is unknown, and the reason says why."""

from __future__ import annotations

import csv
from pathlib import Path

from cloud.night import iso
from cloud.nights import load
from cloud.observations import Epoch
from cloud.sleep_metrics import STAGES

HEADER = "utc epoch stage p_wake p_light p_deep p_rem respiration_rate_per_min movement confidence reason"


def write(db: Path, path: Path, number: int | None = None) -> None:
    """Write the stored night `db` to `path`. Raises StoreError (no store) or OSError (no such folder)."""
    night = load(db, number)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(HEADER.split())
        for i, epoch in enumerate(night.epochs):
            out.writerow([iso(epoch.utc_us), i, *_cells(epoch)])


def _cells(epoch: Epoch) -> list[str]:
    """Stage to reason; where all is known the reason is empty, except for time out of bed."""
    stage = "unknown" if epoch.stage is None else STAGES[epoch.stage]
    p = (epoch.p_wake, epoch.p_light, epoch.p_deep, epoch.p_rem)
    measured = (epoch.respiration_rate_per_min, epoch.movement, epoch.confidence)
    cells = [f"{v:.4f}" if v is not None else "" for v in p] + [f"{v:.2f}" if v is not None else "" for v in measured]
    told = "" in cells or epoch.occupied == "away"
    return [stage, *cells, epoch.reason if told else ""]
