"""Direction errors with antennas that differ from board to board, without and with calibration, as a Markdown table.

`python -m bench.calibration [SEEDS]`. Every seed is a board: gains and phases of its antennas are drawn by the simulator.
The board is calibrated as by a user, in an empty room with a corner reflector straight ahead; then a breathing sphere is
looked at from several angles, by a device with that flash and by one without.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.firmware import open_flash
from hw_sim.rig import Rig
from hw_sim.scenario import decode_scenario
from hw_sim.scene import Scene
from wire import codec, packet, table, values

SPREAD = {"gain_db": 2.0, "phase_deg": 40.0}
"""Of each antenna, evenly to either side: an assumption."""
ANGLES_DEG = ((0.0, 0.0), (20.0, 0.0), (-35.0, 0.0), (10.0, 15.0), (-20.0, -20.0))
CORNER = {"distance_m": 1.0, "from_s": 34.0}
SPHERE = {"distance_m": 0.8, "diameter_m": 0.1, "amplitude_mm": 3.0}
WAIT_S, LOOK_S = 25, 30
ERASED = open_flash()


def scene(seed: int, duration_s: float, **parts: Any) -> Scene:
    """A still room in front of the board of this seed, and these parts."""
    clutter = {"wall": {"at_m": [0.2, 2.6, 0.1], "rcs_m2": 0.3}}
    given = {"description": "bench", "antennas": SPREAD, "clutter": clutter, **parts}
    return Scene(decode_scenario(given, "bench"), seed=seed, duration_s=duration_s)


def procedure(rig: Rig, name: str, nonce: int) -> dict[str, Any]:
    """Runs one; its CALIBRATION."""
    fields = {"nonce": nonce, "procedure": int(table.Procedure[name]), "distance": 1000, "azimuth": 0, "elevation": 0}
    rig.send(codec.encode(packet.make(packet.CALIBRATE, fields)))
    rig.run(WAIT_S)
    rig.send(codec.encode(packet.make(packet.CALIBRATION_READ, {"nonce": nonce + 1})))
    rig.run(2)
    return dict(next(one.fields for one in reversed(rig.packets) if one.type == packet.CALIBRATION))


def calibrated(seed: int) -> tuple[bytes, dict[str, Any]]:
    """The flash of a board that was calibrated, and what it says of that. Raises RuntimeError."""
    with Rig(scene(seed, 120, corner=CORNER), seed=seed) as rig:
        rig.run(7)
        procedure(rig, "EMPTY_ROOM", 2)
        rig.run(34 + 30 - rig.board.now_us / 1e6)  # put there, with somebody's hands; then quiet
        found = procedure(rig, "CORNER", 4)
        if found["stored"] != 3:
            raise RuntimeError(f"seed {seed}: {values.reason_text(found['reason'])}")
        return rig.board.flash, found


def error_deg(seed: int, angle_deg: tuple[float, float], flash: bytes) -> float:
    """Angle between where the sphere is and where the device says it is, median of its packets, degrees."""
    sphere = SPHERE | {"azimuth_deg": angle_deg[0], "elevation_deg": angle_deg[1]}
    with Rig(scene(seed, LOOK_S + 2, sphere=sphere), seed=seed) as rig:
        rig.board.load_flash(flash)
        rig.run(LOOK_S)
        seen = [one.fields for one in rig.packets if one.type == packet.VITALS and one.fields["direction_validity"]]
    there = towards(*angle_deg)
    errors = [np.degrees(np.arccos(towards(one["azimuth"] / 100, one["elevation"] / 100) @ there)) for one in seen]  # type: ignore[operator]
    return float(np.median(errors)) if errors else float("nan")


def towards(azimuth_deg: float, elevation_deg: float) -> np.ndarray[Any, Any]:
    """Unit vector."""
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    return np.array([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])


def markdown(seeds: Sequence[int]) -> list[str]:
    """The table: a row per angle, medians and worst of the boards."""
    boards = {seed: calibrated(seed)[0] for seed in seeds}
    rows = ["| azimuth, elevation | without: median | worst | with: median | worst |", "|---|---|---|---|---|"]
    for angle in ANGLES_DEG:
        without = [error_deg(seed, angle, ERASED) for seed in seeds]
        with_it = [error_deg(seed, angle, flash) for seed, flash in boards.items()]
        cells = [f(x) for x in (without, with_it) for f in (np.nanmedian, np.nanmax)]
        rows.append(f"| {angle[0]:g}°, {angle[1]:g}° | " + " | ".join(f"{cell:.1f}°" for cell in cells) + " |")
    return rows


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    sys.stdout.write("\n".join(markdown(range(1, count + 1))) + "\n")
