"""What is really so in a scene, for reports and tests; the device never sees it.

Rule: computed from the same waveforms and poses as the samples, without the radar's noise and resolution.

Displacement: along the line of sight, towards the radar positive, mean over the breathing torso weighted by each
scatterer's received power (cross-section, beams, distance). It holds breathing, heartbeat and drift, not the
shifts of body movements.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hw_sim.breathing_events import Event
from hw_sim.night import Night

TRUTH_HZ = 20.0
_TRAILING_S = 30.0


@dataclass(frozen=True, slots=True)
class Truth:
    """Arrays at TRUTH_HZ from scene time 0; places are nan where nobody is."""

    duration_s: float
    displacement_um: NDArray[np.float32]
    moving: NDArray[np.bool_]  # the user moves the body or a limb
    in_place: NDArray[np.bool_]  # the user lies (or sits) in the user's place
    person_in_zone: NDArray[np.bool_]  # any person within 3 m
    distance_m: NDArray[np.float32]
    azimuth_rad: NDArray[np.float32]
    elevation_rad: NDArray[np.float32]
    breath_s: NDArray[np.float64]  # starts of inhalation while in place
    partner_in_bed: NDArray[np.bool_]
    pet_in_zone: NDArray[np.bool_]  # within 3 m; a pet is no person
    night: Night = field(default_factory=Night)  # the user's
    positions: tuple[str, ...] = ()  # who is where, a line each
    child_in_bed: NDArray[np.bool_] | None = None  # None: there is no child
    events: tuple[tuple[str, Event], ...] = ()  # who, what: apnoeas, sighs, twitches, a pet's walks

    @property
    def t_s(self) -> NDArray[np.float64]:
        """Scene times of the arrays."""
        return np.arange(self.displacement_um.size) / TRUTH_HZ

    @property
    def breath_times_s(self) -> NDArray[np.float64]:
        """Starts of inhalation while in place, seconds of scene time."""
        return self.breath_s

    @property
    def in_bed_s(self) -> tuple[float | None, float | None]:
        """When the user first is in place and when for the last time; None: never, and still there at the end."""
        at = np.flatnonzero(self.in_place)
        if not at.size:
            return None, None
        ends = at[-1] + 1 < self.in_place.size
        return float(at[0] / TRUTH_HZ), float((at[-1] + 1) / TRUTH_HZ) if ends else None

    @property
    def absences_s(self) -> list[tuple[float, float]]:
        """Spans out of place between the first and the last time in it, seconds."""
        edges = np.flatnonzero(np.diff(self.in_place.astype(np.int8)))
        edges = edges[1:] if not self.in_place[:1].all() else edges  # the first time into place
        at_s = ((edges + 1) / TRUTH_HZ).tolist()
        return list(zip(at_s[::2], at_s[1::2], strict=False))

    def rate_per_min(self) -> NDArray[np.float64]:
        """60 / mean true breath interval over the trailing 30 s at 1 s, 2 s ..: float64[second], nan where undefined.

        Index i is the time i s. Undefined: fewer than three breath starts in the 30 s, or not in place all the time.
        """
        t_s = np.arange(int(self.duration_s) + 1, dtype=np.float64)
        first = np.searchsorted(self.breath_s, t_s - _TRAILING_S, "right")
        last = np.searchsorted(self.breath_s, t_s, "right") - 1
        breaths = last - first
        defined = breaths >= 2
        span_s = self.breath_s[last[defined]] - self.breath_s[first[defined]]
        rate = np.full(t_s.size, np.nan)
        rate[defined] = 60 * breaths[defined] / span_s
        return rate
