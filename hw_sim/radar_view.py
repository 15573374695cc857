"""What the radar is programmed to do, as physics needs it: the one thing a scene knows of the chip."""

from __future__ import annotations

from dataclasses import dataclass

SPEED_OF_LIGHT_M_PER_S = 299_792_458.0


@dataclass(frozen=True, slots=True)
class RadarView:
    """Decoded radar configuration; same fields as `chip_radar_view` in `chip.h`.

    A frame may hold chirps of several kinds; uniform says that it does not. What belongs to one chirp is that of the first.

    n_rx: active antennas. rx_mask: bit 0 RX1, bit 1 RX2, bit 2 RX3.
    n_samples: per chirp and antenna. n_chirps: per frame, up and down.
    sample_rate_hz: ADC rate per antenna.
    f0_hz: frequency at the first sample of a chirp. slope_hz_per_s: of the chirp (rising > 0).
    chirp_period_ns, frame_period_ns: repetition times, exact to the clock of the chip.
    if_gain_db: high-pass plus variable gain. hp_cutoff_hz: corner of the IF high-pass; both of the lowest active antenna.
    tx_power_level: 0..31 (31 = full power).
    rx_gain_db, rx_cutoff_hz: the same for RX1, RX2, RX3; empty: all alike.
    uniform: all chirps of a frame are alike. frame_samples: of a whole frame; 0: as uniform chirps make it.
    chirp_samples: of each chirp, all antennas; empty when they are uniform, or absurdly many.
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
    rx_gain_db: tuple[float, ...] = ()
    rx_cutoff_hz: tuple[float, ...] = ()
    uniform: bool = True
    frame_samples: int = 0
    chirp_samples: tuple[int, ...] = ()

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
        """Shape of one uniform frame in FIFO order: (chirp, sample, rx)."""
        return (self.n_chirps, self.n_samples, self.n_rx)

    @property
    def frame_size(self) -> int:
        """Samples of one frame, whatever its chirps are like."""
        return self.frame_samples or self.n_chirps * self.n_samples * self.n_rx

    def antenna(self, number: int) -> tuple[float, float]:
        """Gain in dB and corner in Hz of the IF chain of RX1, RX2 or RX3."""
        gain_db = self.rx_gain_db[number - 1] if self.rx_gain_db else self.if_gain_db
        return gain_db, self.rx_cutoff_hz[number - 1] if self.rx_cutoff_hz else self.hp_cutoff_hz

    @property
    def rx_numbers(self) -> tuple[int, ...]:
        """Active antennas, lowest first, as they follow one another in a frame: 1, 2, 3."""
        return tuple(number for number in (1, 2, 3) if self.rx_mask >> (number - 1) & 1)
