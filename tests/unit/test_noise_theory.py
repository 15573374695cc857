"""The radio against theory: noise of amplitude and phase, shadows, antennas of one's own. A few rows of the bench."""

from __future__ import annotations

import pytest

from bench.noise_theory import diameter_m, mismatch_rows, noise_row, noise_table, shadow_row


@pytest.mark.parametrize(("snr_db", "moving"), [(10.0, False), (25.0, True), (40.0, False), (40.0, True)])
def test_amplitude_and_phase_noise_follow_theory(snr_db: float, moving: bool) -> None:
    row = noise_row(snr_db, moving=moving, n=600)
    assert max(abs(off_db) for off_db in row.off_db) < 1.0
    assert f"| {snr_db:.0f} |" in noise_table([row])


def test_spheres_for_every_snr_are_possible() -> None:
    assert 0.005 < diameter_m(10.0) < diameter_m(40.0) < 1.0
    assert diameter_m(40.0) == pytest.approx(10**1.5 * diameter_m(10.0))


@pytest.mark.parametrize("inside_m", [-0.01, 0.0, 0.02, 0.08])
def test_a_shadow_is_that_of_a_knife_edge(inside_m: float) -> None:
    row = shadow_row(inside_m)
    assert row.measured_db == pytest.approx(row.theory_db, abs=0.8)


def test_antennas_differ_as_they_were_drawn() -> None:
    for row in mismatch_rows(4, gain_db=2.0, phase_deg=40.0):
        assert row.measured_db == pytest.approx(row.drawn_db, abs=0.1)
        assert row.measured_deg == pytest.approx(row.drawn_deg, abs=1.0)
        assert abs(row.drawn_deg) > 0.5
