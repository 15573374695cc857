"""The physical scene: bodies and reflectors in front of the antennas, seen through any radar configuration.

Rule: everything random in a scene is drawn once from its seed when it is loaded; samples and truth are then functions
of time. The radar is known only by its RadarView.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.draught import make_draught
from hw_sim.fades import fading
from hw_sim.fans import fans_of, make_blades, mirrored_blades
from hw_sim.faults import Fault
from hw_sim.front_end import FrontEnd, own_generator
from hw_sim.household import N_GENERATORS, make_household
from hw_sim.multipath import images
from hw_sim.positions import positions
from hw_sim.radar_view import RadarView
from hw_sim.radio_faults import FADES, Span
from hw_sim.reflectors import make_clutter, make_corner, make_curtain, make_fan, make_sphere
from hw_sim.scatterers import MovingSet, empty_set, mirrored, mirrored_rotor
from hw_sim.scenario import Scenario, SceneError, Side, load_scenario, scenario_faults, scenario_names
from hw_sim.synthesis import N_GROUPS, Groups, synthesise
from hw_sim.synthesis_work import make_work
from hw_sim.tones import MAX_SCATTERERS
from hw_sim.truth import Truth

__all__ = ["Scene", "SceneError", "scenario_names"]

_NO_IMAGES: Final = ("curtain", "bed", "corner", "draughts", "walls")  # what walls do not mirror here
_OFFSET_COUNTS: Final = 6.0  # spread of the fixed ADC offsets of the antennas


class Scene:
    """A room, and who is in it, for duration_s seconds. side: of the bed, the user's; right is the mirror image."""

    def __init__(self, scenario: Scenario, *, seed: int, duration_s: float, side: Side = "left") -> None:
        if not 0 < duration_s <= 48 * 3600:
            raise SceneError(f"duration: expected above 0 and at most 48 hours, got {duration_s / 3600:g} hours")
        if seed < 0:
            raise SceneError(f"seed: expected 0 or more, got {seed}")
        if side not in ("left", "right"):
            raise SceneError(f"side: expected left or right, got {side!r}")
        self.scenario = scenario
        self.seed = seed
        self.duration_s = duration_s
        self.side: Side = side
        rngs = np.random.Generator(np.random.PCG64(seed)).spawn(2 + N_GENERATORS)
        person_rng, breath_rng, room_rng, board_rng, *more = rngs
        self._clutter = make_clutter(scenario.clutter)
        self._fan = make_fan(scenario.fan, room_rng)
        self._offset = _OFFSET_COUNTS * board_rng.standard_normal(3)
        curtain = make_curtain(scenario.curtain, room_rng, duration_s)
        home = make_household(scenario, [person_rng, breath_rng, *more], duration_s)
        user = home.user if scenario.person is not None else make_sphere(scenario.sphere, duration_s)
        self._sets = {"user": user, "curtain": curtain, "partner": home.partner, "pet": home.pet, "bed": home.bed}
        self._sets["corner"] = make_corner(scenario.corner)
        self._sets |= home.others
        for name, draught in scenario.draughts.items():
            self._sets[f"draughts.{name}"] = make_draught(draught, own_generator(seed, f"draughts.{name}"), duration_s)
        for name, wall in scenario.walls.items():
            bodies = {key: group for key, group in self._sets.items() if key.partition(".")[0] not in _NO_IMAGES}
            self._sets |= {
                f"walls.{name}.{key}": images(body, wall) for key, body in bodies.items() if body.position_m.shape[2]
            }
        fans = [make_blades(fan, own_generator(seed, f"fans.{name}")) for name, fan in scenario.fans.items()]
        self._fans = fans_of(fans)
        self._truth = replace(home.truth, positions=tuple(self.positions()))
        if side == "right":
            self._mirror()
        self._groups: Groups = filled_up(self._sets)
        self.front_end = FrontEnd(scenario, seed, self._clutter, self._offset, side == "right")

    @classmethod
    def load(cls, name_or_path: str | Path, *, seed: int, duration_s: float, side: Side = "left") -> Scene:
        """A built-in scenario by name, or a TOML file. Raises SceneError with one line that names file and key."""
        return cls(load_scenario(name_or_path, seed), seed=seed, duration_s=duration_s, side=side)

    def _mirror(self) -> None:
        self._sets = {name: mirrored(group) for name, group in self._sets.items()}
        at_m, rcs_m2 = self._clutter
        self._clutter = at_m * np.array([-1.0, 1.0, 1.0])[:, None], rcs_m2
        self._fan = mirrored_rotor(self._fan)
        self._fans = fans_of([mirrored_blades(fan) for fan in self._fans])
        self._truth = replace(self._truth, azimuth_rad=-self._truth.azimuth_rad)

    @property
    def faults(self) -> list[Fault]:
        """Of the device in this room, as the scenario names them."""
        return scenario_faults(self.scenario)

    def positions(self) -> list[str]:
        """Who is where, and how far apart in range bins of the default radar config and in degrees; a line each."""
        return positions(self.scenario, self.side)

    def frames(self, first_us: float, period_us: float, n: int, view: RadarView, out: NDArray[np.uint16]) -> None:
        """Fills out[:n] with the frames that start at first_us + k * period_us of scene time.

        out: uint16[>= n, chirps * samples * rx], FIFO order [chirp][sample][rx], 0..4095. Runs without the interpreter
        lock. Equal times give equal samples, however frames are grouped into calls (times count in 12.5 ns clocks).
        Raises ValueError for another out, and for frames whose chirps differ: a scene has no reading of them.
        """
        if not view.uniform:
            raise ValueError(
                "view: expected one shape without down-chirps and one set of antennas: a scene makes no other"
            )
        size = view.n_chirps * view.n_samples * view.n_rx
        if out.dtype != np.uint16 or out.ndim != 2 or out.shape[0] < n or out.shape[1] != size:
            raise ValueError(f"out: expected uint16[>= {n}, {size}], got {out.dtype}{list(out.shape)}")
        for k, many, seen in self.front_end.runs(first_us, period_us, n, view):
            synthesise(
                seen.radar,
                np.uint64(self.seed & 0xFFFFFFFFFFFFFFFF),
                (float(first_us + k * period_us), float(period_us)),
                self._groups,
                self._fan,
                self._fans,
                seen.extras,
                seen.base,
                make_work(view.n_rx, view.n_samples, len(seen.radar.amplitude)),
                out[k : k + many],
            )

    def play(self, faults: Sequence[tuple[Mapping[str, Any], int, int | None]]) -> None:
        """All faults of the radio in this run, past ones too: (fields of RadioFaults, start us, end us or None)."""
        spans = [
            Span(given, 1e-6 * from_us, math.inf if to_us is None else 1e-6 * to_us) for given, from_us, to_us in faults
        ]
        self.front_end.set_faults(spans)
        sets = dict(self._sets)
        for i, span in enumerate(spans):
            if span.fields.get(FADES):
                until_s = min(span.to_s, self.duration_s)
                rng = own_generator(self.seed, f"fades.{i}")
                sets["user"] = fading(sets["user"], span.fields[FADES], (span.from_s, until_s), rng)
        self._groups = filled_up(sets)

    def truth(self) -> Truth:
        """What is really so, over the whole scene."""
        return self._truth

    @property
    def moving_sets(self) -> Groups:
        """User (or sphere), curtain, partner, pet and surface of the bed, for tests and pictures."""
        return tuple(self._sets.values())[:5]

    @property
    def sets(self) -> dict[str, MovingSet]:
        """Everything that moves, by name, for tests and pictures."""
        return dict(self._sets)


def filled_up(sets: dict[str, MovingSet]) -> Groups:
    """As many sets as the kernel takes, in the order of their names; empty ones at the end. Raises SceneError."""
    n, room = sum(group.position_m.shape[2] for group in sets.values()), MAX_SCATTERERS // 2 - 64
    if len(sets) > N_GROUPS or n > room:
        raise SceneError(f"scene: expected at most {N_GROUPS} moving parts of {room} points, got {len(sets)} of {n}")
    return (*sets.values(), *(empty_set() for _ in range(N_GROUPS - len(sets))))
