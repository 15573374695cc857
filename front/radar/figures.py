"""What a radar configuration is good for: range, velocity, filters, memory, bus and power, as numbers with units.

Rule: range follows from the band the samples see, not from the declared one; powers of ten only, no rounding here.
Equations: c / 2B, c f / 2 slope, wavelength / 4 T (any text on FMCW radar); anti-alias corner: datasheet V2.4.9.
"""

from __future__ import annotations

from typing import Any

from front.radar.decode import FIFO_SAMPLES, Decoded

SPEED_OF_LIGHT_M_PER_S = 299_792_458.0
ANTI_ALIAS_HZ = 500_000
BURST_HEADER = 4
POWER_MODES = ("active", "idle", "deep sleep", "unknown")


def range_of_m(decoded: Decoded, frequency_hz: float) -> float:
    """Distance of an echo at this intermediate frequency."""
    return SPEED_OF_LIGHT_M_PER_S * frequency_hz / (2 * abs(float(decoded.slope_hz_per_s)))


def figures(d: Decoded, spi_hz: float) -> dict[str, Any]:
    """Flat, JSON-ready. spi_hz: clock of the bus that the FIFO is read over."""
    sampled_hz, chirp_s, frame_s = (
        float(d.sampled_hz),
        float(d.seconds(d.chirp_period)),
        float(d.seconds(d.frame_period)),
    )
    centre_hz = float(d.first_hz) + sampled_hz / 2
    wavelength_m = SPEED_OF_LIGHT_M_PER_S / centre_hz
    resolution_m = SPEED_OF_LIGHT_M_PER_S / (2 * abs(sampled_hz))
    frame_bytes = 3 * (d.frame_samples + d.frame_samples % 2) // 2
    spi_s = 8 * (frame_bytes + BURST_HEADER) / spi_hz
    share = {name: clocks / d.frame_period for name, clocks in vars(d.power).items()}
    return {
        "rx_antennas": list(d.rx_antennas),
        "start_hz": float(d.start_hz),
        "end_hz": float(d.end_hz),
        "bandwidth_declared_hz": float(d.end_hz - d.start_hz),
        "first_sample_hz": float(d.first_hz),
        "bandwidth_sampled_hz": sampled_hz,
        "slope_mhz_per_us": float(d.slope_hz_per_s) / 1e12,
        "range_resolution_m": resolution_m,
        "range_max_m": resolution_m * d.n_samples / 2,
        "range_high_pass_m": range_of_m(d, min(d.hp_cutoffs_hz, default=0)),
        "range_anti_alias_m": range_of_m(d, ANTI_ALIAS_HZ),
        "range_alias_free_m": range_of_m(d, max(float(d.sample_rate_hz) - ANTI_ALIAS_HZ, 0)),
        "velocity_max_m_per_s": wavelength_m / (4 * chirp_s),
        "velocity_resolution_m_per_s": wavelength_m / (2 * chirp_s * d.n_chirps),
        "velocity_between_frames_m_per_s": wavelength_m / (4 * frame_s),
        "n_samples": d.n_samples,
        "n_chirps": d.n_chirps,
        "sample_rate_hz": float(d.sample_rate_hz),
        "chirp_time_s": float(d.seconds(d.chirp)),
        "chirp_period_s": chirp_s,
        "chirp_period_clocks": d.chirp_period,
        "frame_period_s": frame_s,
        "frame_period_clocks": d.frame_period,
        "frames_per_s": 1 / frame_s,
        "first_frame_after_s": float(d.seconds(d.first_frame)),
        "reference_hz": d.reference_hz,
        "if_gain_db": list(d.gains_db),
        "high_pass_hz": list(d.hp_cutoffs_hz),
        "anti_alias_hz": ANTI_ALIAS_HZ,
        "tx_power_level": d.tx_power_level,
        "frame_samples": d.frame_samples,
        "fifo_share": d.frame_samples / FIFO_SAMPLES,
        "irq_threshold_samples": d.threshold,
        "irq_threshold_advised_samples": advised_threshold(d),
        "spi_hz": spi_hz,
        "frame_bytes": frame_bytes,
        "spi_frame_s": spi_s,
        "spi_share": spi_s / frame_s,
        "data_bytes_per_s": frame_bytes / frame_s,
        "share_chirping": share["chirping"],
        "share_awake": share["awake"],
        "share_idle": share["idle"],
        "share_deep_sleep": share["deep_sleep"],
        "share_waking": share["waking"],
        "mode_between_chirps": POWER_MODES[d.chirp_pause_mode],
        "mode_between_frames": POWER_MODES[d.frame_pause_mode],
    }


def advised_threshold(d: Decoded) -> int:
    """Samples at which an interrupt serves best: one frame, or even slices of it that leave half the FIFO free."""
    slices = 1
    while d.frame_samples > slices * (FIFO_SAMPLES if slices == 1 else FIFO_SAMPLES // 2) or d.frame_samples % slices:
        slices += 1
        if slices > d.frame_samples:
            return 0
    return d.frame_samples // slices // 2 * 2
