"""Rooms without anybody for a day, beside sleepers, with the same device: who is heard that is not there, who is lost.

Rule: scenes, seeds and the limit below were written down before anything was tuned on them, and stay. The device runs
alone: no host has told it a side of the bed, so it watches its whole zone; truth says when the room is empty.
Use: python -m bench.empty_rooms WORK [--hours H] [--seeds N] [--jobs N]   (resumable; prints the table)

Beside it stands the obvious detector: power of the slow changes (0.1 to 0.6 Hz) of the liveliest range bin in half a
minute, against a threshold that finds the ordinary sleeper in 95 of 100 half minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.radar_views import DEFAULT as VIEW
from bench.tables import sources_digest, table
from hw_sim.rig import Rig
from hw_sim.scene import Scene

#: Frozen before any tuning.
ROOMS: Final = (
    *("empty-desk-fan", "empty-floor-fan", "empty-ceiling-fan", "empty-draught", "empty-charger"),
    "dog-floor",
)
SLEEPERS: Final = ("single", "weakest")
SEEDS: Final = (301, 302, 303)
LIMIT_PCT: Final = 0.1  # of minutes with unsolicited bytes
DAY_H, NIGHT_H = 24.0, 8.0
T0_UTC_US: Final = 1_768_500_000_000_000
NEAR_S: Final = 2  # a second counts as heard when a packet comes so near to it
GRACE_S: Final = 60  # so long after lying down a sleeper need not be heard yet
THRESHOLD_SEED: Final = 300
SHARE_FOUND: Final = 0.95
STEP_S, WINDOW_S = 0.25, 30.0
BAND_HZ: Final = (0.1, 0.6)
BINS: Final = slice(6, 70)


@dataclass(frozen=True)
class Run:
    """One scene, one seed."""

    scene: str
    seed: int
    hours: float


@dataclass(frozen=True)
class Outcome:
    """minutes: of the run. loud: those with unsolicited bytes while nobody was there. streamed_s: all streaming.

    in_place_s, lost_s: a sleeper's seconds in bed, and those without a packet. statistic: of the naive detector, one
    a half minute; present: whether somebody was in bed throughout it (None: neither in nor out).
    """

    minutes: int
    loud: int
    streamed_s: float
    in_place_s: int
    lost_s: int
    statistic: list[float]
    present: list[bool | None]


def run(one: Run) -> Outcome:
    """The device in front of one scene, second by second."""
    duration_s = one.hours * 3600
    scene = Scene.load(one.scene, seed=one.seed, duration_s=duration_s)
    truth, n = scene.truth(), int(duration_s)
    spoke, loud = np.zeros(n, bool), np.zeros(n, bool)
    with Rig(scene, seed=one.seed, t0_utc_us=T0_UTC_US) as rig:
        counts = rig.counts
        for second in range(n):
            before = counts.bytes_unsolicited, counts.bytes_unsolicited_while_silent
            rig.run(1.0)
            spoke[second] = counts.bytes_unsolicited > before[0]
            loud[second] = counts.bytes_unsolicited_while_silent > before[1]
        counts.finish(rig.board.now_us)
        streamed_s = counts.streaming_us / 1e6
    heard = np.convolve(spoke, np.ones(2 * NEAR_S + 1), "same") > 0  # packets come about every second
    in_place = np.asarray(truth.in_place[: heard.size * 20].reshape(-1, 20).all(axis=1), bool).reshape(-1)
    settled = in_place & np.array([in_place[max(0, s - GRACE_S) : s].all() for s in range(in_place.size)])
    statistic = naive(scene, duration_s)
    width = int(WINDOW_S)
    windows = [in_place[k * width : (k + 1) * width] for k in range(len(statistic))]
    return Outcome(
        minutes=int(duration_s // 60),
        loud=int(loud[: n // 60 * 60].reshape(-1, 60).any(axis=1).sum()),
        streamed_s=streamed_s,
        in_place_s=int(settled.sum()),
        lost_s=int((settled & ~heard[: settled.size]).sum()),
        statistic=[round(float(x), 2) for x in statistic],
        present=[True if w.all() else None if w.any() else False for w in windows],
    )


def naive(scene: Scene, duration_s: float) -> NDArray[np.float64]:
    """Band power of the liveliest range bin over the median bin's, dB, a number each half minute."""
    per_window, window = int(WINDOW_S / STEP_S), np.hanning(VIEW.n_samples)
    out = np.zeros((per_window, VIEW.n_chirps * VIEW.n_samples * VIEW.n_rx), np.uint16)
    hz = np.fft.rfftfreq(per_window, STEP_S)
    band = (hz >= BAND_HZ[0]) & (hz <= BAND_HZ[1])
    found = []
    for k in range(int(duration_s // WINDOW_S)):
        scene.frames(1e6 * k * WINDOW_S, 1e6 * STEP_S, per_window, VIEW, out)
        chirps = out.reshape(per_window, *VIEW.frame_shape)[..., 0].mean(axis=1, dtype=np.float32) - 2048
        profile = np.fft.rfft(chirps * window, axis=1)[:, BINS]
        change = profile - profile.mean(axis=0)
        slow = np.abs(np.fft.fft(change * np.hanning(per_window)[:, None], axis=0))[: hz.size][band]
        power = (slow**2).sum(axis=0)
        found.append(10 * np.log10(power.max() / np.median(power)))
    return np.asarray(found)


def threshold_db(hours: float = 2.0) -> float:
    """What finds the ordinary sleeper in so many of 100 half minutes."""
    scene = Scene.load("single", seed=THRESHOLD_SEED, duration_s=hours * 3600)
    quiet = naive(scene, hours * 3600)[4:-4]
    return float(np.quantile(quiet, 1 - SHARE_FOUND))


def kept(one: Run, work: Path) -> Outcome:
    """The outcome, from the work folder when it was run before with the same sources."""
    path = work / f"{one.scene}-{one.seed}-{one.hours:g}.{sources_digest()}.json"
    if not path.is_file():
        print(f"{one.scene}, seed {one.seed}, {one.hours:g} h", file=sys.stderr)
        path.write_text(json.dumps(asdict(run(one))))
    return Outcome(**json.loads(path.read_text()))


def row(one: Run, seen: Outcome, limit_db: float) -> list[str]:
    """One line of the table."""
    above = np.array(seen.statistic) > limit_db
    empty = np.array([present is False for present in seen.present])
    full = np.array([present is True for present in seen.present])
    loud_pct, naive_pct = 100 * seen.loud / seen.minutes, 100 * float(above[empty].mean()) if empty.any() else 0.0
    if one.scene in SLEEPERS:
        naive_lost = int(WINDOW_S * (full & ~above).sum())
        return [one.scene, str(one.seed), "–", f"{seen.lost_s} of {seen.in_place_s}", "–", str(naive_lost)]
    verdict = "" if loud_pct <= LIMIT_PCT else " (too many)"
    return [one.scene, str(one.seed), f"{loud_pct:.2f}{verdict}", "–", f"{naive_pct:.1f}", "–"]


HEAD: Final = ["scene", "seed", "minutes with unsolicited bytes, %", "sleeper lost, s", "naive: half minutes, %",
               "naive: lost, s"]  # fmt: skip


def runs(day_h: float, night_h: float, n_seeds: int) -> list[Run]:
    """All of them, in the order of the table."""
    found = [Run(scene, seed, day_h) for scene in ROOMS for seed in SEEDS[:n_seeds]]
    return found + [Run(scene, seed, night_h) for scene in SLEEPERS for seed in SEEDS[:n_seeds]]


def section(work: Path, day_h: float = DAY_H, night_h: float = NIGHT_H, n_seeds: int = 3, jobs: int = 2) -> str:
    """The table; runs what is missing."""
    work.mkdir(parents=True, exist_ok=True)
    wanted = runs(day_h, night_h, n_seeds)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(kept, wanted, [work] * len(wanted)))
    limit_db = threshold_db()
    return table(HEAD, [row(one, seen, limit_db) for one, seen in zip(wanted, outcomes, strict=True)])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--hours", type=float, default=None, help="of rooms and nights alike; default 24 and 8")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    day_h, night_h = (given.hours, given.hours) if given.hours else (DAY_H, NIGHT_H)
    print(section(given.work, day_h, night_h, given.seeds, given.jobs))


if __name__ == "__main__":
    main()
