"""The listener of `bench.replay_timing`: each piece is late by itself, however the kernel cut what it read."""

from __future__ import annotations

import pytest

from bench.replay_timing import PIECE_BYTES as P
from bench.replay_timing import behind_s

GAP_S = 0.05
PUNCTUAL = [(7.0 + n * GAP_S, P) for n in range(6)]


@pytest.mark.parametrize(
    ("heard", "late_ms"),
    [
        (PUNCTUAL, [0, 0, 0, 0, 0, 0]),
        ([*PUNCTUAL[:2], (PUNCTUAL[2][0] + 0.006, P), *PUNCTUAL[3:]], [0, 0, 6, 0, 0, 0]),
        ([*PUNCTUAL[:2], (PUNCTUAL[3][0], 2 * P), *PUNCTUAL[4:]], [0, 0, 50, 0, 0, 0]),
        ([*PUNCTUAL[:2], (7.1, P - 9), (7.103, 9), *PUNCTUAL[3:]], [0, 0, 3, 0, 0, 0]),
        ([(7.02, P), *PUNCTUAL[1:4]], [20, 0, 0, 0]),
        ([], []),
    ],
    ids=["punctual", "one late", "two in one read", "one in two reads", "the first late, two lost", "nothing"],
)
def test_one_that_is_late_makes_no_other_late(heard: list[tuple[float, int]], late_ms: list[float]) -> None:
    assert [1e3 * one for one in behind_s(heard, 6, GAP_S)] == pytest.approx(late_ms, abs=1e-6)
