"""The procedures of calibration on the whole device: found, checked, kept, refused, lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from edge.firmware import open_flash
from hw_sim.rig import Rig
from tests.calibrating import CORNER, EMPTY_ROOM, FORGET, Unequal, ask, calibrate, command, drawn_gains, room
from wire import packet, table

GAINS = drawn_gains(3)
CORNER_AT = {"distance_m": 1.0, "azimuth_deg": 10.0, "elevation_deg": -5.0, "from_s": 36.0}
PLACE = (1.0, 10.0, -5.0)
SECTOR = 4096
DONE, FAILED = table.CalibrationState["DONE"], table.CalibrationState["FAILED"]


def reason(found: Mapping[str, Any]) -> str:
    return table.Reason(found["reason"]).name


@dataclass
class Calibrated:
    """A device after both procedures: what it said, and its flash."""

    empty: Mapping[str, Any]
    corner: Mapping[str, Any]
    flash: bytes
    unsolicited: int
    faults: int


@pytest.fixture(scope="module")
def calibrated() -> Calibrated:
    scene = room(corner=CORNER_AT)
    with Rig(scene, source=Unequal(scene, GAINS)) as rig:
        rig.run(8)
        empty = calibrate(rig, EMPTY_ROOM)
        quiet_s = 36 + 32
        unsolicited = rig.counts.bytes_unsolicited_while_silent
        rig.run(quiet_s - rig.board.now_us / 1e6)
        corner = calibrate(rig, CORNER, *PLACE, nonce=78)
        return Calibrated(empty, corner, rig.board.flash, unsolicited, len(rig.packets))


def booted(flash: bytes, radar: Mapping[str, int] | None = None, seconds: float = 3.0, core: str = "c") -> Rig:
    """A device with this flash, in an empty room, after its boot."""
    rig = Rig(room(), radar=radar, core=core)
    key = open_flash()[len(flash) :] if len(flash) == 4 * SECTOR else b""  # whoever is there is heeded
    rig.board.load_flash(flash + key)
    rig.run(seconds)
    return rig


def test_the_gains_of_the_antennas_are_found(calibrated: Calibrated) -> None:
    found = calibrated.corner
    db = np.array([found["gain_rx2"], found["gain_rx3"]]) / 1000
    degrees = np.array([found["phase_rx2"], found["phase_rx3"]]) / 100
    assert np.allclose(db, 20 * np.log10(np.abs(GAINS[1:])), atol=0.05)
    assert np.allclose(degrees, np.degrees(np.angle(GAINS[1:])), atol=0.5)


def test_the_error_is_there_before_and_gone_after(calibrated: Calibrated) -> None:
    assert calibrated.corner["error_before"] > 200
    assert calibrated.corner["error_after"] < 20


def test_the_still_room_is_there_before_and_gone_after(calibrated: Calibrated) -> None:
    assert calibrated.empty["residue_before"] > 30
    assert calibrated.empty["residue_after"] < 5


def test_both_are_read_back_from_flash(calibrated: Calibrated) -> None:
    assert (calibrated.empty["state"], calibrated.empty["stored"]) == (DONE, EMPTY_ROOM)
    assert (calibrated.corner["state"], calibrated.corner["stored"]) == (DONE, EMPTY_ROOM | CORNER)


def test_nothing_is_sent_unasked(calibrated: Calibrated) -> None:
    assert calibrated.unsolicited == 0


def test_it_is_kept_over_a_power_cut(calibrated: Calibrated) -> None:
    with booted(calibrated.flash) as rig:
        found = ask(rig)
        assert {**found, "nonce": 0} == {**calibrated.corner, "nonce": 0}


def test_it_is_applied_after_a_boot(calibrated: Calibrated) -> None:
    scene = room(corner=CORNER_AT | {"from_s": None})
    with Rig(scene, source=Unequal(scene, GAINS), probes=["clutter.background"]) as rig:
        rig.board.load_flash(calibrated.flash)
        rig.run(4)
        background = rig.probe("clutter.background")
        peak = np.abs(background).sum(0)[10:].argmax() + 10
        assert np.abs(np.abs(background[1:, peak] / background[0, peak]) - 1).max() < 0.05


def test_another_radar_config_is_not_calibrated(calibrated: Calibrated) -> None:
    with booted(calibrated.flash, {"end_khz": 62_000_000}) as rig:
        found = ask(rig)
        assert (found["state"], found["stored"], reason(found)) == (0, 0, "NOT_CALIBRATED")


def test_one_that_never_was_is_not_calibrated_and_not_ill() -> None:
    with booted(b"\xff" * (4 * SECTOR)) as rig:
        assert reason(ask(rig)) == "NOT_CALIBRATED"
        assert not health(rig)["present"]


def health(rig: Rig) -> dict[str, list[str]]:
    """Names of the faults that are present and past."""
    from wire import codec

    rig.send(codec.encode(packet.make(packet.HEALTH_READ, {"nonce": 4})))
    rig.run(2.0)
    fields = next(one.fields for one in reversed(rig.packets) if one.type == packet.HEALTH)
    return {key: [table.Reason(n).name for n in fields[key] if n] for key in ("present", "past")}  # type: ignore[union-attr]


def test_damage_in_flash_is_told(calibrated: Calibrated) -> None:
    flash = bytearray(calibrated.flash)
    for at in range(2 * SECTOR + 100, 4 * SECTOR, 1024):
        flash[at] &= 0x5A if flash[at] != 0xFF else 0xFF
        flash[at + 1] &= 0xA5 if flash[at + 1] != 0xFF else 0xFF
    with booted(bytes(flash)) as rig:
        found = ask(rig)
        assert (found["stored"], reason(found)) == (0, "CALIBRATION_LOST")
        assert "CALIBRATION_LOST" in health(rig)["present"]


def faults_of_boots(flash: bytes, boots: int) -> tuple[list[set[str]], Mapping[str, Any]]:
    """What is told at each boot with this flash, and how the calibration stands at the last."""
    told = []
    with booted(flash, seconds=8.0) as rig:
        for boot in range(boots):
            if boot:
                rig.reboot()
                rig.run(8.0)
            told.append(set(health(rig)["present"]))
        return told, ask(rig)


def test_a_torn_record_is_told_once_and_mended(calibrated: Calibrated) -> None:
    flash = bytearray(calibrated.flash)
    flash[2 * SECTOR + 2 * 1024 : 2 * SECTOR + 2 * 1024 + 300] = bytes(range(100)) * 3  # behind the two that hold
    told, found = faults_of_boots(bytes(flash), 3)
    assert told == [{"FLASH_TORN"}, set(), set()]
    assert {**found, "nonce": 0} == {**calibrated.corner, "nonce": 0}


def test_a_first_record_that_is_torn_is_told_once_and_stays_lost(calibrated: Calibrated) -> None:
    flash = bytearray(b"\xff" * (4 * SECTOR))
    flash[2 * SECTOR : 2 * SECTOR + 300] = calibrated.flash[2 * SECTOR : 2 * SECTOR + 300]
    told, found = faults_of_boots(bytes(flash), 3)
    assert told == [{"FLASH_TORN", "CALIBRATION_LOST"}, {"CALIBRATION_LOST"}, {"CALIBRATION_LOST"}]
    assert (found["stored"], reason(found)) == (0, "CALIBRATION_LOST")


def test_what_was_lost_may_be_forgotten(calibrated: Calibrated) -> None:
    flash = bytearray(b"\xff" * (4 * SECTOR))
    flash[2 * SECTOR : 2 * SECTOR + 300] = calibrated.flash[2 * SECTOR : 2 * SECTOR + 300]
    with booted(bytes(flash)) as rig:
        assert reason(calibrate(rig, FORGET)) == "NOT_CALIBRATED"
        rig.reboot()
        rig.run(3)
        assert reason(ask(rig)) == "NOT_CALIBRATED"
        assert not health(rig)["present"]


def test_forgotten_is_forgotten(calibrated: Calibrated) -> None:
    with booted(calibrated.flash) as rig:
        assert reason(calibrate(rig, FORGET)) == "NOT_CALIBRATED"
        rig.reboot()
        rig.run(3)
        assert reason(ask(rig)) == "NOT_CALIBRATED"
        assert not health(rig)["present"]


@pytest.mark.parametrize("procedure", [EMPTY_ROOM, CORNER])
def test_a_room_in_which_something_moves_is_refused(procedure: int) -> None:
    # too slow and too small for the device to call it somebody, but it moves
    sphere = {"distance_m": 2.5, "diameter_m": 0.1, "amplitude_mm": 1.0, "rate_per_min": 6.0}
    with Rig(room(sphere=sphere)) as rig:
        rig.run(8)
        found = calibrate(rig, procedure)
        assert (found["state"], reason(found)) == (FAILED, "NOT_EMPTY")
        assert found["stored"] == 0


def test_no_reflector_is_refused() -> None:
    with booted(b"\xff" * (4 * SECTOR), seconds=8) as rig:
        found = calibrate(rig, CORNER, 1.0)
        assert (found["state"], reason(found)) == (FAILED, "NO_REFLECTOR")


def test_a_failure_leaves_what_was_there(calibrated: Calibrated) -> None:
    with booted(calibrated.flash, seconds=8) as rig:
        found = calibrate(rig, CORNER, 1.0)
        assert reason(found) == "NO_REFLECTOR"
        same = ("stored", "gain_rx2", "gain_rx3", "phase_rx2", "phase_rx3", "error_before", "residue_after")
        assert {key: found[key] for key in same} == {key: calibrated.corner[key] for key in same}


def test_standby_refuses_and_ends_it() -> None:
    with booted(b"\xff" * (4 * SECTOR), seconds=8) as rig:
        ask(rig, packet.CALIBRATE, 6, **command(EMPTY_ROOM))
        rig.set_standby(True)
        rig.run(1)
        assert reason(ask(rig)) == "STANDBY_SWITCH"
        found = ask(rig, packet.CALIBRATE, 7, **command(EMPTY_ROOM))
        assert (found["state"], reason(found)) == (FAILED, "STANDBY_SWITCH")


def test_a_command_that_is_repeated_starts_nothing_anew() -> None:
    with booted(b"\xff" * (4 * SECTOR), seconds=8) as rig:
        progress = [ask(rig, packet.CALIBRATE, nonce, **command(EMPTY_ROOM))["progress"] for nonce in (6, 6, 7, 8)]
        assert progress == sorted(set(progress))


def test_a_power_cut_while_it_is_stored_leaves_the_old_one(calibrated: Calibrated) -> None:
    with booted(calibrated.flash) as rig:
        state = rig.device.firmware.state.calibrator
        ask(rig, packet.CALIBRATE, 6, **command(FORGET))
        flash = rig.board.flash
        assert state.state != table.CalibrationState["STORING"]
    torn = bytearray(flash)
    new = [at for at in range(2 * SECTOR, 4 * SECTOR, 1024) if flash[at] != 0xFF and calibrated.flash[at] == 0xFF]
    torn[new[0] + 256 : new[0] + 1024] = b"\xff" * 768
    with booted(bytes(torn)) as rig:
        assert ask(rig)["stored"] == EMPTY_ROOM | CORNER


def test_a_direction_is_right_once_the_antennas_are_known() -> None:
    from bench import calibration as bench

    flash, _ = bench.calibrated(2)
    without, with_it = (bench.error_deg(2, (20.0, 0.0), one) for one in (bench.ERASED, flash))
    assert without > 3 and with_it < 0.5
