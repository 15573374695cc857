"""Vitals: what is not trusted is unknown, with its reason; C and reference alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edge.blocks import chain, vitals
from edge.core import load

FFI, LIB = load()
SNR, COHERENCE, RESIDUAL = 1e4, 0.9, 0.1
Fill = Callable[..., dict[str, int]]


def by_c(*, flags: int = 0, seconds: int = 9, gaps: int = 0, **measured: float) -> dict[str, int]:
    """sw_vitals_fill over blocks that measured this."""
    m = {"snr": SNR, "coherence": COHERENCE, "residual": RESIDUAL, "moving": 0, "fitted": 1, "azimuth": 0.1, **measured}
    candidates, direction = FFI.new("sw_candidates *"), FFI.new("sw_direction *")
    motion, circle, rate = FFI.new("sw_motion_state *"), FFI.new("sw_phase_circle *"), FFI.new("sw_breathing_rate *")
    candidates.snr, candidates.coherence, candidates.body_bin, candidates.distance_m = (
        m["snr"],
        m["coherence"],
        17,
        0.75,
    )
    direction.coherence, direction.azimuth_rad = 0.9, m["azimuth"]
    place = FFI.new("sw_place *", {"azimuth_low_cdeg": -2000, "azimuth_high_cdeg": 1500})
    motion.moving, circle.fitted, circle.residual = int(m["moving"]), int(m["fitted"]), m["residual"]
    rate.rate_per_min, rate.intervals, rate.line_share = 14.0, 7, 0.8
    sources = FFI.new("sw_vitals_sources *", (candidates, direction, motion, circle, rate, place, seconds, gaps))
    out = FFI.new("sw_chain_out *")
    out.flags = flags
    LIB.sw_vitals_fill(sources, out)
    return {name: int(getattr(out, name)) for name, field in FFI.typeof("sw_chain_out").fields if name != "wave_um"}


def by_reference(*, flags: int = 0, seconds: int = 9, gaps: int = 0, **measured: float) -> dict[str, int]:
    """vitals.fill over the same."""
    m = {"snr": SNR, "coherence": COHERENCE, "residual": RESIDUAL, "moving": 0, "fitted": 1, "azimuth": 0.1, **measured}
    state: Any = np.zeros(1, chain.STATE)[0]
    state["candidates"]["snr"], state["candidates"]["coherence"] = m["snr"], m["coherence"]
    state["candidates"]["body_bin"], state["candidates"]["distance_m"] = 17, 0.75
    state["direction"]["coherence"], state["direction"]["azimuth_rad"] = 0.9, m["azimuth"]
    state["azimuth_low_rad"], state["azimuth_high_rad"] = np.radians([-20.0, 15.0])
    state["motion"]["moving"] = m["moving"]
    state["circle"]["fitted"], state["circle"]["residual"] = m["fitted"], m["residual"]
    rate = state["rate"]
    rate["rate_per_min"], rate["intervals"], rate["line_share"] = 14.0, 7, 0.8
    state["seconds"], state["gaps"] = seconds, gaps
    out: Any = np.zeros(1, vitals.OUT)[0]
    vitals.fill(state, 0, flags, out)
    return {name: int(out[name]) for name in vitals.OUT.names or () if name != "wave_um"}


BOTH = pytest.mark.parametrize("fill", [by_c, by_reference])
CASES = [
    ({}, "NONE", "NONE"),
    ({"seconds": 0}, "STARTING", "STARTING"),
    ({"azimuth": 0.4, "snr": 10.0}, "NOBODY", "NOBODY"),
    ({"azimuth": -0.3, "snr": 12.0}, "NONE", "NONE"),
    ({"seconds": 0, "gaps": 1}, "GAP", "GAP"),
    ({"snr": 0.5}, "NOBODY", "NOBODY"),
    ({"moving": 1}, "MOVING", "MOVING"),
    ({"fitted": 0}, "STARTING", "STARTING"),
    ({"flags": 1}, "SATURATED", "SATURATED"),
    ({"coherence": 0.2}, "LOW_QUALITY", "NONE"),
    ({"residual": 0.7}, "LOW_QUALITY", "NONE"),
]


@BOTH
@pytest.mark.parametrize(("case", "rate", "wave"), CASES, ids=[str(case) for case, _, _ in CASES])
def test_every_doubt_has_its_reason(fill: Fill, case: dict[str, Any], rate: str, wave: str) -> None:
    out = fill(**case)
    reasons = (out["rate_reason"], out["wave_reason"])
    assert reasons == (getattr(LIB, f"SW_REASON_{rate}"), getattr(LIB, f"SW_REASON_{wave}"))
    assert (out["rate_validity"] > 0) == (rate == "NONE") == (out["rate_centi_per_min"] > 0)
    assert (out["wave_validity"] > 0) == (wave == "NONE")


@pytest.mark.parametrize("case", [case for case, _, _ in CASES], ids=[str(case) for case, _, _ in CASES])
def test_c_fills_as_the_reference(case: dict[str, Any]) -> None:
    assert by_c(**case) == pytest.approx(by_reference(**case), abs=1)


@BOTH
def test_nobody_has_no_distance_left(fill: Fill) -> None:
    out = fill(snr=0.5)
    assert (out["distance_mm"], out["distance_validity"], out["azimuth_cdeg"], out["range_bin"]) == (0, 0, 0, 0)


@BOTH
def test_a_body_has_place_and_motion_class(fill: Fill) -> None:
    out = fill(moving=1)
    assert (out["distance_mm"], out["azimuth_cdeg"], out["motion_class"]) == (750, 573, LIB.SW_MOTION_MOVING)
