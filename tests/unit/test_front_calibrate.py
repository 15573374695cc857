"""`stillwave calibrate` against the whole device: one line for every trouble."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from front import calibrate
from front.alarm import Device
from front.calibrate import CalibrationError
from front.env import InputError
from hw_sim.rig import Rig
from tests.calibrating import room
from wire import codec, trust
from wire.transport import Transport

ROOT = Path(__file__).parents[2]


class RigPort:
    """A rig as an open port; a read lets its timeout pass."""

    port = "/dev/test"

    def __init__(self, rig: Rig) -> None:
        self.rig, self._seen = rig, len(rig.packets)

    def write(self, data: bytes) -> None:
        self.rig.send(data)

    def read(self, timeout_s: float) -> bytes:
        self.rig.run(min(max(timeout_s, 0.01), 0.5))
        fresh, self._seen = self.rig.packets[self._seen :], len(self.rig.packets)
        return b"".join(codec.encode(one) for one in fresh)


def device(rig: Rig, seconds: float = 8.0) -> Device:
    """After its boot."""
    rig.run(seconds)
    return Device(cast(Transport, RigPort(rig)), lambda: rig.board.now_us, trust.EMULATED)


def run(rig: Rig, action: str, *place: float) -> dict[str, Any]:
    where = (*place, 0.0, 0.0, 0.0)[:3] if place else (None, 0.0, 0.0)
    return calibrate.as_json(calibrate.run(device(rig), calibrate.checked(action, where)))


def test_the_room_is_measured_and_told() -> None:
    shares: list[float] = []
    with Rig(room()) as rig:
        found = calibrate.as_json(
            calibrate.run(device(rig), calibrate.checked("empty-room", (None, 0, 0)), shares.append)
        )
    assert (found["state"], found["empty_room"], found["corner"]) == ("stored", True, False)
    assert found["residue_after_counts"] < found["residue_before_counts"]
    assert shares == sorted(shares) and len(set(shares)) > 5
    said = calibrate.as_text(found)
    assert said.startswith("still echoes 0.") and said.endswith("read back from the device's flash")


def test_the_reflector_is_found_and_told() -> None:
    with Rig(room(corner={"distance_m": 1.0, "azimuth_deg": 10.0})) as rig:
        said = calibrate.as_text(run(rig, "corner", 1.0, 10.0))
    assert said.startswith("antennas against RX1: RX2 ") and "direction off by" in said


def test_forgetting_is_told() -> None:
    with Rig(room()) as rig:
        assert calibrate.as_text(run(rig, "forget")) == "not calibrated: antennas are not calibrated"


def test_whoever_has_just_left_is_waited_for() -> None:
    # put there ten seconds ago, with somebody's hands: the device streams
    with Rig(room(corner={"distance_m": 1.0, "from_s": 12.0})) as rig:
        rig.run(10)
        assert run(rig, "corner", 1.0)["corner"]


@pytest.mark.parametrize(
    ("parts", "action", "line"),
    [
        ({}, "corner", "/dev/test: corner: no reflector at that place"),
        (
            {"sphere": {"distance_m": 2.5, "amplitude_mm": 1.0, "rate_per_min": 6.0}},
            "empty-room",
            "/dev/test: empty-room: something moves: the room is not empty",
        ),
    ],
)
def test_every_failure_is_a_line(parts: dict[str, Any], action: str, line: str) -> None:
    with Rig(room(**parts)) as rig, pytest.raises(CalibrationError, match=line):
        run(rig, action)


def test_a_device_in_standby_says_so() -> None:
    with Rig(room()) as rig:
        rig.set_standby(True)
        with pytest.raises(CalibrationError, match="standby switch"):
            run(rig, "empty-room")


@pytest.mark.parametrize(
    ("action", "place", "words"),
    [
        ("corner", (5.0, 0.0, 0.0), "--distance: expected 0.3 to 3 m, got 5"),
        ("corner", (1.0, 70.0, 0.0), "--azimuth: expected -60 to 60 degrees, got 70"),
        ("empty-room", (1.0, 0.0, 0.0), "expected no place"),
    ],
)
def test_a_wrong_place_is_refused(action: str, place: tuple[float, float, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        calibrate.checked(action, place)


def test_a_port_that_is_none_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "stillwave.py"), "calibrate", "/dev/none", "show", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "/dev/none" in done.stderr
