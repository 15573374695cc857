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

from bench.hypnogram_measures import Night, Row, compare, held_kappa, limits, time_of_night_kappa
from front.env import data_dir
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
    for night in nights:
        np.add.at(count, (night[:-1], night[1:]), 1)
    until = np.cumsum(count / count.sum(1, keepdims=True), axis=1)

    def generate(n_epochs: int, rng: np.random.Generator) -> Night:
        stages = np.zeros(n_epochs, np.int8)
        for k, u in enumerate(rng.random(n_epochs - 1)):
            stages[k + 1] = min(int(np.searchsorted(until[stages[k]], u, "right")), 3)
        return stages

    return generate


def simulate(generate: Generator, like: Sequence[Night]) -> list[Night]:
    """SIMULATED nights, as long as the real ones in turn."""
    streams = np.random.default_rng(SEED).spawn(SIMULATED)
    return [generate(like[k % len(like)].size, rng) for k, rng in enumerate(streams)]


def judge(generate: Generator, nights: Sequence[Night]) -> Comparison:
    """A generator fitted to the first FIT_NIGHTS beside the rest."""
    unseen = nights[FIT_NIGHTS:]
    ours = simulate(generate, unseen)
    within = limits(nights, DRAWS, np.random.default_rng(SEED))
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


def main() -> int:
    """Print the tables; 1 when the model fails or the wrong one does not."""
    try:
        nights = clinic_nights(data_dir())
    except NightsError as error:
        print(error, file=sys.stderr)
        return 2
    wrong = judge(markov(nights[:FIT_NIGHTS]), nights)
    print(f"## First-order Markov chain (must fail)\n\n{table(wrong)}")
    return 0 if wrong.failed else 1


if __name__ == "__main__":
    sys.exit(main())
