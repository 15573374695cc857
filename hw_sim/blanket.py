"""A blanket: it weakens what lies under it, echoes a little itself, rises with the breath below, and slides after movements.

Rule: it covers whoever lies in place, all but the head; the loss is each way, so an echo loses it twice.

One way at 60 GHz, in decibels: eight dry fabrics stay below 3 up to 300 GHz (Bjarnason 2004, Appl. Phys. Lett. 85:519),
and loss falls with frequency faster than in proportion, so a dry sheet costs a few tenths, a thick dry duvet about 1. Water
decides the rest: with n = 4.1 - 2.4j at 60 GHz (double Debye model, 25 C) 0.1 mm of it absorbs 2.7 dB and reflects as
much again; a damp duvet (50 g of water a square metre) costs about 3, a wet heated one (200 g) about 10.
ASSUMPTIONS: its echo, how far it follows the body, how it slides (creep_mm with a time constant of 20 s after a movement).
Left out: folds that open and close with a breath, depolarisation, warmth, who pulls it off whom.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from hw_sim.body import DRIFT, N_TORSO, Array, Pose
from hw_sim.breathing import WAVEFORM_HZ, BreathingTrack
from hw_sim.scatterers import N_WAVEFORMS, MovingSet, empty_set
from hw_sim.scenario_living import Blanket
from hw_sim.timeline import Timeline
from hw_sim.whole_body import HEAD, N_WHOLE

N_BLANKET: Final = 8
CREEP_S: Final = 20.0
_LENGTH_M, _WIDTH_M = (-0.8, 0.2), 0.25  # over the body: along, and to either side
_HEIGHT_M: Final = 0.14
_SLIDES_M: Final = (0.02, 0.02, 0.005)


def covered(line: Timeline, blanket: Blanket | None) -> Timeline:
    """The same timeline with weaker poses wherever somebody lies in place."""
    if blanket is None:
        return line
    poses = [_weaker(pose, blanket) if lies else pose for pose, lies in zip(line.poses, line.in_place, strict=True)]
    return replace(line, poses=poses)


def _weaker(pose: Pose, blanket: Blanket) -> Pose:
    factor = np.full(pose.amplitude_m.size, 10 ** (-2 * blanket.loss_db / 20))
    if factor.size == N_WHOLE:
        factor[N_TORSO + HEAD] = 1.0
    return replace(pose, amplitude_m=pose.amplitude_m * factor)


def blanket_set(
    blanket: Blanket | None, line: Timeline, track: BreathingTrack, place_m: Array, rng: np.random.Generator
) -> MovingSet:
    """What the blanket over one person reflects. It lies there all night, and slides when the person moves."""
    if blanket is None or blanket.rcs_m2 == 0 or not any(line.in_place):
        return empty_set()
    at_m = place_m[:, None] + np.stack(
        [
            rng.uniform(*_LENGTH_M, N_BLANKET),
            rng.uniform(-_WIDTH_M, _WIDTH_M, N_BLANKET),
            _HEIGHT_M + 0.03 * rng.standard_normal(N_BLANKET),
        ]
    )
    keys, places, slides = [0.0], [at_m], np.zeros((2, track.chest_m.size))
    for begin_s, end_s in movements_s(line):
        keys += [max(begin_s, keys[-1] + 1e-3), max(end_s, keys[-1] + 2e-3)]
        at_m = at_m + np.array(_SLIDES_M)[:, None] * rng.standard_normal((3, N_BLANKET))
        places += [places[-1], at_m]
        first = int(end_s * WAVEFORM_HZ)
        if first < slides.shape[1]:
            slides[0, first] += 1.0
    age_s = np.arange(int(5 * CREEP_S * WAVEFORM_HZ)) / WAVEFORM_HZ
    creep = np.exp(-age_s / CREEP_S) * (1 - np.exp(-age_s / 0.5))
    n_key = len(keys)
    above = np.exp(-(((at_m[0] - place_m[0] + 0.1) / 0.3) ** 2))  # over chest and belly
    gain = np.zeros((N_WAVEFORMS, N_BLANKET))
    gain[0] = gain[1] = 0.5 * blanket.follows * above
    gain[DRIFT] = rng.choice([-1.0, 1.0], N_BLANKET)
    direction = np.array([0.1, -0.4, 0.9])[:, None] + 0.2 * rng.standard_normal((3, N_BLANKET))
    waveform = np.zeros((N_WAVEFORMS, track.chest_m.size), np.float32)
    under = _in_place(line, track.chest_m.size)
    waveform[0], waveform[1] = track.chest_m * under, track.abdomen_m * under
    waveform[DRIFT] = 1e-3 * blanket.creep_mm * _convolved(slides[0], creep)
    rcs = blanket.rcs_m2 / N_BLANKET * rng.exponential(1.0, N_BLANKET)
    return MovingSet(
        key_s=np.array(keys),
        position_m=np.stack(places),
        direction=np.repeat((direction / np.linalg.norm(direction, axis=0))[None], n_key, axis=0).astype(np.float32),
        gain=np.repeat(gain[None], n_key, axis=0).astype(np.float32),
        amplitude_m=np.repeat(np.sqrt(rcs)[None], n_key, axis=0).astype(np.float32),
        waveform_m=waveform,
        waveform_hz=WAVEFORM_HZ,
    )


def movements_s(line: Timeline) -> list[tuple[float, float]]:
    """Spans in which a body in the bed moves, comes or goes."""
    flags = np.concatenate([[False], line.moving, [False]]).astype(np.int8)
    edges, keys = np.flatnonzero(np.diff(flags)), [*line.key_s, line.key_s[-1]]
    return [(keys[a], keys[b]) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _in_place(line: Timeline, n: int) -> Array:
    """1 where somebody lies under it, fading within a second."""
    key = np.clip(np.searchsorted(line.key_s, np.arange(n) / WAVEFORM_HZ, "right") - 1, 0, len(line.key_s) - 1)
    there = np.asarray(line.in_place)[key].astype(np.float64)
    window = np.hanning(int(WAVEFORM_HZ) + 2)[1:-1]
    return np.convolve(there, window / window.sum(), "same")


def _convolved(kicks: Array, answer: Array) -> Array:
    """np.convolve for few kicks."""
    out = np.zeros(kicks.size + answer.size)
    for at in np.flatnonzero(kicks):
        out[at : at + answer.size] += kicks[at] * answer
    return out[: kicks.size]
