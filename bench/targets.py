"""Speed of the firmware outside Python, in lock-step: virtual time over wall time with the default radar config.

Rule: what is compared is one scene, one seed, one bridge; a target whose tools are not installed has no row.
"""

from __future__ import annotations

import time

from bench.floors import Floor

WARM_UP_S, SECONDS = 5.0, 60.0
TARGETS = {"arm": "Cortex-M4 in QEMU", "aarch64": "aarch64 under qemu-user"}


def real_time_factor(target: str) -> float:
    """Virtual seconds per second. Raises RigError or BoardFailed where the target cannot run."""
    from hw_sim.rig import Rig
    from hw_sim.scene import Scene

    scene = Scene.load("sitter", seed=1, duration_s=WARM_UP_S + SECONDS)
    with Rig(scene, seed=1, target=target) as rig:
        rig.run(WARM_UP_S)
        start_s = time.perf_counter()
        rig.run(SECONDS)
        return SECONDS / (time.perf_counter() - start_s)


def rows() -> list[tuple[str, float, str, Floor]]:
    """(name, value, unit, floor) of every target that can run here; the floor has the bridge, but no emulator."""
    from hw_sim.board import BoardFailed
    from hw_sim.rig import RigError

    floor = Floor(real_time_factor("posix"), "the program by itself, same bridge")
    found: list[tuple[str, float, str, Floor]] = []
    for target, name in TARGETS.items():
        try:
            found.append((f"firmware on {name}", real_time_factor(target), "x real time", floor))
        except (RigError, BoardFailed):
            continue
    return found
