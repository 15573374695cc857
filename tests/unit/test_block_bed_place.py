"""Where the user lies: the reference against what was put in, then C against the reference."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.blocks import bed_place
from edge.blocks import parameters as p
from edge.blocks.bed_place import LEFT, RIGHT, BedPlace, Place, Second
from edge.core import load

FFI, LIB = load()
ENOUGH = int(p.BED_SECONDS)
MARGIN_MM, MARGIN_CDEG = round(1000 * p.BED_MARGIN_M), round(100 * p.BED_MARGIN_DEG)


def by_reference(place: Place, seconds: list[Second]) -> tuple[Place, list[int]]:
    """The place after these seconds, and in which ones it became known."""
    state = BedPlace(place)
    known = [i for i, second in enumerate(seconds) if bed_place.step(state, second)]
    return state.place, known


def by_c(place: Place, seconds: list[Second]) -> tuple[Place, list[int]]:
    state = FFI.new("sw_bed_place *")
    LIB.sw_bed_place_init(state, FFI.new("sw_place *", asdict(place)))
    given_second = FFI.new("sw_bed_second *")
    known = []
    for i, second in enumerate(seconds):
        for name, value in asdict(second).items():
            setattr(given_second, name, int(value))
        if LIB.sw_bed_place_step(state, given_second):
            known.append(i)
    return Place(**{name: getattr(state.place, name) for name in asdict(place)}), known


BOTH = pytest.mark.parametrize("learn", [by_reference, by_c])


def lying(distance_mm: float = 620, azimuth_cdeg: float = 300, n: int = ENOUGH, **other: Any) -> list[Second]:
    return [Second(**{"confidence": 255, "still": True, "distance_mm": round(distance_mm),
                      "azimuth_cdeg": round(azimuth_cdeg), "direction_validity": 250} | other)] * n  # fmt: skip


def assumed_by_c(side: int) -> Place:
    found = FFI.new("sw_place *")
    LIB.sw_bed_place_assume(found, side)
    return Place(**{name: getattr(found, name) for name in asdict(bed_place.assume(side))})


@pytest.mark.parametrize("assume", [bed_place.assume, assumed_by_c])
def test_a_side_is_half_a_bed_and_the_other_one_its_mirror_image(assume: Any) -> None:
    left, right = assume(LEFT), assume(RIGHT)
    assert (left.near_mm, left.far_mm) == (right.near_mm, right.far_mm) == (250, 1100)
    assert (left.azimuth_low_cdeg, left.azimuth_high_cdeg) == (-right.azimuth_high_cdeg, -right.azimuth_low_cdeg)
    assert math.sin(math.radians(left.azimuth_high_cdeg / 100)) == pytest.approx(0.6, abs=0.01)  # the head's end
    assert left.azimuth_high_cdeg < -left.azimuth_low_cdeg


@pytest.mark.parametrize("assume", [bed_place.assume, assumed_by_c])
@pytest.mark.parametrize("side", [0, 3])
def test_without_a_side_the_place_is_the_whole_zone(assume: Any, side: int) -> None:
    assert assume(side) == Place(round(1000 * p.ZONE_NEAR_M), round(1000 * p.ZONE_FAR_M), -9000, 9000, 0)


@BOTH
def test_enough_seconds_fix_the_place_around_what_was_seen(learn: Any) -> None:
    rng = np.random.default_rng(1)
    where = zip(rng.uniform(600, 700, ENOUGH), rng.uniform(-1000, 500, ENOUGH), strict=True)
    place, known = learn(bed_place.assume(LEFT), [lying(mm, cdeg, 1)[0] for mm, cdeg in where])
    assert known == [ENOUGH - 1]
    assert place == Place(600 - MARGIN_MM, 700 + MARGIN_MM, -1000 - MARGIN_CDEG, 500 + MARGIN_CDEG, LEFT, learnt=1)


@BOTH
def test_before_that_it_stays_as_assumed(learn: Any) -> None:
    assert learn(bed_place.assume(RIGHT), lying(n=ENOUGH - 1)) == (bed_place.assume(RIGHT), [])


@BOTH
@pytest.mark.parametrize("doubt", [{"confidence": p.BED_CONFIDENCE - 1}, {"still": False}])
def test_a_doubtful_or_restless_second_does_not_count(learn: Any, doubt: dict[str, Any]) -> None:
    assert learn(bed_place.assume(LEFT), lying(n=2 * ENOUGH, **doubt))[1] == []


@BOTH
def test_a_few_seconds_elsewhere_move_nothing(learn: Any) -> None:
    few = int(p.BED_TAIL * ENOUGH) - 1
    calm, _ = learn(bed_place.assume(LEFT), lying())
    with_others = lying(300, -6000, few) + lying(1400, 6000, few) + lying(n=ENOUGH - 2 * few)
    assert learn(bed_place.assume(LEFT), with_others)[0] == calm


@BOTH
def test_more_than_a_tail_elsewhere_belongs_to_the_place(learn: Any) -> None:
    many = int(p.BED_TAIL * ENOUGH) + 1
    place, _ = learn(bed_place.assume(LEFT), lying(n=ENOUGH - many) + lying(920, 300, many))
    assert place.far_mm == 950 + MARGIN_MM


@BOTH
def test_an_unsure_direction_leaves_the_assumed_one(learn: Any) -> None:
    place, known = learn(bed_place.assume(LEFT), lying(direction_validity=p.BED_DIRECTION - 1))
    assumed = bed_place.assume(LEFT)
    assert known and place.near_mm > assumed.near_mm
    assert (place.azimuth_low_cdeg, place.azimuth_high_cdeg) == (assumed.azimuth_low_cdeg, assumed.azimuth_high_cdeg)


@BOTH
def test_the_place_never_leaves_the_zone(learn: Any) -> None:
    near, _ = learn(bed_place.assume(LEFT), lying(100, -9000))
    far, _ = learn(bed_place.assume(LEFT), lying(5000, 9000))
    assert (near.near_mm, near.azimuth_low_cdeg) == (round(1000 * p.ZONE_NEAR_M), -9000)
    assert (far.far_mm, far.azimuth_high_cdeg) == (round(1000 * p.ZONE_FAR_M), 9000)


@BOTH
def test_a_learnt_place_stays(learn: Any) -> None:
    known = Place(400, 900, -2000, 1000, LEFT, learnt=1)
    assert learn(known, lying(n=2 * ENOUGH)) == (known, [])


@BOTH
def test_without_a_side_nothing_is_learnt(learn: Any) -> None:
    assert learn(bed_place.assume(0), lying(n=2 * ENOUGH))[1] == []


SPELLS = st.lists(
    st.tuples(st.integers(0, 1600), st.integers(-9000, 9000), st.integers(0, 255), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25)
@given(SPELLS, st.sampled_from([LEFT, RIGHT]), st.integers(0, 9))
def test_c_equals_reference(spells: list[tuple[int, int, int, bool]], side: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seconds = []
    for mm, cdeg, validity, restless in spells:
        spread = zip(rng.normal(mm, 40, 1500), rng.normal(cdeg, 500, 1500), strict=True)
        seconds += [
            lying(max(0, d), np.clip(a, -9000, 9000), 1, direction_validity=validity, still=not restless)[0]
            for d, a in spread
        ]
    assert by_c(bed_place.assume(side), seconds) == by_reference(bed_place.assume(side), seconds)
