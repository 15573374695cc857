"""The radio of one scene: antennas, receivers, converter, and whoever else transmits, with the faults of an instant.

Rule: a fault changes configuration: what a kernel gets for a run of frames; the kernels know no faults.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hw_sim.antenna import AntennaSet, make_antennas, still_weights, weights_of
from hw_sim.interferer import others_through, received_w
from hw_sim.lines import Line, Lines, charger_lines, lines_through
from hw_sim.radar_equation import RadarNumbers, leakage, radar_numbers, still_echo
from hw_sim.radar_view import RadarView
from hw_sim.radio_faults import RadioFaults, Span, faults_at, next_change_s
from hw_sim.receiver import Receiver, bent, flicker_poles, ideal, noise_taps
from hw_sim.scenario import Scenario
from hw_sim.scenario_room import FrontEnd as FrontEndTable
from hw_sim.scenario_room import Radar
from hw_sim.synthesis import Extras

MID_SCALE: Final = 2048.0
DEAD_NOISE_COUNTS: Final = 0.3  # of a converter whose receiver is dead
PLATE_RCS_M2: Final = 0.05
RIPPLE_COUNTS: Final = 12.0
RIPPLE_PPM: Final = 123.0  # against the radar's clock: a converter runs freely
WARM_DB_PER_C: Final = -0.05  # an assumption: receivers lose gain when hot
WARM_COUNTS_PER_C: Final = 0.4  # an assumption: converters drift
MISMATCH_DEG_PER_DB: Final = 20.0
# of a fault: sweeps of 3.3 GHz in 69 us as presence sensors have them, 64 in a frame
INTERFERER: Final = Radar(
    distance_m=2.0,
    azimuth_deg=0.0,
    start_ghz=59.1,
    sweep_ghz=3.3,
    sweep_us=69.0,
    chirp_us=412.0,
    chirps=64,
    frames_per_s=7.3,
)
_KEPT: Final = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What one radar configuration and one set of faults fix."""

    radar: RadarNumbers
    base: NDArray[np.float32]  # [rx, sample]: offset, leakage and clutter, counts plus one half for rounding
    extras: Extras


