"""Confidence: the reference against its formula, then C against the reference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator, Philox

from edge.blocks import confidence
from edge.blocks.parameters import (
    PERSON_COHERENCE,
    PERSON_PER_DB,
    PERSON_PER_M,
    PERSON_PER_RAD,
    PERSON_PER_S,
    PERSON_SNR_DB,
    RATE_SCORE,
    RESTLESS_S,
)
from edge.core import load

FFI, LIB = load()
SNR_DB = np.linspace(-80, 60, 1401)


class Reference:
    """The reference, doubts as three numbers."""

    quantise = staticmethod(confidence.quantise)
    decibel = staticmethod(confidence.decibel)
    breathing = staticmethod(confidence.breathing)

    @staticmethod
    def person(snr: float, coherence: float, outside: float = 0.0, below: float = 0.0, moving: float = 0.0) -> int:
        return confidence.person(snr, coherence, confidence.against(outside, below, moving))


class C:
    """The C block under the names of the reference."""

    quantise = LIB.sw_confidence_quantise
    decibel = LIB.sw_confidence_decibel
    breathing = LIB.sw_confidence_breathing

    @staticmethod
    def person(snr: float, coherence: float, outside: float = 0.0, below: float = 0.0, moving: float = 0.0) -> int:
        return int(LIB.sw_confidence_person(snr, coherence, FFI.new("sw_doubts *", (outside, below, moving))))


BLOCKS = pytest.mark.parametrize("block", [Reference, C])


@BLOCKS
@pytest.mark.parametrize(("log_odds", "expected"), [(-99.0, 0), (0.0, 128), (99.0, 255), (math.log(3), 191)])
def test_probability_is_counted_in_255ths(block: Any, log_odds: float, expected: int) -> None:
    assert block.quantise(log_odds) == expected


@BLOCKS
def test_power_is_counted_in_decibel(block: Any) -> None:
    assert [block.decibel(r) for r in (1.0, 100.0, 0.5, 0.0)] == pytest.approx([0, 20, -3.0103, -60], abs=1e-4)


@BLOCKS
def test_a_person_is_as_likely_as_not_at_the_stated_ratio(block: Any) -> None:
    assert block.person(10 ** (PERSON_SNR_DB / 10), 1.0, 0.0) in (127, 128)


@BLOCKS
def test_ten_decibel_more_are_ten_steps_of_log_odds(block: Any) -> None:
    expected = round(255 / (1 + math.exp(-3 * PERSON_PER_DB)))
    assert block.person(10 ** ((PERSON_SNR_DB + 3) / 10), 1.0, 0.0) == expected


@BLOCKS
def test_a_person_rises_with_the_ratio(block: Any) -> None:
    found = [block.person(r, 0.9, 0.0) for r in 10 ** (SNR_DB / 10)]
    assert np.all(np.diff(found) >= 0) and (found[0], found[-1]) == (0, 255)


@BLOCKS
def test_a_person_rises_with_coherence(block: Any) -> None:
    found = [block.person(10.0, c, 0.0) for c in np.linspace(-1, 1, 401)]
    assert np.all(np.diff(found) >= 0)
    assert found[0] == 0 and found[-1] == block.person(10.0, PERSON_COHERENCE, 0.0)


@BLOCKS
def test_a_person_falls_by_the_stated_step_outside_the_place(block: Any) -> None:
    half = 10 ** (PERSON_SNR_DB / 10)
    found = [block.person(half, 1.0, away) for away in np.linspace(0, 1, 101)]
    assert np.all(np.diff(found) <= 0) and found[-1] == 0
    assert block.person(half, 1.0, 0.1) == round(exact(-0.1 * PERSON_PER_RAD))


@BLOCKS
def test_a_person_falls_by_the_stated_step_below_the_bed(block: Any) -> None:
    half = 10 ** (PERSON_SNR_DB / 10)
    found = [block.person(half, 1.0, below=metres) for metres in np.linspace(0, 0.2, 101)]
    assert np.all(np.diff(found) <= 0) and found[-1] == 0
    assert block.person(half, 1.0, below=0.01) == round(exact(-0.01 * PERSON_PER_M))


@BLOCKS
def test_what_never_rests_is_nobody_in_the_end(block: Any) -> None:
    half = 10 ** (PERSON_SNR_DB / 10)
    assert block.person(half, 1.0, moving=RESTLESS_S) == block.person(half, 1.0)
    assert block.person(half, 1.0, moving=RESTLESS_S + 2.0) == round(exact(-2.0 * PERSON_PER_S))
    assert block.person(half, 1.0, moving=RESTLESS_S + 60.0) == 0


@BLOCKS
def test_breathing_falls_with_every_doubt(block: Any) -> None:
    doubts = np.linspace(0, 2, 201)
    assert np.all(np.diff([block.breathing(v, 0.1, 8) for v in doubts]) <= 0)
    assert np.all(np.diff([block.breathing(0.1, r, 8) for r in doubts]) <= 0)
    assert np.all(np.diff([block.breathing(0.1, 0.1, n) for n in range(12)]) >= 0)


@BLOCKS
def test_ideal_breathing_has_the_stated_score(block: Any) -> None:
    assert block.breathing(0.0, 0.0, 6) == round(255 / (1 + math.exp(-RATE_SCORE)))


def test_what_is_no_number_is_no_person() -> None:
    assert C.person(float("nan"), 1.0) == 0


def exact(log_odds: float) -> float:
    return 255 / (1 + math.exp(-log_odds))


def test_c_equals_reference_but_on_the_edge_of_a_step() -> None:
    rng = Generator(Philox(1))
    unequal = []
    for log_odds in rng.uniform(-21, 21, 5000).astype(np.float32):
        on_edge = abs(exact(float(log_odds)) % 1 - 0.5) < 1e-4
        if not on_edge and LIB.sw_confidence_quantise(log_odds) != confidence.quantise(float(log_odds)):
            unequal.append(log_odds)
    assert unequal == []


def test_c_differs_from_reference_by_a_step_at_most() -> None:
    rng = Generator(Philox(2))
    ratios, coherences = 10 ** rng.uniform(-7, 6, 3000), rng.uniform(-1, 1, 3000)
    away = np.maximum(rng.uniform(-0.5, 0.5, 3000), 0)
    below, moving = rng.uniform(0, 0.05, 3000), rng.uniform(0, 30, 3000)
    cases = zip(ratios, coherences, away, below, moving, strict=True)
    person = [(C.person(*case), Reference.person(*case)) for case in cases]
    doubts = rng.uniform(0, 1.5, (3000, 2))
    breathing = [(C.breathing(v, r, i % 10), confidence.breathing(v, r, i % 10)) for i, (v, r) in enumerate(doubts)]
    steps = np.abs(np.diff(person + breathing))
    assert steps.max() <= 1 and steps.mean() < 1e-3
