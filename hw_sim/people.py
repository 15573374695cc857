"""From a body's poses and its breathing to moving scatterers and to the truth about them.

Rule: one list of poses serves both, so that truth cannot drift away from the samples.

Left out of the truth: range resolution (the radar sees a few range bins of the torso, not all of it).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hw_sim.body import N_TORSO
from hw_sim.breathing import WAVEFORM_HZ, BreathingTrack
from hw_sim.radar_equation import beam_loss
from hw_sim.reflectors import direction, sphere_waveform
from hw_sim.scatterers import N_WAVEFORMS, MovingSet, blend
from hw_sim.scenario import Sphere
from hw_sim.timeline import Timeline
from hw_sim.truth import TRUTH_HZ, Truth

_ZONE_M = 3.0
_DRIFT_M_PER_ROOT_S = 4e-6  # 0.25 mm in an hour, about what settling and posture tone do
Array = NDArray[np.float64]


def people_set(
    line: Timeline, track: BreathingTrack, rng: np.random.Generator, shake_m: Array | None = None
) -> MovingSet:
    """The scatterers of a body for the kernel. shake_m: what the mattress adds, at WAVEFORM_HZ; moves like the drift."""
    drift = np.cumsum(rng.standard_normal(track.chest_m.size)) * _DRIFT_M_PER_ROOT_S / math.sqrt(WAVEFORM_HZ)
    smooth = np.convolve(drift, np.ones(81) / 81, "same")
    if shake_m is not None:
        smooth = smooth + shake_m
    waveform = np.zeros((N_WAVEFORMS, track.chest_m.size), np.float32)
    waveform[:] = track.chest_m, track.abdomen_m, track.heart_m, smooth
    return MovingSet(
        key_s=np.array(line.key_s),
        position_m=np.stack([pose.position_m for pose in line.poses]),
        direction=np.stack([pose.direction for pose in line.poses]).astype(np.float32),
        gain=np.stack([pose.gain for pose in line.poses]).astype(np.float32),
        amplitude_m=np.stack([pose.amplitude_m for pose in line.poses]).astype(np.float32),
        waveform_m=waveform,
        waveform_hz=WAVEFORM_HZ,
    )


def people_truth(line: Timeline, body: MovingSet, track: BreathingTrack, duration_s: float) -> Truth:
    """The truth about one person."""
    t_s = np.arange(int(duration_s * TRUTH_HZ) + 1) / TRUTH_HZ
    key, on, weight = blend(body.key_s, t_s)
    summary = np.array([_summary(body, k) for k in range(body.key_s.size)])  # [k, 4 gains and 3 coordinates]
    now = summary[key] * (1 - weight)[:, None] + summary[on] * weight[:, None]
    waveform = _at(body.waveform_m, t_s)
    displacement = np.einsum("tw,wt->t", now[:, :N_WAVEFORMS], waveform)
    flags = np.array([line.moving, line.in_place, line.present])[:, key] & (t_s >= line.key_s[0])
    moving, in_place, present = flags
    place = np.where(present, now[:, N_WAVEFORMS:].T, np.nan)
    distance = np.linalg.norm(place, axis=0)
    begin = np.clip((track.breath_s * TRUTH_HZ).astype(int), 0, t_s.size - 1)
    return Truth(
        duration_s=duration_s,
        displacement_um=np.where(present, 1e6 * displacement, 0.0).astype(np.float32),
        moving=moving,
        in_place=in_place,
        person_in_zone=present & (np.nan_to_num(distance, nan=np.inf) < _ZONE_M),
        distance_m=distance.astype(np.float32),
        azimuth_rad=np.arctan2(place[0], place[1]).astype(np.float32),
        elevation_rad=np.arcsin(place[2] / distance).astype(np.float32),
        breath_s=track.breath_s[in_place[begin]],
        partner_in_bed=np.zeros(t_s.size, np.bool_),
        pet_in_zone=np.zeros(t_s.size, np.bool_),
    )


def sphere_truth(sphere: Sphere | None, duration_s: float) -> Truth:
    """The truth about a test sphere; with none, that nobody is there. A sphere is no person."""
    n = int(duration_s * TRUTH_HZ) + 1
    nothing = np.zeros(n, np.bool_)
    gone = np.full(n, np.nan, np.float32)
    if sphere is None:
        still = np.zeros(n, np.float32)
        return Truth(duration_s, still, nothing, nothing, nothing, gone, gone, gone, np.zeros(0), nothing, nothing)
    t_s = np.arange(n) / TRUTH_HZ
    towards = _at(sphere_waveform(sphere, duration_s), t_s)[0]
    x, y, z = direction(sphere.azimuth_deg, sphere.elevation_deg)
    cycle_s = 60 / sphere.rate_per_min
    breath_s = np.arange(0.75 * cycle_s, duration_s, cycle_s)  # where it is farthest and turns towards the radar
    return Truth(
        duration_s=duration_s,
        displacement_um=(1e6 * towards).astype(np.float32),
        moving=nothing,
        in_place=nothing,
        person_in_zone=nothing,
        distance_m=(sphere.distance_m - towards).astype(np.float32),
        azimuth_rad=np.full(n, math.atan2(x, y), np.float32),
        elevation_rad=np.full(n, math.asin(z), np.float32),
        breath_s=breath_s if sphere.amplitude_mm > 0 else np.zeros(0),
        partner_in_bed=nothing,
        pet_in_zone=nothing,
    )


def received_weight(position_m: Array, amplitude_m: Array) -> Array:
    """Received power of scatterers, any unit: cross-section, beams and distance; position_m [xyz, n]."""
    weight = amplitude_m**2 * beam_loss(position_m) / np.linalg.norm(position_m, axis=0) ** 4
    return np.asarray(weight, np.float64)


def _summary(body: MovingSet, k: int) -> Array:
    """Power-weighted mean over the torso of one pose: displacement towards the radar per waveform, and place."""
    position = body.position_m[k][:, :N_TORSO]
    amplitude = body.amplitude_m[k, :N_TORSO].astype(np.float64)
    if not amplitude.any():
        amplitude = np.ones(N_TORSO)
    weight = received_weight(position, amplitude)
    weight /= weight.sum()
    towards = -(position / np.linalg.norm(position, axis=0) * body.direction[k][:, :N_TORSO]).sum(axis=0)
    return np.concatenate([(body.gain[k][:, :N_TORSO] * towards) @ weight, position @ weight])


def _at(waveform: NDArray[np.float32], t_s: Array) -> NDArray[np.float32]:
    """Rows of a waveform at TRUTH_HZ; WAVEFORM_HZ is a multiple of it."""
    return waveform[:, :: int(WAVEFORM_HZ / TRUTH_HZ)][:, : t_s.size]
