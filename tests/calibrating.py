"""A rig that is calibrated as by a host, and antennas that differ, for tests and the bench of calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw_sim.board import Samples
from hw_sim.radar_view import RadarView
from hw_sim.rig import Rig
from hw_sim.scenario import Scenario
from hw_sim.scene import Scene
from wire import codec, packet, table

EMPTY_ROOM, CORNER, FORGET = (int(table.Procedure[name]) for name in ("EMPTY_ROOM", "CORNER", "FORGET"))
ANSWER_S = 2.0
LONGEST_S = 40.0
MIDDLE = 2048.0


class Unequal:
    """A scene seen by antennas that differ: gains complex[rx], of everything but the ADC's middle."""

    any_time = False

    def __init__(self, scene: Scene, gains: NDArray[np.complex128]) -> None:
        self.scene, self.gains = scene, gains

    def block(self, first_clock: int, view: RadarView, n: int = 100) -> Samples:
        out = np.zeros((n, view.frame_size), np.uint16)
        self.scene.frames(first_clock / 80.0, view.frame_period_ns / 1e3, n, view, out)
        frames = out.reshape(n, view.n_chirps, view.n_samples, view.n_rx)
        spectra = np.fft.rfft(frames - MIDDLE, axis=2) * self.gains
        back = np.rint(np.fft.irfft(spectra, view.n_samples, axis=2) + MIDDLE)
        return np.ascontiguousarray(np.clip(back, 0, 4095).astype(np.uint16).reshape(n, -1))


def drawn_gains(seed: int) -> NDArray[np.complex128]:
    """Antennas of one board: 1 dB and 25 degrees rms over RX1."""
    rng = np.random.default_rng(seed)
    db, rad = rng.normal(0, 1.0, 3), np.radians(rng.normal(0, 25.0, 3))
    gains = 10 ** (db / 20) * np.exp(1j * rad)
    return np.asarray(gains / gains[0])


def room(duration_s: float = 600.0, seed: int = 1, **parts: Any) -> Scene:
    """A bedroom in which nothing moves, and these parts."""
    clutter = {
        "wall": {"at_m": [0.2, 2.6, 0.1], "rcs_m2": 0.3},
        "headboard": {"at_m": [0.75, 0.9, 0.0], "rcs_m2": 0.03},
    }
    from hw_sim.scenario import decode_scenario

    scenario: Scenario = decode_scenario({"description": "test", "clutter": clutter, **parts}, "test")
    return Scene(scenario, seed=seed, duration_s=duration_s)


def ask(rig: Rig, kind: int = packet.CALIBRATION_READ, nonce: int = 5, **fields: int) -> Mapping[str, Any]:
    """The answer to one question."""
    rig.send(codec.encode(packet.make(kind, {"nonce": nonce, **fields})))
    before = len(rig.packets)
    rig.run(ANSWER_S)
    found = [one.fields for one in rig.packets[before:] if one.type == packet.CALIBRATION]
    assert found, "no answer"
    return found[-1]


def command(
    procedure: int, distance_m: float = 1.0, azimuth_deg: float = 0.0, elevation_deg: float = 0.0
) -> dict[str, int]:
    """Fields of a CALIBRATE."""
    return {
        "procedure": procedure,
        "distance": round(1000 * distance_m),
        "azimuth": round(100 * azimuth_deg),
        "elevation": round(100 * elevation_deg),
    }


def calibrate(rig: Rig, procedure: int, *place: float, nonce: int = 77) -> Mapping[str, Any]:
    """Runs a procedure to its end; its CALIBRATION."""
    found = ask(rig, packet.CALIBRATE, nonce, **command(procedure, *place))
    under_way = (table.CalibrationState["MEASURING"], table.CalibrationState["STORING"])
    end_us = rig.board.now_us + LONGEST_S * 1e6
    while found["state"] in under_way and rig.board.now_us < end_us:
        rig.run(1.0)
        found = ask(rig)
    return found
