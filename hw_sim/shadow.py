"""What a body hides: the echo of whatever lies behind it is weaker, with a smooth edge.

Rule: only amplitudes change. Whoever is hidden gets the keyframes of whoever hides, so that a shadow falls and lifts with
the movement that makes it.

The torso's outline, seen from the device, is the edge of a screen. Depth inside it gives the loss of a knife edge
(ITU-R P.526: J(v) = 6.9 + 20 log10(sqrt((v - 0.1)^2 + 1) + v - 0.1) dB for v > -0.78), on the way there and again on the
way back, but never more than SHADOW_DB: some of the wave always gets past, over the body and by way of walls and ceiling.
A scenario's shadow_db sets another limit, each way. Of a whole body head and legs hide, too, as ellipsoids of their own;
of a body's parts the one that costs most counts.
Left out: shadow of arms, of furniture, on the curtain, the fan and walls; the waves that go round both sides and interfere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.body import Pose
from hw_sim.scatterers import MovingSet, blend, resampled
from hw_sim.timeline import Timeline

SHADOW_DB: Final = 25.0  # there and back, in the middle of the shadow: bodies cost 20 to 30
WAVELENGTH_M: Final = 4.9e-3
_BEHIND_M: Final = 0.05  # nearer than this behind the middle of a body counts as this

Array = NDArray[np.float64]


def loss_db(point_m: Array, centre_m: Array, half_m: Array, most_db: float = SHADOW_DB) -> Array:
    """Two-way loss of points behind a torso, dB: point_m [..., xyz, n], centre_m [..., xyz], half_m [..., xyz, axis].

    most_db: there and back, in the middle of the shadow.
    """
    distance = np.linalg.norm(point_m, axis=-2)
    ray = point_m / distance[..., None, :]
    size = np.linalg.norm(half_m, axis=-2)
    to_body = np.swapaxes(half_m / (size * size)[..., None, :], -1, -2)  # room -> torso as a unit sphere
    c, d = np.einsum("...ij,...j->...i", to_body, centre_m), to_body @ ray
    along = np.einsum("...i,...in->...n", c, d) / np.einsum("...in,...in->...n", d, d)  # nearest to the middle
    miss = np.linalg.norm(c[..., None] - along[..., None, :] * d, axis=-2)  # 1: the outline
    miss_m = np.linalg.norm(centre_m[..., None] - along[..., None, :] * ray, axis=-2)
    depth_m = np.where(miss > 1e-9, miss_m * (1 / np.maximum(miss, 1e-9) - 1), size.min())
    behind_m = distance - along
    rest_m = np.maximum(behind_m, _BEHIND_M)
    front_m = np.maximum(along, _BEHIND_M)
    v = depth_m * np.sqrt(2 * (front_m + rest_m) / (WAVELENGTH_M * front_m * rest_m))
    x = np.maximum(v, -0.78) - 0.1
    edge_db = np.maximum(6.9 + 20 * np.log10(np.sqrt(x * x + 1) + x), 0.0)
    hidden = (behind_m > 0) & (along > 0)
    return np.asarray(np.where(hidden, np.minimum(2 * edge_db, most_db), 0.0))


def shadowed(body: MovingSet, others: Sequence[Timeline], most_db: float = SHADOW_DB) -> MovingSet:
    """The same body behind (or before) other bodies: their keyframes added to its own, amplitudes lowered."""
    others = [line for line in others if line.key_s]
    if not others or body.position_m.shape[2] == 0:
        return body
    first_s, last_s = body.key_s[0], body.key_s[-1]
    times = [np.array(line.key_s) for line in others]
    key_s = np.unique(np.concatenate([body.key_s, *(t[(t > first_s) & (t < np.inf)] for t in times)]))
    seen = resampled(body, key_s, np.minimum(key_s, last_s))
    factor = np.ones(seen.amplitude_m.shape)
    for line, at_s in zip(others, times, strict=True):
        factor *= _factor(seen.position_m, key_s, line.poses, at_s, most_db)
    return seen._replace(amplitude_m=(seen.amplitude_m * factor).astype(np.float32))


def _factor(position_m: Array, key_s: Array, poses: Sequence[Pose], at_s: Array, most_db: float) -> Array:
    """Amplitude factor [key, n] of points at position_m [key, xyz, n] by one other body."""
    there = np.array([bool(pose.amplitude_m.any()) for pose in poses])
    screens = [[(pose.centre_m, pose.half_m), *pose.screens] for pose in poses]
    before, after, share = blend(at_s, key_s)
    parts = []
    for pose in (before, after):
        db = np.zeros((key_s.size, position_m.shape[2]))
        for k in range(min(len(one) for one in screens)):
            centre, half = (np.stack([one[k][i] for one in screens]) for i in (0, 1))
            db = np.maximum(db, loss_db(position_m, centre[pose], half[pose], most_db))
        parts.append(10 ** (-np.where(there[pose][:, None], db, 0.0) / 20))
    return np.asarray(parts[0] * (1 - share[:, None]) + parts[1] * share[:, None])
