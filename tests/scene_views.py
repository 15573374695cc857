"""Radar configurations that scene tests look through."""

from __future__ import annotations

from bench.radar_views import DEFAULT
from hw_sim.radar_view import RadarView

__all__ = ["DEFAULT", "RECORDING"]

# The public recording of a sitting person: 58 to 63.5 GHz declared, 64 samples at 2 MHz, 12.94 frames a second.
RECORDING = RadarView(
    n_rx=3,
    rx_mask=7,
    n_samples=64,
    n_chirps=8,
    sample_rate_hz=2e6,
    f0_hz=58.45e9,
    slope_hz_per_s=5.5e9 / 38.0e-6,
    chirp_period_ns=591_125.0,
    frame_period_ns=77_268_846.33,
    if_gain_db=23.0,
    hp_cutoff_hz=80e3,
    tx_power_level=31,
)
