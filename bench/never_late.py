"""Never late: what may break in the wake window, broken there, measured at the buzzer pin against true UTC.

Rule: the whole product runs, the cloud as a process of its own; a trial is its name and its seed, nothing else. The same
trials run with the device's guard compiled out: a campaign that cannot fail shows nothing.
Use: python -m bench.never_late WORK [--short] [--jobs N]   (resumable; prints the table)
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bench.tables import sources_digest
from bench.tables import table as markdown
from hw_sim.board import Faults
from hw_sim.lockstep import HostProcess
from hw_sim.night_run import cloud_command
from hw_sim.rig import Rig
from hw_sim.scene import Scene
from hw_sim.target import ROOT
from wire import codec, packet, table

MINUTE_US = 60_000_000
T0_UTC_US = 1_768_516_200_000_000
DUE_US = 33 * MINUTE_US
WINDOW_US = 30 * MINUTE_US
LATE_US = 1_000_000
WAIT_US = 90_000_000
"""After the set time, for a ring that is late."""
EARLIEST_S = -2.0
"""From the set time: a device with its clock rings no earlier by itself; a second is the battery clock's after a reboot."""
CLOCK_PPB = 3000
KINDS = {"cloud killed": 50, "line cut": 50, "rebooted, line cut": 50, "clock lost, line cut": 10}
SCENES = ("single", None)
"""Somebody in bed, for whom the cloud may ask for an early ring; or the standby switch on, and only the device rings."""
EARLY_RING_US = 22 * MINUTE_US
"""Before the set time: whoever lies awake at the beginning of the window is woken then. Broken is before it."""
TARGETS = {True: "host", False: "unguarded"}


@dataclass(frozen=True)
class Trial:
    """One run. kind: what breaks; the rest follows from the seed."""

    kind: str
    seed: int
    guarded: bool

    @property
    def scenario(self) -> str | None:
        """Of the scene; None: in standby."""
        return SCENES[self.seed % len(SCENES)]

    @property
    def clock_ppb(self) -> int:
        """Error of the clock chip, within what its maker allows over temperature."""
        return int(np.random.default_rng(self.seed).integers(-CLOCK_PPB, CLOCK_PPB + 1))

    def moments_us(self) -> tuple[int, int]:
        """Virtual time of the break, and of what follows it: in the wake window, before it would have rung."""
        rng = np.random.default_rng([list(KINDS).index(self.kind), self.seed])
        last_us = DUE_US - LATE_US
        first = int(rng.integers(DUE_US - WINDOW_US, DUE_US - EARLY_RING_US if self.scenario else last_us))
        return first, int(rng.integers(first, last_us))


@dataclass(frozen=True)
class Outcome:
    """moment_s, rang_s: from the set time on, negative before it; rang_s None: not within 90 s after it."""

    kind: str
    seed: int
    guarded: bool
    armed: bool
    moment_s: float
    rang_s: float | None
    by: str
    why: str

    @property
    def late(self) -> bool:
        return self.rang_s is None or self.rang_s > LATE_US / 1e6

    @property
    def moot(self) -> bool:
        """It had rung before anything broke."""
        return self.rang_s is not None and self.rang_s < self.moment_s


def run(trial: Trial) -> Outcome:
    """One trial, a few seconds."""
    seconds = (DUE_US + 2 * WAIT_US) / 1e6
    scene = Scene.load(trial.scenario, seed=trial.seed, duration_s=seconds) if trial.scenario else None
    set_for_utc_us = T0_UTC_US + DUE_US
    with tempfile.TemporaryDirectory(prefix="never-late-") as folder:
        command = cloud_command(
            Path(folder) / "night.sqlite", trial.seed,
            side="left", timezone="UTC", alarm_utc_us=set_for_utc_us, sunrise_s=600,
        )  # fmt: skip
        host = HostProcess(command, ROOT)
        try:
            faults = Faults(clock_ppb=trial.clock_ppb)
            target = TARGETS[trial.guarded]
            with Rig(scene, seed=trial.seed, target=target, t0_utc_us=T0_UTC_US, faults=faults) as rig:
                rig.set_standby(scene is None)
                rig.attach(host)
                return follow(rig, host, trial)
        finally:
            host.close()


def follow(rig: Rig, host: HostProcess, trial: Trial) -> Outcome:
    """Breaks what is to be broken, waits for the ring, asks the device why."""
    first_us, then_us = trial.moments_us()
    armed: list[bool] = []
    rig.fine_window(DUE_US - WINDOW_US, DUE_US)
    rig.at(DUE_US - WINDOW_US, lambda: armed.append(is_armed(rig)))
    break_it(rig, host, trial, first_us, then_us)
    while rig.board.now_us < DUE_US + WAIT_US and (rig.rang_at_us() is None or rig.board.now_us <= first_us):
        rig.run(10.0)
    rang_us = rig.rang_at_us()
    by, why = asked_why(rig)
    return Outcome(
        **asdict(trial), armed=armed == [True], moment_s=(first_us - DUE_US) / 1e6,
        rang_s=None if rang_us is None else (rang_us - DUE_US) / 1e6, by=by, why=why,
    )  # fmt: skip


