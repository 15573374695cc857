"""The table of the night, one line per 30-s epoch. Rule: an empty cell is unknown, and the reason says why."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from cloud.epochs import epochs
from cloud.night import iso, load

HEADER = "utc epoch stage p_wake p_light p_deep p_rem respiration_rate_per_min movement confidence reason"


def write(db: Path, path: Path) -> None:
    """Write the stored night `db` to `path`. Raises StoreError (no store) or OSError (no such folder)."""
    table = epochs(load(db))
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(HEADER.split())
        for i, utc_us in enumerate(table.utc_us):
            why = f"; breathing: {table.reason[i]}" if table.reason[i] else ""
            values = table.rate_per_min[i], table.movement[i], table.confidence[i]
            cells = [f"{v:.2f}" if np.isfinite(v) else "" for v in values]
            out.writerow([iso(int(utc_us)), i, "unknown", "", "", "", "", *cells, f"no model{why}"])
