"""Evidence for the stages: test nights against the simulator's truth.

Rule: seeds are those of cloud/staging/seeds.py; every figure comes from what the product stored; intervals are
bootstrapped over nights; a baseline that knows less stands beside every kappa.
Use: python -m bench.staging WORK [--short]   (resumable; prints the tables)
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator, Philox

from bench.tables import figure, stillwave, table
from cloud.agreement import UNKNOWN, confusion, kappa, two_class
from cloud.night import Floats, Ints
from cloud.sleep_metrics import EPOCH_US, FOURTEEN, STAGES
from cloud.staging.model import FILE, read
from cloud.staging.seeds import TEST_SEEDS

DRAWS = 2000
HALF_HOUR = 60  # epochs
HELD = {"2": 4, "5": 10}  # minutes: epochs
#: Published, on people (docs/staging.md says where).
ANCHORS = [
    ["Halo Rise, bedside radar, 28 sleepers (Lee 2023)", "0.48", "–", "0.51"],
    ["time of night only, real nights", "0.08 to 0.12", "–", "–"],
    ["two human scorers (11 studies)", "0.76 (0.71 to 0.81)", "–", "–"],
]
HALO_RECALL = (0.661, 0.661, 0.547, 0.749)


@dataclass(frozen=True)
class JudgedNight:
    """One night: its report, true stages from lights-out on (one per epoch), and the stages of the same epochs."""

    seed: int
    report: dict[str, Any]
    truth: list[int | None]
    device: list[int | None]


def night(work: Path, seed: int, hours: str) -> JudgedNight:
    """Made when the work folder does not hold it."""
    name = f"single-{seed}-{hours}"
    report = stillwave(work, name, "night", "single", "--seed", str(seed), "--hours", hours)
    truth = json.loads((work / name / "truth.json").read_text())
    db = sqlite3.connect(f"{(work / name / 'night.sqlite').resolve().as_uri()}?mode=ro", uri=True)
    stages = dict(db.execute("SELECT utc_us, stage FROM epochs"))
    db.close()
    t0_utc_us = int(truth["t0_utc_us"])
    kept = [(t0_utc_us + i * EPOCH_US, stage) for i, stage in enumerate(truth["stages"]) if stage is not None]
    return JudgedNight(seed, report, [s for _, s in kept], [stages.get(utc_us) for utc_us, _ in kept])


def counts(truth: Sequence[int | None], guess: Sequence[int | None]) -> Ints:
    """int64[true stage, stage or unknown]"""
    return confusion(truth, dict(enumerate(guess)), 0, 1)


def by_the_clock(n_epochs: int) -> list[int]:
    """The likeliest stage of every half hour since lights-out, as the training nights had it."""
    shares = read(FILE).time_of_night
    return [int(np.argmax(shares[min(i // HALF_HOUR, len(shares) - 1)])) for i in range(n_epochs)]


def held(truth: Sequence[int | None], epochs: int) -> list[int | None]:
    """What was true so many epochs before."""
    return ([0] * epochs + list(truth))[: len(truth)]


Statistic = Callable[[Ints], float]


def over_nights(tables: Sequence[Ints], statistic: Statistic) -> str:
    """Of the pooled nights, and the 95 % interval over nights drawn with replacement."""
    stack = np.array(tables)
    rng = Generator(Philox(1))
    drawn = [statistic(stack[rng.integers(0, len(stack), len(stack))].sum(axis=0)) for _ in range(DRAWS)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return f"{statistic(stack.sum(axis=0)):.3f} ({low:.3f} to {high:.3f})"


def known(found: Ints) -> Ints:
    """Without the epochs that have no stage."""
    return found[:, :UNKNOWN]


def agreement_table(nights: Sequence[JudgedNight]) -> str:
    """Kappas of the model, of guesses that know less, and of the anchors."""
    guesses: list[tuple[str, list[list[int | None]]]] = [
        ("**this model, causal**", [one.device for one in nights]),
        ("time of night only", [list(by_the_clock(len(one.truth))) for one in nights]),
        *[(f"the true stage {m} minutes ago", [held(one.truth, n) for one in nights]) for m, n in HELD.items()],
    ]
    rows = []
    for name, guess in guesses:
        tables = [counts(one.truth, stages) for one, stages in zip(nights, guess, strict=True)]
        statistics: list[Statistic] = [lambda t: kappa(known(t)), kappa, lambda t: kappa(two_class(t))]
        rows.append([name, *(over_nights(tables, one) for one in statistics)])
    head = ["", "kappa, four stages, known epochs", "unknown as a stage", "sleep and wake"]
    return table(head, rows + ANCHORS)


def stage_table(nights: Sequence[JudgedNight]) -> str:
    """Pooled epochs: rows true, columns found."""
    total = np.sum([counts(one.truth, one.device) for one in nights], axis=0)
    rows = []
    for i, name in enumerate(STAGES):
        recall = total[i, i] / max(known(total)[i].sum(), 1)
        rows.append([f"true {name}", *(str(n) for n in total[i]), f"{recall:.2f}", f"{HALO_RECALL[i]:.2f}"])
    return table(["epochs", *STAGES, "unknown", "recall of the known", "Halo Rise, on people"], rows)


def metrics_table(nights: Sequence[JudgedNight]) -> str:
    """Bland and Altman (1986): bias, spread and limits of agreement, night by night."""
    rng = Generator(Philox(2))
    rows = []
    for key in FOURTEEN:
        pairs = [(one.report["sleep"][key], one.report["truth"][key]) for one in nights]
        both = np.array([pair for pair in pairs if None not in pair], float).reshape(-1, 2)
        rows.append([key, *_bland_altman(both, rng), f"{len(both)} of {len(pairs)}"])
    head = ["figure", "mean of the truth", "mean found", "bias (95 % interval)", "spread (SD)", "limits of agreement"]
    return table([*head, "nights"], rows)


def _bland_altman(both: Floats, rng: Generator) -> list[str]:
    """both: [night, (found, true)]"""
    if len(both) < 2:
        return ["–"] * 5
    difference = both[:, 0] - both[:, 1]
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    drawn = difference[rng.integers(0, len(difference), (DRAWS, len(difference)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return [
        figure(float(both[:, 1].mean()), 1),
        figure(float(both[:, 0].mean()), 1),
        f"{bias:+.1f} ({low:+.1f} to {high:+.1f})",
        figure(spread, 1),
        f"{bias - 1.96 * spread:.1f} to {bias + 1.96 * spread:.1f}",
    ]


def night_table(nights: Sequence[JudgedNight]) -> str:
    """Every night's own agreement, as its report says it."""
    keys = ("epochs_truth", "epochs_unknown", "accuracy4", "kappa4", "kappa4_all", "kappa2")
    rows = [
        [str(one.seed), *(figure(one.report["agreement"][k], 0 if "epochs" in k else 3) for k in keys)]
        for one in nights
    ]
    return table(["seed", *keys], rows)


def section(work: Path, hours: str, seeds: Sequence[int] = TEST_SEEDS) -> str:
    """The Markdown of docs/evidence.md: makes the nights that are missing."""
    nights = [night(work, seed, hours) for seed in seeds]
    digests = sorted({str(one.report["parameters_digest"]) for one in nights})
    card = read(FILE).card
    return "\n\n".join(
        [
            f"Scenario `single`, seeds {seeds[0]} to {seeds[-1]}, {hours} hours each; parameters' digest of these "
            f"reports: {', '.join(digests)}. The model was trained on seeds {card['seeds']}. "
            "Epochs: from true lights-out to true waking.",
            agreement_table(nights),
            stage_table(nights),
            metrics_table(nights),
            night_table(nights),
        ]
    )


def main(arguments: Sequence[str]) -> None:
    """Print the section."""
    work = Path(arguments[0])
    work.mkdir(parents=True, exist_ok=True)
    short = "--short" in arguments
    print(section(work, "2" if short else "8", TEST_SEEDS[:2] if short else TEST_SEEDS))


if __name__ == "__main__":
    main(sys.argv[1:])