def break_it(rig: Rig, host: HostProcess, trial: Trial, first_us: int, then_us: int) -> None:
    """Puts the levers of a trial into the run."""
    if trial.kind == "cloud killed":
        # between two exchanges, or in the middle of one
        lever = rig.kill_host if trial.seed // 2 % 2 else lambda: host.kill_within(trial.seed * 1e-4)
        rig.at(first_us, lever)
        return
    rig.at(first_us, lambda: rig.cut_line(True))
    if trial.kind == "rebooted, line cut":
        rig.at(then_us, rig.reboot)
    elif trial.kind == "clock lost, line cut":
        rig.at(first_us, lambda: rig.reboot(lose_clock=True))


def is_armed(rig: Rig) -> bool:
    """The device has said that it read the alarm back from its flash."""
    said = [one.fields for one in rig.packets if one.type == packet.ALARM_STATE]
    return bool(said) and said[-1]["stored"] == 1 and said[-1]["set_for_utc_us"] == T0_UTC_US + DUE_US


def asked_why(rig: Rig) -> tuple[str, str]:
    """Mends the line and asks: who rang, and why."""
    nonce = 1
    rig.cut_line(False)
    rig.run(1.0)
    rig.send(codec.encode(packet.make(packet.ALARM_READ, {"nonce": nonce})))
    rig.run(2.0)
    said = [one for one in rig.packets if one.type == packet.ALARM_STATE and one.fields["nonce"] == nonce]
    if not said:
        return "", "no answer"
    by, reason = (int(str(said[0].fields[name])) for name in ("rung_by", "reason"))
    return table.text_of(table.AlarmMaker, by), table.text_of(table.Reason, reason)


def trials(short: bool, guarded: bool) -> list[Trial]:
    """All, or two of each kind."""
    return [Trial(kind, seed, guarded) for kind, n in KINDS.items() for seed in range(2 if short else n)]


def run_all(wanted: Iterable[Trial], kept: Path, jobs: int) -> Iterator[Outcome]:
    """Outcomes, those of a run that was broken off first."""
    before = [Outcome(**json.loads(line)) for line in kept.read_text().splitlines()] if kept.is_file() else []
    known = {(one.kind, one.seed, one.guarded): one for one in before}
    wanted = list(wanted)
    yield from (known[key] for one in wanted if (key := (one.kind, one.seed, one.guarded)) in known)
    missing = [one for one in wanted if (one.kind, one.seed, one.guarded) not in known]
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(kept.open("a"))
        pool = stack.enter_context(ProcessPoolExecutor(jobs, get_context("spawn"))) if jobs > 1 else None
        for outcome in map(run, missing) if pool is None else pool.map(run, missing):
            file.write(json.dumps(asdict(outcome)) + "\n")
            file.flush()
            sys.stderr.write(f"{outcome}\n")
            yield outcome


HEAD = ["what breaks in the last half hour", "guard", "runs", "late", "latest, s after the set time", "rang earlier",
        "before the break"]  # fmt: skip


def rows(outcomes: list[Outcome]) -> list[list[str]]:
    """One row per kind, with and without the guard."""
    found = []
    for guarded in (True, False):
        for kind in KINDS:
            those = [one for one in outcomes if one.kind == kind and one.guarded == guarded]
            rang = [one.rang_s for one in those if one.rang_s is not None]
            early = [s for s in rang if s < -LATE_US / 1e6]
            latest = "never rang" if len(rang) < len(those) else f"{max(rang, default=0.0):+.3f}"
            counts = (len(those), sum(one.late for one in those))
            found.append(
                [kind, "yes" if guarded else "compiled out", *map(str, counts), latest, str(len(early)),
                 str(sum(one.moot for one in those))]
            )  # fmt: skip
    return found


def complaints(outcomes: list[Outcome]) -> list[str]:
    """What the campaign must not find; empty when all is well."""
    guarded = [one for one in outcomes if one.guarded]
    bare = [one for one in outcomes if not one.guarded]
    clock = [one for one in guarded if one.kind.startswith("clock") and not one.moot]
    found = [f"late: {one}" for one in guarded if one.late]
    found += [f"not armed: {one}" for one in outcomes if not one.armed]
    found += [f"does not say why: {one}" for one in clock if "clock lost" not in one.why]
    alone = [one for one in guarded if one.by == "device" and not one.kind.startswith("clock") and not one.moot]
    found += [f"early for no reason: {one}" for one in alone if one.rang_s is not None and one.rang_s < EARLIEST_S]
    found += [f"not early: {one}" for one in clock if one.rang_s is None or one.rang_s >= 0]
    if bare and sum(one.late for one in bare) < 0.2 * len(bare):
        found.append(f"without the guard only {sum(one.late for one in bare)} of {len(bare)} were late")
    return found


def section(work: Path, short: bool, jobs: int = 1) -> tuple[str, list[str]]:
    """The table, and what is wrong."""
    work.mkdir(parents=True, exist_ok=True)
    kept = work / f"never-late.{sources_digest()}.jsonl"
    outcomes = list(run_all([*trials(short, True), *trials(short, False)], kept, jobs))
    return markdown(HEAD, rows(outcomes)), complaints(outcomes)


def main() -> int:
    """Exit code 1 when something was late."""
    parser = argparse.ArgumentParser(prog="python -m bench.never_late", description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--short", action="store_true", help="two trials of each kind")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    text, wrong = section(options.work, options.short, options.jobs)
    sys.stdout.write(text + "\n" + "".join(f"{one}\n" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
