"""`stillwave night`: a scene in front of a device, and a cloud process at the other end of its line.

Rule: nothing here looks at a clock but to pace a run and to say how long it took.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hw_sim import night_truth
from hw_sim.lockstep import HostFailed, HostProcess
from hw_sim.rig import ROOT, Rig, band_filter, pacer
from hw_sim.scene import Scene

LIGHTS = datetime.time(22, 30)
"""Local time at which a simulated night begins."""
EVENING = datetime.date(2026, 1, 15)
"""Its date when none is given: the same night every time."""


@dataclass(frozen=True)
class NightResult:
    """What a night leaves: the store's path, the content of truth.json, identity and counters of the run."""

    db: Path
    truth: dict[str, Any]
    run: dict[str, Any]


def start_utc_us(date: datetime.date | None, timezone: str) -> int:
    """UTC of the beginning, us. Raises zoneinfo.ZoneInfoNotFoundError."""
    local = datetime.datetime.combine(date or EVENING, LIGHTS, ZoneInfo(timezone))
    return int(local.timestamp()) * 1_000_000


def cloud_command(db: Path, seed: int) -> Callable[[str, str], Sequence[str]]:
    """How the cloud process is started behind a port and a control pipe."""
    head = [sys.executable, "-m", "cloud.app"]
    return lambda port, control: [*head, "--serial", port, "--db", str(db), "--control", control, "--seed", str(seed)]


def run(
    scenario: str | Path,
    *,
    out: Path,
    seed: int,
    hours: float,
    core: str,
    target: str,
    timezone: str,
    date: datetime.date | None,
    rt: bool,
    progress: Callable[[float], None] | None,
) -> NightResult:
    """Simulates a night into out (night.sqlite, truth.json). Errors: SceneError, RigError, BoardFailed, HostFailed."""
    began_s = time.monotonic()
    virtual_s = round(hours * 3600, 6)
    scene = Scene.load(scenario, seed=seed, duration_s=virtual_s)
    t0_utc_us, db = start_utc_us(date, timezone), out / "night.sqlite"
    host = HostProcess(cloud_command(db, seed), ROOT)
    try:
        with Rig(scene, seed=seed, target=target, core=core) as rig:
            rig.attach(host, t0_utc_us)
            rig.run(virtual_s, progress, pacer() if rt else None)
            rig.counts.finish(rig.board.now_us)
    finally:
        code = host.close()
    if code != 0:
        raise HostFailed(f"host process: exit code {code} at the end of the night")
    standby = [(a / 1e6, b / 1e6) for a, b in rig.standby_spans_us]
    truth = night_truth.build(scene.truth(), t0_utc_us, int(virtual_s), standby, band_filter())
    (out / "truth.json").write_text(json.dumps(truth, allow_nan=False))
    identity = {
        "version": metadata.version("stillwave") if _installed() else None,
        "source": "simulated",
        "scenario": str(scenario),
        "seed": seed,
        "started_utc": datetime.datetime.fromtimestamp(t0_utc_us / 1e6, datetime.UTC).isoformat(),
        "timezone": timezone,
        "parameters_digest": f"{rig.hello['parameters_hash']:08x}" if rig.hello else None,
        "core": core,
        "target": target,
        "virtual_s": virtual_s,
        "wall_s": round(time.monotonic() - began_s, 3),
    }
    return NightResult(db, truth, {**identity, "edge": rig.edge_counters(), "link": rig.link_counters()})


def _installed() -> bool:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return bool(metadata.version("stillwave"))
    return False
