"""Pairs of faults at random times in ten-minute scenes: nothing crashes, nothing wrong is shown, every silence has its reason.

Rule: a trial is its seed, nothing else. What a healthy device does in the same scene (a bad rate, a silence) is no
fault's doing: where something looks wrong the scene runs again without faults, and only what is new counts.
Use: python -m bench.fault_pairs WORK [--seeds N] [--first N] [--jobs N]   (resumable; prints the table; exit 1 with seeds)
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench.nurse import Nurse
from bench.tables import sources_digest
from bench.tables import table as markdown
from hw_sim.board import BoardFailed
from hw_sim.faults import ROWS, Fault
from hw_sim.rig import Rig
from hw_sim.scene import Scene
from hw_sim.truth import Truth
from wire import packet, table, values
from wire.packet import Packet

SCENE_S = 600.0
LAST_END_S = 480.0
SCENES = ("sitter", "single", "couple", "pet", "arrival", "restless", "reading", "couple-last", "empty", "sphere")
T0_UTC_US = 1_768_516_200_000_000
VALID = 0.5  # probability from which a value counts as valid
OFF_PER_MIN = 1.0
WRONG_S = 10.0
LOOK_BACK_S, LOOK_AHEAD_S = 25, 5  # a rate belongs to a span: any true rate near it will do
ARRIVES_S = 60.0  # from there on somebody in place is to be seen
ABSENT_S = 45.0  # so long after the last person left nothing may be streamed
SILENT_S = 10.0
EXPLAINS_S = 60.0  # a reason told so near to a silence explains it
BACK_S = 60.0  # at the end vitals are back
LATER = ("chip-hot",)
"""Rows of the table that came after the campaign: they take a place in some pairs, and all other seeds stay what they were."""
OVERFLOWS_MAX = 20 * SCENE_S


@dataclass(frozen=True)
class Outcome:
    """One seed. wrong: complaints, empty when all is well; told: reasons by name."""

    seed: int
    scene: str
    faults: list[str]
    wrong: list[str]
    told: list[str] = field(default_factory=list)
    silent_s: float = 0.0
    overflows: int = 0
    wall_s: float = 0.0


@dataclass
class Seen:
    """What the host saw. Times in s of the scene; rates: (t, per minute) of valid ones."""

    vitals_s: list[float]
    rates: list[tuple[float, float]]
    reasons_s: list[tuple[float, str]]
    answered_s: list[float]
    overflows: int


def drawn(seed: int) -> tuple[str, list[Fault]]:
    """Scene and two different faults of a seed."""
    rng = np.random.default_rng([seed, 0xFA17])
    names = [name for name, row in ROWS.items() if not row.at_power_on and name not in LATER]
    scene = SCENES[int(rng.integers(len(SCENES)))]
    pair = [_fault(names[int(n)], rng) for n in rng.choice(len(names), 2, replace=False)]
    own = np.random.default_rng([seed, 0x1A7E])
    for name in LATER:
        if own.random() < 2 / len(names):  # as often as any other
            pair[1] = _fault(name, own)
    return scene, pair


def _fault(name: str, rng: np.random.Generator) -> Fault:
    row, start_s = ROWS[name], float(rng.uniform(30.0, 400.0))
    for_s = min(float(np.exp(rng.uniform(math.log(2.0), math.log(150.0)))), LAST_END_S - start_s)
    value = 0.0
    if row.kind is not None:
        usual = row.kind.default if row.kind.default is not None else row.kind.low
        value = min(max(usual * float(np.exp(rng.uniform(-1.1, 1.1))), row.kind.low), row.kind.high)
        value = round(value) if row.kind.whole else value
    start_us = round(start_s * 1e6)
    return Fault(name, value, start_us, None if row.once else start_us + round(for_s * 1e6))


def watched(scene: Scene, seed: int, play: Iterable[Fault]) -> Seen:
    """Ten minutes. Raises BoardFailed."""
    nurse = Nurse()
    with Rig(scene, seed=seed, play=play, t0_utc_us=T0_UTC_US, rtc_valid=True) as rig:
        rig.attach(nurse)
        rig.run(SCENE_S)
        overflows = rig.board.chip.counters().overflows
    heard = [(1e-6 * (at_us - T0_UTC_US), one) for at_us, one in nurse.heard]
    fresh = [(t, values.vitals(one)) for t, one in heard if one.type == packet.VITALS and not values_resent(one)]
    rates = [
        (t, one.respiration_rate_per_min)
        for t, one in fresh
        if one.respiration_rate_per_min is not None and one.respiration_validity >= VALID
    ]
    reasons = [(t, reason) for t, one in heard for reason in reasons_of(one)]
    return Seen([t for t, _ in fresh], rates, reasons, [1e-6 * (t - T0_UTC_US) for t in nurse.answered_us], overflows)


def values_resent(one: Packet) -> bool:
    return bool(one.flags & table.FLAG_RESENT)


def reasons_of(one: Packet) -> list[str]:
    """Reasons that a packet gives for what is wrong, or why it was or will be silent."""
    fields: Any = one.fields
    numbers: list[int] = []
    if one.type == packet.FAULT:
        numbers = [fields["reason"]]
    elif one.type == packet.HEALTH:
        numbers = [*fields["present"], *fields["past"][:2]]
    elif one.type == packet.TRANSITION:
        numbers = [fields["reason"], fields["silent_reason"]]
    return [table.Reason(number).name for number in numbers if number]


def wrong_rates(seen: Seen, truth: Truth) -> list[tuple[float, float]]:
    """Spans of more than WRONG_S in which valid rates were off all true ones near them."""
    true = truth.rate_per_min()
    return _long([(t, _off(rate, true, t)) for t, rate in seen.rates])


def _off(rate: float, true: np.ndarray[Any, Any], t: float) -> bool:
    near = true[max(0, int(t) - LOOK_BACK_S) : int(t) + LOOK_AHEAD_S]
    return bool(near.size) and not np.isnan(near).any() and bool((np.abs(near - rate) > OFF_PER_MIN).all())


def seen_nobody(seen: Seen, truth: Truth) -> list[tuple[float, float]]:
    """Spans of more than WRONG_S in which vitals came though no person had been there for a while."""
    there = truth.person_in_zone
    step = there.size / truth.duration_s if there.size else 1.0
    return _long([(t, not there[max(0, int((t - ABSENT_S) * step)) : int(t * step) + 1].any()) for t in seen.vitals_s])


def _long(marks: list[tuple[float, bool]]) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    begun: float | None = None
    last = 0.0
    for t, bad in [*marks, (SCENE_S, False)]:
        if bad:
            begun = t if begun is None else begun
            last = t
        elif begun is not None:
            spans += [(begun, last)] if last - begun > WRONG_S else []
            begun = None
    return spans


def silences(seen: Seen, truth: Truth) -> list[tuple[float, float]]:
    """Spans of more than SILENT_S without vitals while the user had been in place for a while."""
    edges = [0.0, *seen.vitals_s, SCENE_S]
    return [(a, b) for a, b in zip(edges, edges[1:], strict=False) if b - a > SILENT_S and _expected(truth, a, b)]


def _expected(truth: Truth, from_s: float, to_s: float) -> bool:
    step = truth.in_place.size / truth.duration_s
    first = int(max(0.0, to_s - SILENT_S - ARRIVES_S) * step)
    return to_s - from_s > SILENT_S and bool(truth.in_place[first : max(first + 1, int(to_s * step))].all())


def explained(seen: Seen, span: tuple[float, float]) -> bool:
    """Somebody told why, near it; or the host itself knew, because its questions had no answer."""
    from_s, to_s = span
    if any(from_s - EXPLAINS_S <= t <= to_s + EXPLAINS_S for t, _ in seen.reasons_s):
        return True
    return not any(from_s + SILENT_S / 2 < t < to_s for t in seen.answered_s)


def run(seed: int) -> Outcome:
    """One trial."""
    began_s = time.monotonic()
    name, faults = drawn(seed)
    scene = Scene.load(name, seed=seed, duration_s=SCENE_S)
    texts = [one.text for one in faults]
    try:
        seen = watched(scene, seed, faults)
    except BoardFailed as error:
        return Outcome(seed, name, texts, [f"the board failed: {error}"], wall_s=time.monotonic() - began_s)
    wrong = complaints_of(seen, scene, seed)
    told = sorted({reason for _, reason in seen.reasons_s})
    silent_s = sum(b - a for a, b in silences(seen, scene.truth()))
    return Outcome(seed, name, texts, wrong, told, round(silent_s, 1), seen.overflows, time.monotonic() - began_s)


def complaints_of(seen: Seen, scene: Scene, seed: int) -> list[str]:
    """What is wrong, and is not without faults."""
    truth = scene.truth()
    rates, nobody, quiet = wrong_rates(seen, truth), seen_nobody(seen, truth), silences(seen, truth)
    back = not seen.vitals_s or seen.vitals_s[-1] < SCENE_S - BACK_S
    found = [f"silent from {a:.0f} to {b:.0f} s for no reason" for a, b in quiet if not explained(seen, (a, b))]
    if seen.overflows > OVERFLOWS_MAX:
        found.append(f"{seen.overflows} overflows")
    if not rates and not nobody and not back:
        return found
    healthy = watched(Scene(scene.scenario, seed=seed, duration_s=SCENE_S), seed, [])
    found += [f"a wrong rate from {a:.0f} to {b:.0f} s" for a, b in _new(rates, wrong_rates(healthy, truth))]
    found += [f"vitals of nobody from {a:.0f} to {b:.0f} s" for a, b in _new(nobody, seen_nobody(healthy, truth))]
    if back and healthy.vitals_s and healthy.vitals_s[-1] >= SCENE_S - 5.0:
        found.append(f"no vitals at the end, the last at {seen.vitals_s[-1:]} s")
    return found


def _new(spans: list[tuple[float, float]], known: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(a, b) for a, b in spans if not any(a < d + 30.0 and b > c - 30.0 for c, d in known)]


def run_all(seeds: Iterable[int], kept: Path, jobs: int) -> Iterator[Outcome]:
    """Outcomes, those of a run that was broken off first."""
    lines = kept.read_text().splitlines() if kept.is_file() else []
    known = {one.seed: one for one in (Outcome(**json.loads(line)) for line in lines)}
    seeds = list(seeds)
    yield from (known[seed] for seed in seeds if seed in known)
    missing = [seed for seed in seeds if seed not in known]
    with kept.open("a") as file, ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for outcome in pool.map(run, missing):
            file.write(json.dumps(asdict(outcome)) + "\n")
            file.flush()
            for line in outcome.wrong:
                sys.stderr.write(f"seed {outcome.seed} {outcome.scene} {' '.join(outcome.faults)}: {line}\n")
            yield outcome


def rows(outcomes: list[Outcome]) -> list[list[str]]:
    """One row per scene."""
    found = []
    for scene in SCENES:
        those = [one for one in outcomes if one.scene == scene]
        kinds = Counter(line.split(" from ")[0].split(":")[0] for one in those for line in one.wrong)
        told = len({reason for one in those for reason in one.told})
        figures = (len(those), f"{sum(one.silent_s for one in those):.0f}", sum(one.overflows for one in those), told)
        found.append([scene, *map(str, figures), ", ".join(f"{n} {kind}" for kind, n in kinds.items()) or "nothing"])
    return found


HEAD = ["scene", "pairs", "silent with somebody there, s", "overflows", "reasons told", "wrong"]


def section(work: Path, seeds: Iterable[int], jobs: int = 2) -> tuple[str, list[str]]:
    """The table, and a line for each seed in which something was wrong."""
    work.mkdir(parents=True, exist_ok=True)
    outcomes = list(run_all(seeds, work / f"fault-pairs.{sources_digest()}.jsonl", jobs))
    wrong = [f"seed {x.seed}: {x.scene}, {' '.join(x.faults)}: {'; '.join(x.wrong)}" for x in outcomes if x.wrong]
    return markdown(HEAD, rows(outcomes)), wrong


def main() -> int:
    """Exit code 1 when something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.fault_pairs", description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    done, wrong = section(options.work, seeds, options.jobs)
    sys.stdout.write("\n".join([done, *wrong]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
