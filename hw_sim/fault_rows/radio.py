"""Faults of antennas, mixers, converter and the air between (part `scene`).

Rule: see row.py.
"""

from __future__ import annotations

from hw_sim.fault_rows.row import Row

ROWS: tuple[Row, ...] = ()
