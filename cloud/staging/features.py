"""What the model is told about an epoch: breathing and movement until then, relative to this person so far.

Rule: causal and bounded. `observe` sees one epoch after the other and remembers ten minutes of breaths, fifteen of
movement and slow means; whoever has never been seen breathing yet is at his own mean, i.e. 0.
Rates differ by a few per cent between stages, so that level alone says little; regularity of intervals and depths, their
correlation from breath to breath and over minutes (docs/staging.md) and movement say more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cloud.epoch_input import EpochInput
from cloud.night import Floats
from cloud.staging.breaths import Breaths, listen

EPOCH_S = 30
MOVEMENTS = 30  # epochs remembered
BASELINE_EPOCHS = 90  # of the personal means: three quarters of an hour
WINDOWS = {
    "now": (45.0, 6),
    "2": (120.0, 12),
    "5": (300.0, 30),
    "10": (600.0, 60),
}  # s, fewest breaths that say something
BLOCK = 8  # breaths: half a minute
STILL_S = 240.0  # without movement, before depths of one posture are compared
LONG_STILL_S, LONG_LYING_S = 3600.0, 36_000.0

BREATHING = (
    "rate_now", "rate_2", "rate_5", "rate_10", "interval_sd_now", "interval_sd_2", "interval_sd_5", "interval_sd_10",
    "depth_sd_now", "depth_sd_2", "depth_sd_5", "depth_now", "depth_2", "depth_drop", "step_sd_2", "step_sd_5",
    "depth_step_sd_2", "depth_step_sd_5", "correlation_5", "correlation_10", "slow_share_10", "interval_sd_own", "depth_sd_own",
)  # fmt: skip
NAMES = (
    *BREATHING, "known_now", "known_2", "rate_sd_2", "rate_known", "moving_now", "moving_2", "moving_5", "moving_15", "still",
    "motion_db", "lying_log", "lying",
)  # fmt: skip


@dataclass
class Mean:
    """A slow mean: of everything until there is enough, then of the last BASELINE_EPOCHS or so."""

    n: int = 0
    value: float = 0.0


@dataclass
class Memory:
    """What is remembered of the time since this person lay down."""

    from_utc_us: int | None = None
    breaths: Breaths = field(default_factory=Breaths)
    moving: list[float | None] = field(default_factory=list)  # share of each of the last epochs, newest last
    still_s: float = 0.0  # since the last movement
    rates: list[float] = field(default_factory=list)  # valid per-second rates of the last two minutes' epochs
    n_rates: list[int] = field(default_factory=list)  # how many of them came from each epoch
    own: dict[str, Mean] = field(default_factory=dict)  # personal means


def observe(memory: Memory, epoch: EpochInput) -> Floats:
    """Take one epoch and describe the present: float64[len(NAMES)], about -3..3 each."""
    if memory.from_utc_us is None:
        memory.from_utc_us = epoch.utc_us
    at_s = (epoch.utc_us - memory.from_utc_us) / 1e6
    mine = [one == 1 for one in epoch.user]
    listen(memory.breaths, [um if mine[i // 10] else None for i, um in enumerate(epoch.wave_um)], at_s)
    values = _movement(memory, epoch, mine) | _rates(memory, epoch, mine) | _breathing(memory, at_s + EPOCH_S)
    lying_s = min(at_s + EPOCH_S, LONG_LYING_S)
    values["lying_log"], values["lying"] = float(np.log1p(lying_s / 600)), lying_s / 7200
    return np.array([values[name] for name in NAMES])


def _breathing(memory: Memory, now_s: float) -> dict[str, float]:
    """From the breaths of the last minutes; 0 where there are too few."""
    out = dict.fromkeys(BREATHING, 0.0)
    breaths = np.array(memory.breaths.breaths).reshape(-1, 3)
    logs = np.log(breaths[:, 1:])
    for tag, (window_s, fewest) in WINDOWS.items():
        first = int(np.searchsorted(breaths[:, 0], now_s - window_s))
        if len(breaths) - first >= fewest:
            found = _regularity(logs[first:, 0], logs[first:, 1])
            found["rate"] = _own(memory, "rate", found["rate"], learn=tag == "2")
            found["depth"] = _own(memory, "depth", found["depth"], learn=tag == "2")
            out |= {name: value for key, value in found.items() if (name := f"{key}_{tag}") in out}
    if memory.still_s >= STILL_S:
        out["depth_drop"] = _drop(breaths[:, 0] - now_s, logs[:, 1], memory.still_s)
    if out["interval_sd_5"]:
        out["interval_sd_own"] = _own(memory, "interval_sd", out["interval_sd_5"], learn=True)
        out["depth_sd_own"] = _own(memory, "depth_sd", out["depth_sd_5"], learn=True)
    return {**out, **{f"known_{tag}": float(bool(out[f"interval_sd_{tag}"])) for tag in ("now", "2")}}


def _drop(age_s: Floats, depths: Floats, still_s: float) -> float:
    """Depth of the last two minutes against what it was since the last movement, which changed posture and scale."""
    before, recent = depths[(age_s > -still_s) & (age_s <= -120)], depths[age_s > -120]
    return 5 * float(recent.mean() - before.mean()) if min(len(before), len(recent)) >= 10 else 0.0


def _regularity(intervals: Floats, depths: Floats) -> dict[str, float]:
    """Level, scatter and correlation of intervals and depths, both logarithms: doubling counts as halving."""
    around, depth_around = intervals - intervals.mean(), depths - depths.mean()
    spread = _scatter(around)
    clipped = np.clip(around, -4 * spread, 4 * spread)
    n_blocks = len(clipped) // BLOCK
    blocks = clipped[len(clipped) - n_blocks * BLOCK :].reshape(n_blocks, BLOCK).sum(axis=1) / BLOCK
    slow = float(np.sqrt(blocks @ blocks / n_blocks)) if n_blocks > 1 else 0.0
    return {
        "rate": -10 * float(intervals.mean()),
        "depth": float(depths.mean()),
        "interval_sd": float(np.log(spread / 0.1)),
        "depth_sd": float(np.log(_scatter(depth_around) / 0.2)),
        "step_sd": float(np.log(_scatter(intervals[1:] - intervals[:-1]) / 0.1)),
        "depth_step_sd": float(np.log(_scatter(depths[1:] - depths[:-1]) / 0.2)),
        "correlation": 2 * float(clipped[1:] @ clipped[:-1]) / (float(clipped @ clipped) + 1e-9),
        "slow_share": float(np.log((slow + 0.003) / spread * BLOCK**0.5)),
    }


def _scatter(deviations: Floats) -> float:
    """A standard deviation that a few wild breaths do not decide: from the mean absolute deviation, each cut at 0.7."""
    return 0.003 + 1.2533 * float(np.minimum(np.abs(deviations), 0.7).sum()) / len(deviations)


def _own(memory: Memory, name: str, value: float, *, learn: bool) -> float:
    """value less this person's own mean of it so far."""
    mean = memory.own.setdefault(name, Mean())
    if learn:
        mean.n = min(mean.n + 1, BASELINE_EPOCHS)
        mean.value += (value - mean.value) / mean.n
    return value - mean.value if mean.n else 0.0


