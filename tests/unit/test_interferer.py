"""A second 60 GHz device beside somebody who breathes: what it costs, from where on it is told, and never a wrong rate."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import msgspec
import numpy as np
import pytest

from hw_sim.front_end import INTERFERER
from hw_sim.interferer import received_w
from hw_sim.rig import Rig
from hw_sim.scenario import load_scenario
from hw_sim.scenario_room import Radar
from hw_sim.scene import Scene
from tests.scene_views import DEFAULT
from wire import packet, table, values

SECONDS, TRUE_PER_MIN = 150, 14.4
SETTLED_S = 30.0
DISTURBS = table.text_of(table.Reason, table.Reason["INTERFERENCE"])
NEAR_M, EDGE_M, FAR_M = (0.5, 0.6), (0.8, 2.0), 8.0


class Heard(NamedTuple):
    """rates: of each VITALS once settled, nan: unknown. disturbed: their share with the reason. told: in a FAULT packet."""

    rates: tuple[float, ...]
    disturbed: float
    told: bool

    @property
    def known(self) -> float:
        return float(np.isfinite(self.rates).mean())


def at(distance_m: float) -> Radar:
    """Of INTERFERER's sweeps, in front of us, 10 dB beside its own beam as its default has it."""
    return msgspec.structs.replace(INTERFERER, distance_m=distance_m)


@cache
def heard(distance_m: float | None) -> Heard:
    scenario = load_scenario("sitter", 3)
    if distance_m is not None:
        scenario = msgspec.structs.replace(scenario, radars={"other": at(distance_m)})
    with Rig(Scene(scenario, seed=3, duration_s=SECONDS), seed=3) as rig:
        rig.run(SECONDS)
        seen = [values.vitals(one) for one in rig.packets if one.type == packet.VITALS]
        told = any(
            one.fields["reason"] == table.Reason["INTERFERENCE"] for one in rig.packets if one.type == packet.FAULT
        )
    seen = [one for one in seen if one.t_us >= SETTLED_S * 1e6]
    rates = [math.nan if one.respiration_rate_per_min is None else one.respiration_rate_per_min for one in seen]
    return Heard(tuple(rates), sum(one.respiration_reason == DISTURBS for one in seen) / len(seen), told)


def dbm(distance_m: float) -> float:
    return 10 * math.log10(1e3 * received_w(at(distance_m), DEFAULT.wavelength_m))


def test_alone_nothing_is_told_and_all_is_known() -> None:
    alone = heard(None)
    assert (alone.told, alone.disturbed) == (False, 0.0) and alone.known > 0.95


@pytest.mark.parametrize("distance_m", NEAR_M)
def test_one_that_is_near_is_told_and_costs_seconds(distance_m: float) -> None:
    found = heard(distance_m)
    assert dbm(distance_m) > -64.0
    assert found.told and 0.3 < found.disturbed < 0.9
    assert found.known == pytest.approx(1.0 - found.disturbed, abs=0.05)


@pytest.mark.parametrize("distance_m", [*EDGE_M, FAR_M])
def test_one_that_is_far_is_not_told_and_costs_nothing(distance_m: float) -> None:
    found, alone = heard(distance_m), heard(None)
    assert dbm(distance_m) < -65.0
    assert not found.told and found.known == alone.known
    assert found.rates == pytest.approx(alone.rates, abs=0.1, nan_ok=True)


@pytest.mark.parametrize("distance_m", [*NEAR_M, *EDGE_M, FAR_M])
def test_what_is_still_shown_is_right(distance_m: float) -> None:
    """Unknown, never wrong: as near the truth as without the other device."""
    alone = np.nanmax(np.abs(np.array(heard(None).rates) - TRUE_PER_MIN))
    assert np.nanmax(np.abs(np.array(heard(distance_m).rates) - TRUE_PER_MIN)) < alone + 0.5


def test_in_samples_it_falls_with_the_distance() -> None:
    """Friis: a burst twice as far away is half as high."""
    assert dbm(0.5) - dbm(1.0) == pytest.approx(20 * math.log10(2.0))
