"""Which numbers of a room are possible.

Rule: as in scenario_checks.py: (key, holds, what was expected).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hw_sim.scenario_table import Table

if TYPE_CHECKING:
    from hw_sim.scenario import Scenario

Bounds = dict[str, tuple[float, float]]

FANS: Final[Bounds] = {
    "distance_m": (0.3, 10),
    "azimuth_deg": (-180, 180),
    "height_m": (-3, 4),
    "turns_per_s": (0.2, 40),
    "blades": (2, 8),
    "radius_m": (0.05, 1.0),
    "swing_deg": (0, 90),
    "swing_s": (4, 60),
    "rcs_m2": (1e-6, 1),
}
DRAUGHTS: Final[Bounds] = {
    "distance_m": (0.3, 10),
    "azimuth_deg": (-180, 180),
    "width_m": (0.1, 5),
    "drop_m": (0.3, 4),
    "draught_mm": (0, 50),
    "gusts_per_hour": (0, 600),
    "gust_mm": (0, 400),
    "rcs_m2": (1e-6, 1),
}
WALLS: Final[Bounds] = {
    "azimuth_deg": (-180, 180),
    "distance_m": (0.2, 10),
    "elevation_deg": (-90, 90),
    "extra_loss_db": (0, 40),
}
RADARS: Final[Bounds] = {
    "distance_m": (0.1, 30),
    "azimuth_deg": (-180, 180),
    "elevation_deg": (-90, 90),
    "start_ghz": (55, 66),
    "sweep_ghz": (-8, 8),
    "sweep_us": (5, 10_000),
    "chirp_us": (10, 20_000),
    "chirps": (1, 4096),
    "frames_per_s": (0.1, 1000),
    "clock_ppm": (-200, 200),
    "eirp_dbm": (-30, 40),
    "aim_db": (-60, 0),
    "from_s": (0, 172_800),
    "to_s": (0, 172_800),
}
CHARGERS: Final[Bounds] = {
    "khz": (5, 900),
    "counts": (0, 500),
    "harmonics": (1, 4),
    "jitter_pct": (0, 10),
    "jitter_hz": (0.1, 5000),
    "from_s": (0, 172_800),
    "to_s": (0, 172_800),
}
CORNER: Final[Bounds] = {
    "distance_m": (0.1, 10),
    "azimuth_deg": (-80, 80),
    "elevation_deg": (-80, 80),
    "edge_m": (0.01, 0.5),
    "from_s": (0, 172_800),
    "to_s": (0, 172_800),
}
ANTENNAS: Final[Bounds] = {
    "gain_db": (0, 12),
    "phase_deg": (0, 180),
    "squint_deg": (0, 30),
    "skew": (0, 0.5),
    "leakage_db": (0, 20),
}
FRONT_END: Final[Bounds] = {
    "noise_shape_db": (0, 6),
    "flicker_khz": (0, 200),
    "first_chirp_counts": (-2000, 2000),
    "first_chirp_us": (1, 1000),
    "ramp_bend_pct": (-20, 20),
    "offset_counts": (-2000, 2000),
}
_MOST: Final = {"fans": 4, "draughts": 4, "walls": 3, "radars": 4, "chargers": 4}


def room_checks(scenario: Scenario) -> list[tuple[str, bool, str]]:
    """(key, holds, what was expected) of everything that is no body."""
    found: list[tuple[str, bool, str]] = []
    many = {"fans": FANS, "draughts": DRAUGHTS, "walls": WALLS, "radars": RADARS, "chargers": CHARGERS}
    for name, bounds in many.items():
        parts: dict[str, Table] = getattr(scenario, name)
        found.append((name, len(parts) <= _MOST[name], f"at most {_MOST[name]}"))
        for key, part in parts.items():
            found += _within(f"{name}.{key}", part, bounds)
    for name, bounds in (("antennas", ANTENNAS), ("front_end", FRONT_END), ("corner", CORNER)):
        if getattr(scenario, name) is not None:
            found += _within(name, getattr(scenario, name), bounds)
    for name, radar in scenario.radars.items():
        fits = radar.sweep_us <= radar.chirp_us and radar.chirps * radar.chirp_us * 1e-6 * radar.frames_per_s <= 1
        found.append((f"radars.{name}.chirp_us", fits, "sweeps that fit into chirps, and chirps into frames"))
    return found


def _within(key: str, part: Table, bounds: Bounds) -> list[tuple[str, bool, str]]:
    found = []
    for name, (low, high) in bounds.items():
        value = getattr(part, name)
        found.append((f"{key}.{name}", value is None or low <= value <= high, f"{low:g} to {high:g}"))
    from_s, to_s = getattr(part, "from_s", None), getattr(part, "to_s", None)
    found.append((f"{key}.to_s", to_s is None or to_s >= (from_s or 0) + 2, "2 s or more after from_s"))
    return found
