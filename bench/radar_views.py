"""The radar as the benches and the tests of scenes look through it.

Rule: one place for the default configuration in physical units; the firmware's own is its register list.
"""

from __future__ import annotations

from typing import Final

from hw_sim.radar_view import RadarView

# 3 rx x 256 samples x 8 chirps, 2 MHz, 3.5 GHz from 59.5 GHz, 20 frames a second.
DEFAULT: Final = RadarView(
    n_rx=3,
    rx_mask=7,
    n_samples=256,
    n_chirps=8,
    sample_rate_hz=2e6,
    f0_hz=59.6e9,
    slope_hz_per_s=3.5e9 / 131.5e-6,
    chirp_period_ns=500e3,
    frame_period_ns=50e6,
    if_gain_db=23.0,
    hp_cutoff_hz=20e3,
    tx_power_level=31,
)
