"""A bad serial line: rates, directions, and that chance follows from the seed and the bytes alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hw_sim.line_faults import TO_DEVICE, TO_HOST, Line, LineFaults

DATA = np.random.default_rng(5).integers(0, 256, 50_000, np.uint8).tobytes()


def carried(way: int = TO_HOST, pieces: int = 1, seed: int = 1, data: bytes = DATA, **faults: Any) -> bytes:
    line = Line(seed)
    line.faults = LineFaults(**faults)
    size = -(-len(data) // pieces)
    return b"".join(line.carry(way, data[at : at + size]) for at in range(0, len(data), size))


def test_a_good_line_carries_all() -> None:
    assert carried() == DATA


def test_garbled_bytes_have_one_bit_flipped() -> None:
    flips = [(a ^ b).bit_count() for a, b in zip(carried(garbled_ppm=20_000), DATA, strict=True)]
    assert (max(flips), sum(flips)) == (1, pytest.approx(1000, rel=0.1))


def test_bytes_are_lost_and_added_at_the_rate() -> None:
    assert len(carried(lost_ppm=20_000)) == pytest.approx(len(DATA) - 1000, abs=100)
    assert len(carried(inserted_ppm=20_000)) == pytest.approx(len(DATA) + 1000, abs=100)


ALL = {"garbled_ppm": 9000, "lost_ppm": 7000, "inserted_ppm": 5000}


@pytest.mark.parametrize("pieces", [7, 500])
def test_pieces_make_no_difference(pieces: int) -> None:
    assert carried(pieces=pieces, **ALL) == carried(**ALL)


def test_single_bytes_make_no_difference() -> None:
    some = DATA[:10_000]
    whole = carried(data=some, **ALL)
    assert whole != some
    assert carried(pieces=len(some), data=some, **ALL) == whole


def test_chance_follows_from_seed_and_direction() -> None:
    assert carried(**ALL) == carried(**ALL)
    assert len({carried(**ALL), carried(seed=2, **ALL), carried(TO_DEVICE, **ALL)}) == 3


@pytest.mark.parametrize(
    ("fault", "to_host", "to_device"),
    [("cut_to_host", b"", DATA), ("cut_to_device", DATA, b""), ("host_silent", DATA, b"")],
)
def test_a_cut_is_one_way(fault: str, to_host: bytes, to_device: bytes) -> None:
    assert (carried(TO_HOST, **{fault: True}), carried(TO_DEVICE, **{fault: True})) == (to_host, to_device)