def own_generator(seed: int, name: str) -> np.random.Generator:
    """Randomness of one named part: no other part's presence changes it."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


class FrontEnd:
    """Draws the radio once; then gives what the kernels need at any time, through any view."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        clutter: tuple[NDArray[np.float64], NDArray[np.float64]],
        offset_counts: NDArray[np.float64],
        mirrored: bool,
    ) -> None:
        self.antennas: AntennaSet = make_antennas(scenario.antennas, own_generator(seed, "antennas"))
        self._table = scenario.front_end or FrontEndTable()
        self._clutter, self._offset = clutter, offset_counts
        sign = -1.0 if mirrored else 1.0
        self._radars = [
            (_turned(radar, sign), float(own_generator(seed, f"radars.{name}").uniform(0, 1 / radar.frames_per_s)))
            for name, radar in scenario.radars.items()
        ]
        self._lines: list[Line] = []
        for name, charger in scenario.chargers.items():
            self._lines += charger_lines(charger, own_generator(seed, f"chargers.{name}"))
        self._spans: tuple[Span, ...] = ()
        self._kept: dict[tuple[RadarView, RadioFaults], Seen] = {}

    def set_faults(self, spans: Sequence[Span]) -> None:
        """All faults of the run, past ones too."""
        self._spans = tuple(spans)

    def runs(self, first_us: float, period_us: float, n: int, view: RadarView) -> Iterator[tuple[int, int, Seen]]:
        """(first frame, frames, what they are seen through): runs of frames in which no fault begins, ends or grows."""
        k = 0
        while k < n:
            t_s = 1e-6 * (first_us + k * period_us)
            change_s, end = next_change_s(self._spans, t_s), k + 1
            while end < n and 1e-6 * (first_us + end * period_us) < change_s:
                end += 1
            yield k, end - k, self._through(view, faults_at(self._spans, t_s))
            k = end

    def _through(self, view: RadarView, wrong: RadioFaults) -> Seen:
        """Kept for the last few."""
        key = (view, wrong)
        if key not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self._make(view, wrong)
        return self._kept[key]

    def _make(self, view: RadarView, wrong: RadioFaults) -> Seen:
        view = _as_set(view, wrong)
        weights = weights_of(self.antennas, view.rx_numbers, _gains(wrong))
        more_db = tuple(wrong.leakage_db + self.antennas.leakage_db)
        at_m, rcs_m2 = self._clutter
        if wrong.near_m:
            at_m = np.concatenate([at_m, [[0.0], [wrong.near_m], [0.0]]], axis=1)
            rcs_m2 = np.append(rcs_m2, PLATE_RCS_M2)
        echo = still_echo(view, at_m, rcs_m2, still_weights(weights, at_m) if weights.on else None)
        heard = np.array([[float(number != wrong.dead)] for number in view.rx_numbers])
        signal = (echo + leakage(view, more_db, _gains(wrong) if wrong.mismatch_deg else None)) * heard
        receiver = self._receiver(view, wrong)
        rows = [number - 1 for number in view.rx_numbers]
        more = self._table.offset_counts + wrong.offset_counts + WARM_COUNTS_PER_C * wrong.warm_c
        offset = MID_SCALE + 0.5 + self._offset[rows] + more
        others = others_through(self._radars, view)
        if wrong.interferer_dbm:
            others = others_through([*self._radars, (_as_loud(wrong.interferer_dbm, view), 0.0)], view)
        extras = Extras(
            weights, self._lines_of(view, wrong), others, receiver, bool(receiver.special or others.slope.size)
        )
        radar = radar_numbers(view)
        if wrong.dead in view.rx_numbers:
            radar.noise_rms[view.rx_numbers.index(wrong.dead)] = DEAD_NOISE_COUNTS
        return Seen(radar, (signal + offset[:, None]).astype(np.float32), extras)

    def _lines_of(self, view: RadarView, wrong: RadioFaults) -> Lines:
        found = list(self._lines)
        if wrong.ripple_hz:
            hz = wrong.ripple_hz * (1 + 1e-6 * RIPPLE_PPM)
            found.append(Line(hz, RIPPLE_COUNTS, 0.0, 1.0, (0.0, 0.1, 0.2), (0.0, float("inf"))))
        return lines_through(found, view)

    def _receiver(self, view: RadarView, wrong: RadioFaults) -> Receiver:
        table = self._table
        first = table.first_chirp_counts + wrong.first_chirp_counts
        bend = table.ramp_bend_pct + wrong.bend_pct
        if not (first or bend or table.noise_shape_db or table.flicker_khz):
            return ideal(view)
        found = ideal(view)._replace(special=True, taps=np.array(noise_taps(table.noise_shape_db), np.float32))
        if table.flicker_khz:
            found = found._replace(flicker=flicker_poles(1e3 * table.flicker_khz, view.sample_rate_hz))
        t_us = 1e6 * np.arange(view.n_samples) / view.sample_rate_hz
        found.first_chirp[:] = first * np.exp(-t_us / table.first_chirp_us)
        if bend:
            at, weight = bent(view, bend / 100)
            found = found._replace(from_sample=at, weight=weight)
        return found


def _turned(radar: Radar, sign: float) -> Radar:
    return msgspec.structs.replace(radar, azimuth_deg=sign * radar.azimuth_deg)


def _as_loud(dbm: float, view: RadarView) -> Radar:
    """The interferer of a fault at so many dBm at the antennas."""
    now_dbm = 10 * math.log10(1e3 * received_w(INTERFERER, view.wavelength_m))
    return msgspec.structs.replace(INTERFERER, eirp_dbm=INTERFERER.eirp_dbm + dbm - now_dbm)


def _as_set(view: RadarView, wrong: RadioFaults) -> RadarView:
    """The configuration that the radio really has."""
    more_db = wrong.gain_db + WARM_DB_PER_C * wrong.warm_c
    if more_db:
        gains = tuple(gain_db + more_db for gain_db in view.rx_gain_db)
        view = replace(view, if_gain_db=view.if_gain_db + more_db, rx_gain_db=gains)
    return replace(view, slope_hz_per_s=0.0) if wrong.unlocked else view


def _gains(wrong: RadioFaults) -> NDArray[np.complex128]:
    """What a fault makes of RX1 to RX3."""
    gain = np.ones(3, np.complex128)
    if wrong.mismatch_deg:
        db = -abs(wrong.mismatch_deg) / MISMATCH_DEG_PER_DB
        gain[1] = 10 ** (db / 20) * np.exp(1j * np.radians(wrong.mismatch_deg))
    if wrong.dead:
        gain[wrong.dead - 1] = 0.0
    return gain
