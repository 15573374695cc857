"""Which simulated nights a model may be trained on, and which judge it.

Rule: fixed before the first training, disjoint, and checked by the command that trains.
"""

from __future__ import annotations

TEST_SEEDS = range(1, 21)
#: Seeds below are kept for tests, demonstrations and evidence.
TRAINING_FROM = 1001
TRAINING_NIGHTS = 30


class SeedError(ValueError):
    """A seed that no model may be trained on; one line."""


def check_training(seeds: range) -> range:
    """The seeds themselves. Raises SeedError."""
    if not len(seeds) or seeds[0] < TRAINING_FROM:
        raise SeedError(f"training seeds {seeds.start}..{seeds.stop - 1}: expected some, from {TRAINING_FROM} on")
    return seeds
