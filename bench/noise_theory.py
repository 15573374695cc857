"""Amplitude and phase noise of a target against theory, shadows and antenna mismatch: what the simulated radio measures.

Rule: the theory here is written out anew from the radar equation, not taken from the simulator.

A target that a whole frame sees with a signal-to-noise ratio S on one antenna (matched filter) has an amplitude noise
of 1 / sqrt(2 S) of the amplitude and a phase noise of as many radians. `python -m bench.noise_theory` prints the tables.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.radar_views import DEFAULT as VIEW
from bench.tables import table
from hw_sim.body import make_pose
from hw_sim.radar_view import SPEED_OF_LIGHT_M_PER_S
from hw_sim.scatterers import MovingSet, still_set
from hw_sim.scenario import Antennas, Corner, Person, Scenario, Sphere
from hw_sim.scene import Scene, filled_up
from hw_sim.shadow import WAVELENGTH_M, shadowed
from hw_sim.timeline import Timeline

DISTANCE_M: Final = 1.5
SNRS_DB: Final = (10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0)
RX: Final = 2  # RX3
AMPLITUDE_MM, RATE_PER_MIN = 2.0, 15.0

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class NoiseRow:
    """Standard deviations: amplitude noise relative to the amplitude, phase noise in rad, the theory of both."""

    snr_db: float
    moving: bool
    amplitude: float
    phase_rad: float
    theory: float

    @property
    def off_db(self) -> tuple[float, float]:
        """Measured over theory: amplitude, phase."""
        return 20 * math.log10(self.amplitude / self.theory), 20 * math.log10(self.phase_rad / self.theory)


def diameter_m(snr_db: float) -> float:
    """Of a sphere on boresight at DISTANCE_M: S = Pt G^2 lambda^2 (pi d^2 / 4) T / ((4 pi)^3 R^4 k T0 F)."""
    seconds = VIEW.n_chirps * VIEW.n_samples / VIEW.sample_rate_hz
    noise_j = 1.380649e-23 * 290 * 10 ** (13 / 10)
    per_m2 = 1e-3 * 10 ** (4 / 10) * 10 ** (2 * 3.5 / 10) * VIEW.wavelength_m**2 / ((4 * math.pi) ** 3 * DISTANCE_M**4)
    return math.sqrt(4 / math.pi * 10 ** (snr_db / 10) * noise_j / (per_m2 * seconds))


def burst_means(scene: Scene, n: int, first_us: float = 0.0) -> NDArray[np.float64]:
    """Mean chirp of each frame, float64[frame, sample, rx]."""
    out = np.zeros((n, VIEW.n_chirps * VIEW.n_samples * VIEW.n_rx), np.uint16)
    scene.frames(first_us, VIEW.frame_period_ns / 1e3, n, VIEW, out)
    return np.asarray(out.reshape(n, *VIEW.frame_shape).mean(axis=1))


def matched(chirps: NDArray[np.float64], distance_m: float) -> Complex:
    """Matched filter for a target at one distance: complex128[frame, rx]."""
    t_s = np.arange(VIEW.n_samples) / VIEW.sample_rate_hz
    tau_s = 2 * distance_m / SPEED_OF_LIGHT_M_PER_S
    template = np.exp(-2j * np.pi * (VIEW.f0_hz * tau_s + VIEW.slope_hz_per_s * tau_s * t_s))
    return np.asarray(np.einsum("fsr,s->fr", chirps, template))


def noise_row(snr_db: float, *, moving: bool, n: int = 1600, seed: int = 11) -> NoiseRow:
    """One target, still or moving 2 mm to either side at 15 a minute, seen in n frames."""
    amplitude_mm = AMPLITUDE_MM if moving else 0.0
    ball = Sphere(
        distance_m=DISTANCE_M, diameter_m=diameter_m(snr_db), amplitude_mm=amplitude_mm, rate_per_min=RATE_PER_MIN
    )
    duration_s = n / 20 + 1
    scene, nobody = (
        Scene(Scenario(description="target", sphere=one), seed=seed, duration_s=2 * duration_s) for one in (ball, None)
    )
    still = burst_means(nobody, n, 1e6 * duration_s).mean(axis=0)  # other frames: another noise
    z = matched(burst_means(scene, n) - still, DISTANCE_M)[:, RX]
    middle_s = np.arange(n) / 20 + 0.5 * (VIEW.n_chirps - 1) * VIEW.chirp_period_ns * 1e-9
    truth = scene.truth()
    moved_m = 1e-6 * np.interp(middle_s, truth.t_s, truth.displacement_um)
    turned = z * np.exp(4j * np.pi * moved_m / VIEW.wavelength_m)
    turned = turned / turned.mean()
    phase, size = np.angle(turned), np.abs(turned)
    theory = 1 / math.sqrt(2 * 10 ** (snr_db / 10))
    return NoiseRow(snr_db, moving, float(size.std() / size.mean()), float(phase.std()), theory)


@dataclass(frozen=True)
class ShadowRow:
    """A point behind a sleeper, its line of sight so far inside the outline; losses there and back, dB."""

    inside_m: float
    measured_db: float
    theory_db: float


def shadow_row(inside_m: float) -> ShadowRow:
    """A strong point 0.5 m behind a lying torso 0.75 m away, higher or lower."""
    body_m, behind_m = np.array([0.0, 0.75, 0.0]), 0.5
    person = Person(centre_m=(0.0, 0.75, 0.0))
    line = Timeline()
    pose = make_pose(person, np.random.default_rng(1), "supine", body_m)
    line.add(0.0, pose, moving=False, in_place=True)
    # front to back is upwards when supine, across is along the line of sight; the outline is where a ray touches
    up_m, along_m = float(np.linalg.norm(pose.half_m[:, 2])), float(np.linalg.norm(pose.half_m[:, 1]))
    outline_m = up_m * body_m[1] / math.sqrt(body_m[1] ** 2 - along_m**2)
    slope = (outline_m - inside_m) / body_m[1]
    at_m = np.array([0.0, body_m[1] + behind_m, (body_m[1] + behind_m) * slope])
    point = still_set(at_m[:, None], np.array([0.5]))
    seen, hidden = (_amplitude(one, float(np.linalg.norm(at_m))) for one in (point, shadowed(point, [line])))
    return ShadowRow(inside_m, 20 * math.log10(seen / hidden), knife_db(inside_m, body_m[1], behind_m))


def _amplitude(points: MovingSet, distance_m: float) -> float:
    scene = Scene(Scenario(description="points"), seed=5, duration_s=20)
    nobody = burst_means(scene, 200).mean(axis=0)
    scene._groups = filled_up({"user": points})
    return float(np.abs(matched(burst_means(scene, 200) - nobody, distance_m)[:, RX].mean()))


def knife_db(inside_m: float, front_m: float, behind_m: float, most_db: float = 25.0) -> float:
    """Twice the loss of a knife edge (ITU-R P.526), at most most_db."""
    v = inside_m * math.sqrt(2 * (front_m + behind_m) / (WAVELENGTH_M * front_m * behind_m))
    if v <= -0.78:
        return 0.0
    return min(most_db, 2 * (6.9 + 20 * math.log10(math.sqrt((v - 0.1) ** 2 + 1) + v - 0.1)))


@dataclass(frozen=True)
class MismatchRow:
    """RX1 and RX2 against RX3 in the echo of a corner on boresight: measured, and as drawn."""

    seed: int
    pair: str
    measured_db: float
    drawn_db: float
    measured_deg: float
    drawn_deg: float


def mismatch_rows(seed: int, gain_db: float = 1.5, phase_deg: float = 25.0) -> list[MismatchRow]:
    """Both pairs of one board. An ideal board gives the phases that are no mismatch."""
    corner = Corner(distance_m=1.5, edge_m=0.12)
    antennas = Antennas(gain_db=gain_db, phase_deg=phase_deg)
    found = []
    for own in (antennas, None):
        scenes = [
            Scene(Scenario(description="corner", corner=one, antennas=own), seed=seed, duration_s=20)
            for one in (corner, None)
        ]
        seen, nobody = (burst_means(scene, 200).mean(axis=0) for scene in scenes)
        found.append((matched((seen - nobody)[None], 1.5)[0], scenes[0].front_end.antennas.gain))
    (z, drawn), (ideal, _) = found
    rows = []
    for k, pair in ((0, "RX1 : RX3"), (1, "RX2 : RX3")):
        ratio, wanted = (z[k] / z[2]) / (ideal[k] / ideal[2]), drawn[k] / drawn[2]
        size_db, wanted_db = (20 * math.log10(abs(one)) for one in (ratio, wanted))
        rows.append(MismatchRow(seed, pair, size_db, wanted_db, _deg(ratio), _deg(wanted)))
    return rows


def _deg(ratio: complex) -> float:
    return math.degrees(math.atan2(ratio.imag, ratio.real))


def noise_table(rows: Sequence[NoiseRow]) -> str:
    """Markdown."""
    head = ["SNR, dB", "target", "amplitude noise", "phase noise, rad", "theory of both", "off: amplitude, phase, dB"]
    cells = [
        [
            f"{row.snr_db:.0f}",
            "moving" if row.moving else "still",
            f"{row.amplitude:.4f}",
            f"{row.phase_rad:.4f}",
            f"{row.theory:.4f}",
            f"{row.off_db[0]:+.2f}, {row.off_db[1]:+.2f}",
        ]
        for row in rows
    ]
    return table(head, cells)


def shadow_table(rows: Sequence[ShadowRow]) -> str:
    """Markdown."""
    head = ["line of sight inside the outline, cm", "measured, dB", "knife edge there and back, dB"]
    return table(head, [[f"{100 * r.inside_m:+.1f}", f"{r.measured_db:.1f}", f"{r.theory_db:.1f}"] for r in rows])


def mismatch_table(rows: Sequence[MismatchRow]) -> str:
    """Markdown."""
    head = ["board", "pair", "gain measured, drawn, dB", "phase measured, drawn, degrees"]
    cells: list[list[Any]] = [
        [
            str(r.seed),
            r.pair,
            f"{r.measured_db:+.2f}, {r.drawn_db:+.2f}",
            f"{r.measured_deg:+.1f}, {r.drawn_deg:+.1f}",
        ]
        for r in rows
    ]
    return table(head, cells)


SHADOWS_M: Final = (-0.02, -0.01, 0.0, 0.01, 0.02, 0.04, 0.08)
BOARDS: Final = (1, 2, 3)


def section(frames: int = 6000) -> str:
    """All three tables."""
    noise = [noise_row(snr_db, moving=moving, n=frames) for moving in (False, True) for snr_db in SNRS_DB]
    return "\n\n".join(
        [
            noise_table(noise),
            shadow_table([shadow_row(inside_m) for inside_m in SHADOWS_M]),
            mismatch_table([row for seed in BOARDS for row in mismatch_rows(seed)]),
        ]
    )


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=6000, help="frames a row")
    print(section(parser.parse_args().frames))


if __name__ == "__main__":
    main()
