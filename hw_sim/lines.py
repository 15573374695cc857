"""Tones that a supply puts into the IF: a phone charger, ripple of the board's own converter.

Rule: a tone is a function of absolute time, so it knows nothing of chirps: its phase differs from chirp to chirp.

A switching supply runs at 65 to 150 kHz and moves its frequency by a few per cent, some hundred times a second, against
interference (data sheets of offline switchers: 65, 100, 132 kHz, +-2 to 4 %, 250 Hz to 1 kHz). In a range profile it is a
line in one bin and its neighbours that a mean over chirps does not take away whole.
Left out: what the IF filters do to it (it enters behind them), load, edges, tones in the transmitted signal.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw_sim.jit import kernel
from hw_sim.radar_equation import REFERENCE_GAIN_DB, RadarNumbers
from hw_sim.radar_view import RadarView
from hw_sim.scenario_room import Charger
from hw_sim.synthesis_work import Work
from hw_sim.tones import MAX_SCATTERERS, STRIDE, one_tone, turn


class Line(NamedTuple):
    """One tone. counts: amplitude at an IF gain of 23 dB. turns: its phase at each of RX1, RX2, RX3 at time 0."""

    hz: float
    counts: float
    jitter: float  # of the frequency, share to either side
    jitter_hz: float
    turns: tuple[float, float, float]
    span_s: tuple[float, float]


class Lines(NamedTuple):
    """All tones, for the kernel; n = 0: none."""

    hz: NDArray[np.float64]  # [n]
    counts: NDArray[np.float64]  # [n, rx]
    jitter_turns: NDArray[np.float64]  # [n]: amplitude of the phase that the jitter makes
    jitter_hz: NDArray[np.float64]  # [n]
    turns: NDArray[np.float64]  # [n, rx]
    from_s: NDArray[np.float64]  # [n]
    to_s: NDArray[np.float64]  # [n]


def charger_lines(charger: Charger, rng: np.random.Generator) -> list[Line]:
    """A charger's tone and its harmonics."""
    span_s = (charger.from_s or 0.0, math.inf if charger.to_s is None else charger.to_s)
    phases = rng.random((charger.harmonics, 3))
    return [
        Line(
            hz=1e3 * charger.khz * (k + 1),
            counts=charger.counts / (k + 1),
            jitter=charger.jitter_pct / 100,
            jitter_hz=charger.jitter_hz,
            turns=(float(phases[k, 0]), float(phases[k, 1]), float(phases[k, 2])),
            span_s=span_s,
        )
        for k in range(charger.harmonics)
    ]


def lines_through(found: list[Line], view: RadarView) -> Lines:
    """The tones as one radar configuration has them: counts with each antenna's gain; above half the rate they fold."""
    gain = [10 ** ((view.antenna(number)[0] - REFERENCE_GAIN_DB) / 20) for number in view.rx_numbers]
    rows = [number - 1 for number in view.rx_numbers]
    return Lines(
        hz=np.array([one.hz for one in found], np.float64),
        counts=np.array([[one.counts * g for g in gain] for one in found], np.float64).reshape(-1, len(gain)),
        jitter_turns=np.array([one.jitter * one.hz / (2 * math.pi * one.jitter_hz) for one in found], np.float64),
        jitter_hz=np.array([one.jitter_hz for one in found], np.float64),
        turns=np.array([[one.turns[r] for r in rows] for one in found], np.float64).reshape(-1, len(gain)),
        from_s=np.array([one.span_s[0] for one in found], np.float64),
        to_s=np.array([one.span_s[1] for one in found], np.float64),
    )


@kernel
def place_lines(lines: Lines, radar: RadarNumbers, work: Work, t_s: float, m: int) -> int:
    """Tones of a frame at t_s into the rows behind the first m (a multiple of four); returns their end, one too."""
    half = radar.n_samples // 2
    end = m
    for k in range(lines.hz.size):
        # the frequency of the frame's beginning; the phase below follows the jitter from chirp to chirp
        wobble = 2.0 * math.pi * lines.jitter_hz[k]
        hz = lines.hz[k] + lines.jitter_turns[k] * wobble * math.cos(wobble * t_s)
        turns = hz * radar.sample_period_s
        turns -= math.floor(turns + 0.5)
        one_tone(work.tone[2 * end * STRIDE : (2 * end + 2) * STRIDE], np.float32(turns), half)
        end += 1
    while end % 4 != 0:
        one_tone(work.tone[2 * end * STRIDE : (2 * end + 2) * STRIDE], np.float32(0.0), half)
        end += 1
    return end


@kernel
def turn_lines(lines: Lines, radar: RadarNumbers, work: Work, t_s: float, end: int, m: int, stop: int) -> None:
    """Phases of the tones at the middle of a chirp that starts at t_s, into one end of the phasors m .. stop."""
    middle_s = t_s + 0.5 * (radar.n_samples - 1) * radar.sample_period_s
    for r in range(work.path_m.shape[1]):
        phasor = work.phasor[r, 2 * end * MAX_SCATTERERS : 2 * (end + 1) * MAX_SCATTERERS]
        for i in range(m, stop):
            k = i - m
            if k < lines.hz.size and lines.from_s[k] <= t_s < lines.to_s[k]:
                moved = lines.jitter_turns[k] * math.sin(2.0 * math.pi * lines.jitter_hz[k] * middle_s)
                turns = lines.hz[k] * middle_s + moved + lines.turns[k, r]
                c, s = turn(np.float32(turns - math.floor(turns + 0.5)))
                phasor[i] = np.float32(lines.counts[k, r]) * c
                phasor[MAX_SCATTERERS + i] = np.float32(lines.counts[k, r]) * s
            else:
                phasor[i] = np.float32(0.0)
                phasor[MAX_SCATTERERS + i] = np.float32(0.0)