def _rates(memory: Memory, epoch: EpochInput, mine: list[bool]) -> dict[str, float]:
    """Scatter of the device's own rate over two minutes, which needs no waveform."""
    valid = [rate for rate, ok in zip(epoch.rate_per_min, mine, strict=True) if ok and rate]
    memory.rates += valid
    memory.n_rates.append(len(valid))
    if len(memory.n_rates) > 4:
        del memory.rates[: memory.n_rates.pop(0)]
    known = len(memory.rates) >= 30
    spread = float(np.log(np.std(np.log(memory.rates)) / 0.06 + 0.1)) if known else 0.0
    return {"rate_sd_2": spread, "rate_known": len(valid) / EPOCH_S}


def _movement(memory: Memory, epoch: EpochInput, mine: list[bool]) -> dict[str, float]:
    """Movement now, over the last minutes, and since when there has been none."""
    moving = [one for one, ok in zip(epoch.moving, mine, strict=True) if ok and one is not None]
    share = sum(moving) / len(moving) if moving else None
    memory.moving = [*memory.moving, share][-MOVEMENTS:]
    for one in moving:
        memory.still_s = 0.0 if one else memory.still_s + 1
    db = [
        value
        for value, ok, one in zip(epoch.motion_db, mine, epoch.moving, strict=True)
        if ok and value is not None and one == 0
    ]
    level = float(np.mean(db)) if len(db) >= EPOCH_S // 3 else None
    return {
        "moving_now": 2 * (share or 0.0) ** 0.5,
        **{f"moving_{tag}": 3 * _mean_share(memory.moving[-n:]) ** 0.5 for tag, n in (("2", 4), ("5", 10), ("15", 30))},
        "still": float(np.log1p(min(memory.still_s, LONG_STILL_S) / 60)),
        "motion_db": 0.0 if level is None else float(np.clip(_own(memory, "motion_db", level, learn=True) / 3, -3, 3)),
    }


def _mean_share(shares: list[float | None]) -> float:
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known else 0.0
