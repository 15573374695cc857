"""Cures: for every reason that can keep a night from being recorded, and for no reason that does not exist."""

from __future__ import annotations

import pytest

from cloud import cures, silence
from cloud.last_night import Place, explain
from wire.table import Reason, text_of

#: What is about the alarm, or is no trouble.
NO_TROUBLE = {
    "NONE", "CONFIDENT", "BOOTED", "SET_BY_HOST", "SET_TIME", "EARLIER_RING", "CLOCK_LOST", "REBOOTED", "IN_THE_PAST",
    "NOT_ARMED", "WAS_OFF", "NOBODY_ANSWERED",
}  # fmt: skip


def test_every_name_is_a_reason_of_the_packet_table() -> None:
    assert set(Reason.__members__) >= cures.NAMES


@pytest.mark.parametrize("text", silence.BLINDING)
def test_what_blinds_the_radar_has_a_cure_and_its_place(text: str) -> None:
    place, what, cure = explain(f"silent: {text}")
    assert (place, what) == (Place.RADAR, text) and cure


@pytest.mark.parametrize(
    ("reason", "place"),
    [
        ("silent: standby switch", Place.STANDBY),
        ("silent: standby by command of the host", Place.STANDBY),
        ("silent: nobody in the user's place", Place.BED),
        ("nobody in the user's place", Place.BED),
        ("silent: booted", Place.BREATHING),
        (f"silent: {silence.SINCE_BOOT}", Place.BED),
        ("moving", Place.BREATHING),
        ("not the user: farther away", Place.WHO),
        ("no packets while streaming", Place.LINE),
        ("silent: no answer from the device: it was without power", Place.DEVICE),
        ("silent: no answer from the device: the line was down, the device ran on", Place.LINE),
        ("fault: clock chip does not answer", Place.PARTS),
        ("cloud process not running", Place.CLOUD),
        ("store could not be written", Place.STORE),
        ("silent: 7 packets lost: device's store was full", Place.DEVICE),
        ("silent: 1 packets lost: a write to flash was interrupted", Place.PARTS),
        ("no device at the port", Place.LINE),
    ],
)
def test_every_kind_of_reason_has_its_place(reason: str, place: Place) -> None:
    assert explain(reason)[0] is place


def test_faults_that_are_told_have_a_cure() -> None:
    faults = [one for one in Reason if int(one) >= int(Reason["MISO_LOW"]) and one.name not in NO_TROUBLE]
    without = [one.name for one in faults if not cures.of_reason(text_of(Reason, one))]
    refusals = {"NOT_EMPTY", "NO_REFLECTOR", "NOT_RINGING", "TOO_EARLY", "NOT_POSSIBLE"}
    other_sensors = {"NOT_TOLD", "BEYOND_RANGE", "REPEATED"}  # they say what a sensor is like
    assert set(without) <= refusals | other_sensors
