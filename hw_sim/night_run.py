"""`stillwave night`: a scene in front of a device, and a cloud process at the other end of its line.

Rule: nothing here looks at a clock but to pace a run and to say how long it took.
"""

from __future__ import annotations

import datetime
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hw_sim import night_truth
from hw_sim.board import FLASH_BYTES
from hw_sim.console import Console, InputLines
from hw_sim.evening import start_utc_us
from hw_sim.faults import Fault
from hw_sim.lockstep import HostFailed, HostProcess, pacer
from hw_sim.rig import Rig, band_filter
from hw_sim.scenario import Side
from hw_sim.scene import Scene
from hw_sim.target import ROOT
from hw_sim.vcd import drawing
from hw_sim.version import version

WINDOW_US, AFTER_US = 31 * 60_000_000, 60_000_000
"""Before and after the set time, the host is heard four times a second."""


@dataclass(frozen=True)
class NightResult:
    """What a night leaves: the store's path, the content of truth.json, identity and counters of the run."""

    db: Path
    truth: dict[str, Any]
    run: dict[str, Any]


def cloud_command(
    db: Path, seed: int, *, side: str, timezone: str, alarm_utc_us: int | None, sunrise_s: int
) -> Callable[[str, str], Sequence[str]]:
    """How the cloud process is started behind a port and a control pipe."""
    tail = ["--db", str(db), "--seed", str(seed), "--side", side, "--tz", timezone]
    if alarm_utc_us is not None:
        tail += ["--alarm-utc", str(alarm_utc_us), "--sunrise", str(sunrise_s)]
    return lambda port, control: [
        *(sys.executable, "-m", "cloud.app", "--serial", port, "--control", control),
        *tail,
    ]


def settings(*, side: str, timezone: str, alarm_utc_us: int | None, sunrise_s: int) -> dict[str, Any]:
    """What the user has set, in the form in which the cloud process keeps it: a replay sets the same."""
    alarm = None if alarm_utc_us is None else {"set_for_utc_us": alarm_utc_us, "sunrise_s": sunrise_s}
    return {"alarm": alarm, "side": side, "timezone": timezone, "daily": None}


def run(
    scenario: str | Path,
    *,
    out: Path,
    seed: int = 1,
    hours: float = 8.0,
    core: str = "c",
    target: str = "host",
    timezone: str = "UTC",
    date: datetime.date | None = None,
    side: Side = "left",
    alarm_utc_us: int | None = None,
    sunrise_s: int = 0,
    rt: bool = False,
    vcd: Path | None = None,
    progress: Callable[[float], None] | None = None,
    levers: Callable[[Rig, HostProcess], None] | None = None,
    gdb_port: int | None = None,
    play: Sequence[Fault] = (),
    answer: Callable[[str, str], None] | None = None,
    raw: Any = None,
    flash_bytes: int = FLASH_BYTES,
) -> NightResult:
    """Simulates a night into out (night.sqlite, link.mcap, truth.json).

    side: of the bed, the user's. alarm_utc_us: the set time; None: no alarm. sunrise_s: light before it. vcd: the wires
    are drawn there. levers: called before virtual time starts; names what is to be done to the run, and when.
    gdb_port, play: see Rig. answer: in a run at the speed of the clock, lines of the standard input are commands (see
    Console), and this gets each with what is said to it. raw: a recorder of raw samples, see Rig. flash_bytes: see Board.
    Errors: FaultError, SceneError, RigError, BoardFailed, HostFailed, RecordingError, VcdError.
    """
    began_s = time.monotonic()
    virtual_s = round(hours * 3600, 6)
    scene = Scene.load(scenario, seed=seed, duration_s=virtual_s, side=side)
    t0_utc_us, db = start_utc_us(date, timezone), out / "night.sqlite"
    identity = identity_of(scenario, t0_utc_us, virtual_s, seed=seed, timezone=timezone, core=core, target=target)
    command = cloud_command(db, seed, side=side, timezone=timezone, alarm_utc_us=alarm_utc_us, sunrise_s=sunrise_s)
    host = HostProcess(command, ROOT)
    try:
        whole = {"seed": seed, "target": target, "core": core, "t0_utc_us": t0_utc_us, "gdb_port": gdb_port, "raw": raw}
        with Rig(scene, play=play, paired=True, flash_bytes=flash_bytes, **whole) as rig:
            wanted = settings(side=side, timezone=timezone, alarm_utc_us=alarm_utc_us, sunrise_s=sunrise_s)
            recorder = rig.record(out / "link.mcap", recorded(identity) | {"settings": json.dumps(wanted)})
            hear_more_often(rig, alarm_utc_us)
            rig.attach(host)
            (levers or untouched)(rig, host)
            with drawing(rig.board, vcd, lambda: 1000 * rig.board.now_us, f"seed {seed}"):
                rig.run(virtual_s, progress, pace_of(rig, rt, answer))
            counted = count(rig)
            told = {**counted, "parameters_digest": parameters(rig)}
            recorder.close({name: json.dumps(value) for name, value in told.items()})
    finally:
        code = host.close()
    if code != 0:
        raise HostFailed(f"host process: exit code {code} at the end of the night")
    truth = truth_of(rig, scene, int(virtual_s))
    (out / "truth.json").write_text(json.dumps(truth, allow_nan=False))
    found = {"parameters_digest": parameters(rig), "wall_s": round(time.monotonic() - began_s, 3)}
    return NightResult(db, truth, {**identity, **found, **counted})


