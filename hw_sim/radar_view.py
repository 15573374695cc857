"""What the radar is programmed to do, as physics needs it: the one thing a scene knows of the chip."""

from __future__ import annotations

from dataclasses import dataclass

SPEED_OF_LIGHT_M_PER_S = 299_792_458.0


@dataclass(frozen=True, slots=True)
class RadarView:
    """Decoded radar configuration; same fields as `chip_radar_view` in `chip.h`.

    n_rx: active antennas. rx_mask: bit 0 RX1, bit 1 RX2, bit 2 RX3.
    n_samples: per chirp and antenna. n_chirps: per frame.
    sample_rate_hz: ADC rate per antenna.
    f0_hz: frequency at the first sample of a chirp. slope_hz_per_s: of the chirp (rising > 0).
    chirp_period_ns, frame_period_ns: repetition times, exact to the 12.5 ns clock.
    if_gain_db: high-pass plus variable gain. hp_cutoff_hz: corner of the IF high-pass.
    tx_power_level: 0..31 (31 = full power).
    """

    n_rx: int
    rx_mask: int
    n_samples: int
    n_chirps: int
    sample_rate_hz: float
    f0_hz: float
    slope_hz_per_s: float
    chirp_period_ns: float
    frame_period_ns: float
    if_gain_db: float
    hp_cutoff_hz: float
    tx_power_level: int

    @property
    def bandwidth_hz(self) -> float:
        """What the samples of one chirp sweep: slope times n_samples / sample rate."""
        return self.slope_hz_per_s * self.n_samples / self.sample_rate_hz

    @property
    def centre_hz(self) -> float:
        """Middle of the sampled band."""
        return self.f0_hz + 0.5 * self.bandwidth_hz

    @property
    def wavelength_m(self) -> float:
        """At the centre of the sampled band."""
        return SPEED_OF_LIGHT_M_PER_S / self.centre_hz

    @property
    def range_bin_m(self) -> float:
        """Range step of an FFT over all samples of a chirp: c / 2B."""
        return SPEED_OF_LIGHT_M_PER_S / (2.0 * self.bandwidth_hz)

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Shape of one frame in FIFO order: (chirp, sample, rx)."""
        return (self.n_chirps, self.n_samples, self.n_rx)

    @property
    def rx_numbers(self) -> tuple[int, ...]:
        """Active antennas, lowest first, as they follow one another in a frame: 1, 2, 3."""
        return tuple(number for number in (1, 2, 3) if self.rx_mask >> (number - 1) & 1)
