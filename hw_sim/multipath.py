"""Bodies seen by way of a wall: image sources.

Rule: a body's images are made of its own points and move with them; amplitudes carry every loss.

A wall gives each point four ways there and back: straight both times (the body itself), by the wall on the way there, on
the way back, and both times. The last is the mirror image, at its own place. The two mixed ways are as long as half of
each: a ghost between the two, received from the point's direction or from the image's. Each bounce costs the reflection
of a thick wall at that angle for the field across the plane of incidence (Fresnel), with the relative permittivities
of ITU-R P.2040-3 (plasterboard 2.73, concrete 5.24, glass 6.31, wood 1.99): 12.2, 8.1, 7.3, 15.4 dB at right angles.
Left out: two walls, thin walls' own interference, rough walls (name `extra_loss_db`), the reflection of things that
stand still, shadows that differ from the body's own, the difference of the transmitter's beam on the two mixed ways
from the mean of both.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.radar_equation import beam_loss
from hw_sim.reflectors import direction
from hw_sim.scatterers import MovingSet
from hw_sim.scenario_room import Wall

PERMITTIVITY: Final = {"plasterboard": 2.73, "concrete": 5.24, "glass": 6.31, "wood": 1.99}
N_SEEN: Final = 12  # points of a body that get images: each three

Array = NDArray[np.float64]


def bounce(permittivity: float, cosine: Array | float) -> Array:
    """Amplitude of a reflection; cosine: of the angle between ray and normal."""
    c = np.asarray(cosine, np.float64)
    inside = np.sqrt(permittivity - 1 + c * c)
    return np.asarray((inside - c) / (inside + c))


def images(body: MovingSet, wall: Wall) -> MovingSet:
    """Ghosts and mirror images of a body: 3 points for each of up to N_SEEN of its own."""
    n = body.position_m.shape[2]
    chosen = np.unique(np.linspace(0, n - 1, min(n, N_SEEN)).round().astype(int))
    power = np.sum(body.amplitude_m.astype(np.float64) ** 2, axis=1)
    kept = np.sum(body.amplitude_m[:, chosen].astype(np.float64) ** 2, axis=1)
    louder = np.sqrt(np.divide(power, kept, out=np.ones_like(power), where=kept > 0))
    normal = direction(wall.azimuth_deg, wall.elevation_deg)
    p, amplitude = body.position_m[:, :, chosen], body.amplitude_m[:, chosen] * louder[:, None]
    moves = body.direction[:, :, chosen].astype(np.float64)
    mirror = np.eye(3) - 2 * np.outer(normal, normal)
    image = np.einsum("ij,kjn->kin", mirror, p) + 2 * wall.distance_m * normal[:, None]
    before = np.einsum("i,kin->kn", normal, p) < wall.distance_m
    image = np.where(before[:, None], image, 1.0)  # what lies beyond the wall has no image: anywhere, and silent
    near, far = np.linalg.norm(p, axis=1), np.linalg.norm(image, axis=1)
    to_point, to_image = p / near[:, None], image / far[:, None]
    image_moves = np.einsum("ij,kjn->kin", mirror, moves)
    loss = bounce(PERMITTIVITY[wall.material], np.abs(np.einsum("i,kin->kn", normal, to_image)))
    loss = loss * 10 ** (-wall.extra_loss_db / 20) * before
    middle = 0.5 * (near + far)
    nearer = 0.5 * np.sum(to_point * moves + to_image * image_moves, axis=1)  # half of what the mixed ways gain
    # the kernel takes both losses of distance as 1 / middle^2 and both beams in one direction
    spread = middle**2 / (near * far)
    beams = (beam(to_point) * beam(to_image)) ** 0.5
    mixed = amplitude * loss * spread
    parts = (
        (middle[:, None] * to_point, nearer[:, None] * to_point, mixed * _ratio(beams, beam(to_point))),
        (middle[:, None] * to_image, nearer[:, None] * to_image, mixed * _ratio(beams, beam(to_image))),
        (image, image_moves, amplitude * loss**2),
    )
    return body._replace(
        position_m=np.ascontiguousarray(np.concatenate([one[0] for one in parts], axis=2)),
        direction=np.concatenate([one[1] for one in parts], axis=2).astype(np.float32),
        gain=np.tile(body.gain[:, :, chosen], (1, 1, 3)),
        amplitude_m=np.concatenate([one[2] for one in parts], axis=1).astype(np.float32),
    )


def beam(towards: Array) -> Array:
    """Amplitude of both antennas' beams: towards [key, xyz, n] -> [key, n]."""
    flat = np.moveaxis(towards, 1, 0).reshape(3, -1)
    return np.asarray(np.sqrt(beam_loss(flat)).reshape(towards.shape[0], towards.shape[2]))


def _ratio(above: Array, below: Array) -> Array:
    """A kernel multiplies by the beam itself: what it takes too much or too little."""
    return np.asarray(np.minimum(above / np.maximum(below, 1e-6), 1e3))


def right_angle_loss_db(wall: Wall) -> float:
    """Loss of one bounce at right angles."""
    return float(-20 * math.log10(float(bounce(PERMITTIVITY[wall.material], 1.0)))) + wall.extra_loss_db
