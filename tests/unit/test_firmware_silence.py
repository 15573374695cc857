"""Why it was silent: the first packet after a silence names the most important of its causes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.device import Device
from wire import packet, values
from wire.values import Transition

NOBODY, STANDBY = "nobody in the user's place", "standby switch"
RADAR_FAILED = "radar reads as zeros: no chip, no power, or a broken line"


class Line:
    """A streaming device whose chain is told its confidence, and the transitions it has sent since."""

    def __init__(self) -> None:
        self.confidence = 220
        self.device = Device(think=self._think).run(12.0)
        assert self.device.fw.uplink_state == "streaming"
        self.device.take()

    def _think(self, out: dict[str, Any]) -> None:
        out["confidence"] = self.confidence

    def radar(self, answers: bool) -> None:
        """The radar answers, or reads as zeros from now on."""
        self.device.miso = lambda header, data: data if answers else bytes(len(data))

    def run(self, seconds: float) -> list[Transition]:
        """The transitions of the next seconds."""
        sent = self.device.run(seconds).take()
        return [values.transition(one) for one in sent if one.type == packet.TRANSITION]


@pytest.mark.parametrize(("radar_fails", "first"), [(False, NOBODY), (True, RADAR_FAILED)])
def test_a_standby_that_begins_inside_a_silence_is_its_reason(radar_fails: bool, first: str) -> None:
    line = Line()
    line.confidence = 0
    line.radar(answers=not radar_fails)
    (left,) = line.run(20.0)
    line.radar(answers=True)
    for standby in (1, 0):
        line.device.switch(standby)
        assert line.run(10.0) == []
    line.confidence = 220
    (back,) = line.run(5.0)
    assert (left.reason, back.silent_from_us, back.silent_reason) == (first, left.t_us, STANDBY)


def test_a_radar_that_fails_inside_a_silence_is_its_reason() -> None:
    line = Line()
    line.confidence = 0
    (left,) = line.run(20.0)
    line.radar(answers=False)
    assert line.run(20.0) == []
    line.radar(answers=True)
    line.confidence = 220
    (back,) = line.run(20.0)
    assert (left.reason, back.silent_reason) == (NOBODY, RADAR_FAILED)


def test_the_next_silence_has_its_own_reason() -> None:
    line = Line()
    line.device.switch(1)
    line.run(5.0)
    line.device.switch(0)
    line.run(10.0)
    line.confidence = 0
    line.run(20.0)
    line.confidence = 220
    (back,) = line.run(5.0)
    assert back.silent_reason == NOBODY
