"""Faults of antennas, mixers, converter and the air between (part `scene`).

Rule: see row.py. Fields are hw_sim.radio_faults.RadioFaults, and `fades_db`.
"""

from __future__ import annotations

from hw_sim.fault_kinds import count, frequency, quantity
from hw_sim.fault_rows.row import Row

UNKNOWN = "goes on; what it cannot trust is unknown, with this reason"

ROWS: tuple[Row, ...] = (
    Row(
        "gain-high", quantity("dB", 3, 40, 30), "scene", lambda db: {"gain_db": db},
        "SATURATED", "all receivers amplify so much more; the converter clips", "an IF gain of 48 to 60 dB in the list",
        UNKNOWN, "users with gains of 48 to 60 dB",
    ),
    Row(
        "near-object", quantity("m", 0.04, 0.4, 0.08), "scene", lambda m: {"near_m": m},
        "LEAKAGE", "a metal plate of 0.05 m² stands so far in front of the device", "a lamp, a phone, a glass of water",
        "goes on; up to 6 cm the converter clips and breathing is unknown (`SATURATED`), from 20 cm on it is one more "
        "still echo", "users with near objects",
    ),
    Row(
        "leakage", quantity("dB", 3, 40, 15), "scene", lambda db: {"leakage_db": db},
        "LEAKAGE", "so much more of the transmitted signal gets straight into the receivers",
        "a housing with the wrong thickness or distance", "goes on", "vendor's article on bins 0 to 2",
    ),
    Row(
        "adc-offset", quantity("counts", -1800, 1800, 500), "scene", lambda counts: {"offset_counts": counts},
        "ADC_OFFSET", "the converters' middle is off by so many counts", "a broken or hot base band", "goes on",
        "users who subtract it",
    ),
    Row(
        "antenna-dead", count(1, 3, 2), "scene", lambda number: {"dead": int(number)},
        "ANTENNA_DEAD", "this antenna receives neither echo nor leakage nor noise but its converter's",
        "a damaged input, a solder joint", UNKNOWN, "users of one antenna",
    ),
    Row(
        "antenna-mismatch", quantity("deg", 5, 180, 60), "scene", lambda deg: {"mismatch_deg": deg},
        "ANTENNA_MISMATCH",
        "within a minute all that RX2 receives, leakage too, turns by so much and loses 1 dB for each 20 degrees of it",
        "ageing, moisture, a bent cover", "goes on; the direction is unknown, with this reason",
        "gain and phase calibration of any array",
    ),
    Row(
        "first-chirp", quantity("counts", -1500, 1500, 400), "scene", lambda counts: {"first_chirp_counts": counts},
        "FIRST_CHIRP", "the first chirp of each frame begins so far off and settles with 20 us",
        "too short a wake-up time in the list", "goes on", "register lists with short TR_INIT",
    ),
    Row(
        "ramp-bent", quantity("%", -10, 10, 3), "scene", lambda pct: {"bend_pct": pct},
        "", "in its middle the sweep leaves the straight line by so much of its width",
        "a PLL whose loop is too slow for the slope",
        "goes on: leakage is too near to show it, and echoes smear over some bins as wide bodies do; rates stay right",
    ),
    Row(
        "pll-unlocked", None, "scene", lambda _: {"unlocked": True},
        "RAMP", "the transmitter stays at one frequency: no echo has a range", "a PLL that lost its lock", UNKNOWN,
    ),
    Row(
        "gain-drift", quantity("C", -60, 80, 50), "scene", lambda c: {"warm_c": c},
        "", "within a minute receivers and converter drift as if hotter by so much: -0.05 dB and 0.4 counts a degree",
        "the sun on the housing", "goes on", "an assumption",
    ),
    Row(
        "interferer", quantity("dBm", -110, -20, -50), "scene", lambda dbm: {"interferer_dbm": dbm},
        "INTERFERENCE", "another radar sweeps the band, so strong at the antennas: bursts in some chirps",
        "a second device in the room or behind the wall", UNKNOWN, "FMCW cross-interference, closed form",
    ),
    Row(
        "supply-ripple", frequency(10e3, 900e3, 150e3), "scene", lambda hz: {"ripple_hz": hz},
        "SUPPLY_RIPPLE", "a tone of 12 counts at this frequency is in all antennas",
        "a switching converter without a filter behind it", UNKNOWN, "datasheet's limit of 20 uV",
    ),
    Row(
        "fades", quantity("dB", 3, 40, 20), "scene", lambda db: {"fades_db": db},
        "", "every 4 to 12 s the user's echo nearly cancels for a second, and its phase jumps",
        "somebody who sits", "breathing is unknown for want of quality", "forum thread on phase spikes",
    ),
)  # fmt: skip
