"""Are simulated hypnograms like real ones? Fitted on nights 1 to 80, compared with nights 81 to 120.

Rule: the comparison (measures, seeds, limits) was committed before any model was tuned, and a wrong model fails it:
a first-order Markov chain fitted to the same nights.
Use: python -m bench.hypnograms   (needs the recordings, docs/data.md; exit 1 when a row does not hold)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.hypnogram_measures import Distances, Night, Row, compare, held_kappa, limits, time_of_night_kappa
from front.env import data_dir
from hw_sim.fit_hypnograms import SEED as FIT_SEED
from hw_sim.fit_hypnograms import fit
from hw_sim.hypnogram import draw_sleeper, one_night
from hw_sim.psg_nights import NightsError, clinic_nights

Generator = Callable[[int, np.random.Generator], Night]  # (n_epochs, rng) -> stages
FIT_NIGHTS = 80
SIMULATED = 200
DRAWS = 1000
SEED = 1
KAPPA_WITHIN = 0.03


@dataclass(frozen=True)
class Comparison:
    """Distances per measure, and (simulated, real) of what knows the time only or the last stage only."""

    rows: list[Row]
    kappas: dict[str, tuple[float, float]]

    @property
    def failed(self) -> list[str]:
        """Names of what is too far from the real nights."""
        apart = [name for name, (ours, real) in self.kappas.items() if abs(ours - real) > KAPPA_WITHIN]
        return [row.name for row in self.rows if not row.holds] + apart


def markov(nights: Sequence[Night]) -> Generator:
    """The wrong model: a first-order Markov chain with the nights' own transition frequencies."""
    count = np.zeros((4, 4))
    for stages in nights:
        np.add.at(count, (stages[:-1], stages[1:]), 1)
    until = np.cumsum(count / count.sum(1, keepdims=True), axis=1)

    def generate(n_epochs: int, rng: np.random.Generator) -> Night:
        stages = np.zeros(n_epochs, np.int8)
        for k, u in enumerate(rng.random(n_epochs - 1)):
            stages[k + 1] = min(int(np.searchsorted(until[stages[k]], u, "right")), 3)
        return stages

    return generate


def semi_markov(nights: Sequence[Night]) -> Generator:
    """The simulator's model, fitted to these nights alone."""
    table = fit(nights, np.random.Generator(np.random.PCG64(FIT_SEED)))
    return lambda n_epochs, rng: one_night(table, draw_sleeper(table, "clinic", rng), n_epochs, rng)


def simulate(generate: Generator, like: Sequence[Night]) -> list[Night]:
    """SIMULATED nights, as long as the real ones in turn."""
    streams = np.random.default_rng(SEED).spawn(SIMULATED)
    return [generate(like[k % len(like)].size, rng) for k, rng in enumerate(streams)]


def real_limits(nights: Sequence[Night]) -> dict[str, Distances]:
    """What random halves of these nights reach."""
    return limits(nights, DRAWS, np.random.default_rng(SEED))


def judge(generate: Generator, nights: Sequence[Night], within: dict[str, Distances]) -> Comparison:
    """A generator fitted to the first FIT_NIGHTS beside the rest."""
    unseen = nights[FIT_NIGHTS:]
    ours = simulate(generate, unseen)
    kappas = {
        "time of night only, kappa": (time_of_night_kappa(ours[: len(nights)]), time_of_night_kappa(nights)),
        "stage held for 2 minutes, kappa": (held_kappa(ours, 2), held_kappa(unseen, 2)),
        "stage held for 5 minutes, kappa": (held_kappa(ours, 5), held_kappa(unseen, 5)),
    }
    return Comparison(compare(ours, unseen, within), kappas)


def table(found: Comparison) -> str:
    """Markdown: every measure with its distances and limits."""
    lines = ["| measure | KS | at most | Wasserstein | at most | |", "| --- | --- | --- | --- | --- | --- |"]
    for row in found.rows:
        (ks, far), (ks_limit, far_limit) = row.found, row.limit
        mark = "" if row.holds else "too far"
        lines.append(f"| {row.name} | {ks:.3f} | {ks_limit:.3f} | {far:.2f} | {far_limit:.2f} | {mark} |")
    lines += ["", "| | simulated | real |", "| --- | --- | --- |"]
    lines += [f"| {name} | {ours:.3f} | {real:.3f} |" for name, (ours, real) in found.kappas.items()]
    return "\n".join(lines)


def section() -> tuple[str, bool]:
    """(Markdown of both models, whether the simulator's holds and the wrong one fails). Raises NightsError."""
    nights = clinic_nights(data_dir())
    within = real_limits(nights)
    found, wrong = (judge(model(nights[:FIT_NIGHTS]), nights, within) for model in (semi_markov, markov))
    what = f"{SIMULATED} simulated nights beside real nights {FIT_NIGHTS + 1} to {len(nights)}"
    parts = [
        f"Fitted to nights 1 to {FIT_NIGHTS}; {what}. Wasserstein distances in minutes; transitions and awakenings in counts.",
        f"### Semi-Markov with cycle clock\n\n{table(found)}",
        f"### First-order Markov chain, fitted to the same nights (must fail)\n\n{table(wrong)}",
    ]
    return "\n\n".join(parts), bool(wrong.failed) and not found.failed


def main() -> int:
    """Print the tables; 1 when the model fails or the wrong one does not."""
    try:
        text, holds = section()
    except NightsError as error:
        print(error, file=sys.stderr)
        return 2
    print(text)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