def pace_of(rig: Rig, rt: bool, answer: Callable[[str, str], None] | None) -> Callable[[float], None] | None:
    """None: as fast as it goes."""
    if not rt:
        return None
    wait = pacer()
    console = None if answer is None else Console(rig, InputLines(), answer)

    def pace(now_s: float) -> None:
        if console is not None:
            console.poll()
        wait(now_s)

    return pace


def identity_of(scenario: str | Path, t0_utc_us: int, virtual_s: float, **more: Any) -> dict[str, Any]:
    """What a run says of itself."""
    return {
        "version": version(),
        "source": "simulated",
        "scenario": str(scenario),
        "seed": more["seed"],
        "started_utc": datetime.datetime.fromtimestamp(t0_utc_us / 1e6, datetime.UTC).isoformat(),
        "timezone": more["timezone"],
        "core": more["core"],
        "target": more["target"],
        "virtual_s": virtual_s,
    }


def parameters(rig: Rig) -> str | None:
    """The device's parameters as its HELLO names them."""
    return f"{rig.hello['parameters_hash']:08x}" if rig.hello else None


def untouched(_rig: Rig, _host: HostProcess) -> None:
    """Nobody does anything to the run."""


def hear_more_often(rig: Rig, alarm_utc_us: int | None) -> None:
    """Shorter quanta around an alarm."""
    if alarm_utc_us is not None:
        at_us = alarm_utc_us - rig.t0_utc_us
        rig.fine_window(at_us - WINDOW_US, at_us + AFTER_US)


def count(rig: Rig) -> dict[str, dict[str, Any]]:
    """The end of the run: what board and observer counted."""
    rig.counts.finish(rig.board.now_us)
    return {"edge": rig.edge_counters(), "link": rig.link_counters()}


def truth_of(rig: Rig, scene: Scene, n_seconds: int) -> dict[str, Any]:
    """The content of truth.json: the scene's truth, and what switch and pins did."""
    standby = [(a / 1e6, b / 1e6) for a, b in rig.standby_spans_us]
    pins = pins_at(rig.pins, rig.t0_utc_us)
    return night_truth.build(scene.truth(), rig.t0_utc_us, n_seconds, standby, band_filter(), pins)


def pins_at(edges: Sequence[tuple[int, str, int]], t0_utc_us: int) -> dict[str, list[tuple[int, int]]]:
    """Pin -> (true UTC in us, value) of every change."""
    found: dict[str, list[tuple[int, int]]] = {}
    for t_us, pin, value in edges:
        found.setdefault(pin, []).append((t0_utc_us + t_us, value))
    return found


def recorded(identity: Mapping[str, Any]) -> dict[str, str]:
    """What a recording says of its run: no path of a scene, which may hold a name."""
    return {**{key: str(value) for key, value in identity.items()}, "scenario": Path(identity["scenario"]).name}
