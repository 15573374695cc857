"""What else reflects: clutter, a fan, a curtain, a test sphere.

Rule: positions come from the scenario; what is random comes from the generator passed in.

Left out: the fan's grille and its swing, vibration passed on to furniture, draught that couples fan and curtain,
several wavelengths of sway in the cloth; clutter is a point each.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.breathing import WAVEFORM_HZ
from hw_sim.scatterers import N_WAVEFORMS, MovingSet, Rotor, empty_set, still_set
from hw_sim.scenario import Clutter, Corner, Curtain, Fan, Sphere

_N_CURTAIN: Final = 6
_BLADES: Final = 4  # one point each: the kernel takes fast scatterers by fours
_PUT_S: Final = 0.5
WAVELENGTH_M: Final = 4.93e-3  # of the middle of the default sweep
_SWAY_HZ: Final = (0.05, 0.4)
SWAY_SAMPLES_HZ: Final = 20.0

Array = NDArray[np.float64]


def direction(azimuth_deg: float, elevation_deg: float = 0.0) -> Array:
    """Unit vector from the device: azimuth towards +x (RX1), elevation up."""
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    flat = math.cos(elevation)
    return np.array([flat * math.sin(azimuth), flat * math.cos(azimuth), math.sin(elevation)])


def make_clutter(clutter: dict[str, Clutter]) -> tuple[Array, Array]:
    """All still reflectors: places float64[xyz, n] and cross-sections float64[n]."""
    at_m = np.array([part.at_m for part in clutter.values()]).reshape(-1, 3).T
    return at_m, np.array([part.rcs_m2 for part in clutter.values()])


def make_sphere(sphere: Sphere | None, duration_s: float) -> MovingSet:
    """A sphere; its cross-section is that of its disc (optical region, circumference 30 wavelengths)."""
    if sphere is None:
        return empty_set()
    outwards = direction(sphere.azimuth_deg, sphere.elevation_deg)
    ball = still_set(outwards[:, None] * sphere.distance_m, np.array([math.pi / 4 * sphere.diameter_m**2]))
    ball.direction[0, :, 0] = -outwards
    ball.gain[0, 0, 0] = 1.0
    return ball._replace(waveform_m=sphere_waveform(sphere, duration_s), waveform_hz=WAVEFORM_HZ)


def sphere_waveform(sphere: Sphere, duration_s: float) -> NDArray[np.float32]:
    """Displacement towards the radar, metres, in row 0; starts at 0, moving towards the radar."""
    t_s = np.arange(int(duration_s * WAVEFORM_HZ) + 3) / WAVEFORM_HZ
    waveform = np.zeros((N_WAVEFORMS, t_s.size), np.float32)
    waveform[0] = 1e-3 * sphere.amplitude_mm * np.sin(2 * np.pi * sphere.rate_per_min / 60 * t_s)
    return waveform


def corner_rcs_m2(edge_m: float) -> float:
    """Largest cross-section of a trihedral of triangles: 4 pi a^4 / (3 lambda^2), lambda of 60.8 GHz."""
    return 4 * math.pi * edge_m**4 / (3 * WAVELENGTH_M**2)


def make_corner(corner: Corner | None) -> MovingSet:
    """A corner reflector; it is put there and taken away within half a second. Whoever carries it is not there."""
    if corner is None:
        return empty_set()
    at_m = direction(corner.azimuth_deg, corner.elevation_deg)[:, None] * corner.distance_m
    point = still_set(at_m, np.array([corner_rcs_m2(corner.edge_m)]))
    key_s: list[float] = [0.0]
    there = [0.0 if corner.from_s else 1.0]
    for edge_s, share in ((corner.from_s, 1.0), (corner.to_s, 0.0)):
        if edge_s:
            key_s += [edge_s, edge_s + _PUT_S]
            there += [there[-1], share]
    n = len(key_s)
    return point._replace(
        key_s=np.array(key_s),
        position_m=np.repeat(point.position_m, n, axis=0),
        direction=np.repeat(point.direction, n, axis=0),
        gain=np.repeat(point.gain, n, axis=0),
        amplitude_m=(np.array(there)[:, None] * point.amplitude_m).astype(np.float32),
    )


def make_curtain(curtain: Curtain | None, rng: np.random.Generator, duration_s: float) -> MovingSet:
    """A hanging sheet: points across its width, the lower the farther they swing, two irregular modes."""
    if curtain is None:
        return empty_set()
    outwards = direction(curtain.azimuth_deg)
    sideways = np.array([outwards[1], -outwards[0], 0.0])
    across = curtain.width_m * (np.linspace(-0.5, 0.5, _N_CURTAIN) + 0.04 * rng.standard_normal(_N_CURTAIN))
    height = rng.uniform(-0.7, 0.9, _N_CURTAIN)
    folds = 0.03 * rng.standard_normal(_N_CURTAIN)
    position = np.outer(outwards, curtain.distance_m + folds) + np.outer(sideways, across)
    position[2] += height
    sheet = still_set(position, curtain.rcs_m2 / _N_CURTAIN * rng.exponential(1.0, _N_CURTAIN))
    swing = np.clip((1.1 - height) / 1.8, 0.1, 1.0)
    sheet.direction[0] = np.outer(outwards, swing)
    sheet.gain[0, 0] = 1.0
    sheet.gain[0, 1] = across / curtain.width_m * 2
    n = int(duration_s * SWAY_SAMPLES_HZ) + 3
    waveform = np.zeros((N_WAVEFORMS, n), np.float32)
    for row, share in ((0, 1.0), (1, 0.5)):
        waveform[row] = 1e-3 * curtain.sway_mm * share * _sway(rng, n)
    return sheet._replace(waveform_m=waveform, waveform_hz=SWAY_SAMPLES_HZ)


def _sway(rng: np.random.Generator, n: int) -> Array:
    """Irregular motion within 0.05..0.4 Hz, unit rms over long times: Gaussian noise made in the spectrum."""
    length = 1 << int(max(n, 300 * SWAY_SAMPLES_HZ) - 1).bit_length()
    hz = np.fft.rfftfreq(length, 1 / SWAY_SAMPLES_HZ)
    band = np.flatnonzero((hz >= _SWAY_HZ[0]) & (hz <= _SWAY_HZ[1]))
    spectrum = np.zeros(hz.size, np.complex128)
    spectrum[band] = (rng.standard_normal(band.size) + 1j * rng.standard_normal(band.size)) / np.sqrt(hz[band])
    scale = length / (2 * math.sqrt(np.sum(1 / hz[band])))
    return np.asarray(scale * np.fft.irfft(spectrum)[:n], np.float64)


def make_fan(fan: Fan | None, rng: np.random.Generator) -> Rotor:
    """Rotating blades."""
    if fan is None:
        return Rotor(np.zeros(3), np.zeros((2, 3)), np.zeros(0), np.zeros(0), np.zeros(0), 0.0, np.zeros((3, 3)), 0.0)
    outwards = direction(fan.azimuth_deg)
    axis = direction(fan.azimuth_deg + 180.0 + fan.facing_deg)
    upwards = np.array([0.0, 0.0, 1.0])
    centre = outwards * fan.distance_m + upwards * fan.height_m
    radius = fan.radius_m * rng.uniform(0.75, 1.0, _BLADES)
    start = np.arange(_BLADES) / _BLADES + 0.02 * rng.standard_normal(_BLADES)
    hz = np.array([0.003, 0.011, 0.05]) * rng.uniform(0.7, 1.4, 3)
    wander = np.stack([0.006 * fan.turns_per_s / (2 * np.pi * hz), hz, rng.random(3)], axis=1)
    return Rotor(
        centre_m=centre,
        axes=np.stack([np.cross(axis, upwards), upwards]),
        radius_m=radius,
        start_turns=start,
        amplitude_m=np.sqrt(fan.rcs_m2 * rng.uniform(0.6, 1.4, radius.size)),
        turns_per_s=fan.turns_per_s,
        wander=wander,
        face_turns=0.21,
    )
