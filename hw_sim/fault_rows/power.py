"""What happens to the whole device: its supply, its reset pin.

Rule: see row.py. Everything here happens once; fields name an act of hw_sim.fault_player, or a time of hw_sim.board.Faults.
"""

from __future__ import annotations

from hw_sim.fault_rows.row import Row

ROWS = (
    Row(
        "power-cycle", None, "power", lambda _: {"act": "power_cycle"},
        "", "power off and on: memory is gone, flash and clock stay", "a plug pulled",
        "boots; HEALTH has the cause; the alarm is as it was", "users", once=True,
    ),
    Row(
        "power-lost", None, "power", lambda _: {"act": "power_lost"},
        "CLOCK_POWER_LOST", "the same, and the clock chip loses its time", "a plug pulled, the back-up battery flat",
        "boots with its clock unknown until a host says the time", "users", once=True,
    ),
    Row(
        "power-dip", None, "power", lambda _: {"dip_at_us": 0},
        "POWER_DIP", "the supply dips: the processor starts anew, the radar chip goes on", "a charger, a long cable",
        "boots; says why", "users", once=True,
    ),
    Row(
        "device-reset", None, "power", lambda _: {"act": "device_reset"},
        "", "the processor's reset pin; the radar chip goes on", "a debugger, a finger", "boots; HEALTH has the cause",
        "users", once=True,
    ),
)  # fmt: skip
