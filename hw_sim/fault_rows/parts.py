"""Faults of flash, clock, sensors, button, entropy (part `parts`).

Rule: see row.py.
"""

from __future__ import annotations

from hw_sim.fault_rows.row import Row

ROWS: tuple[Row, ...] = ()
