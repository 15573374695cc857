"""Whatever happens to clock, power, host and button: no armed alarm that the user has not ended rings late."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core import load
from tests.alarm_bed import Bedside
from wire import table

_, lib = load()
SECOND_US = 1_000_000
LOST_US = lib.SW_ALARM_CLOCK_LOST_US
LATE_US = SECOND_US
OFFS_S = [0.0, 0.0, 0.3, -0.3, -0.9, 1.5, -1.5, 600.0, -600.0, 7200.0, -7200.0]
SET_S = [0.4, 3.0, 30.0, 300.0, 3600.0]
WAITS_S = [0.0, 0.0007, 0.003, 0.4, 1.0, 2.5, 20.0, 250.0, 3600.0]

# what the world does to an armed alarm, and what ends or replaces it or rings it before
disturbances = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from(WAITS_S)),
    st.tuples(st.just("time"), st.sampled_from(OFFS_S)),
    st.tuples(st.just("reboot"), st.sampled_from([0.0, 0.4, 40.0])),
    st.tuples(st.just("time, reboot"), st.sampled_from(OFFS_S)),
)
commands = st.one_of(
    disturbances,
    st.tuples(st.just("set"), st.sampled_from(SET_S)),
    st.tuples(st.just("lose clock"), st.just(0.0)),
    st.tuples(st.just("ring"), st.sampled_from([0.0, 5.0, 100.0, 5000.0])),
    st.tuples(st.just("press"), st.sampled_from([0.2, 2.0])),
    st.tuples(st.just("cancel"), st.just(0.0)),
    st.tuples(st.just("flash refuses"), st.sampled_from([0.0, 1.0])),
    st.tuples(st.just("read"), st.just(0.0)),
)
ARMED = [("set", 3600.0), ("wait", 2.5), ("read", 0.0)]


class Night:
    """A device, and what a watch beside it knows: the latest instant, virtual us, at which it must have rung.

    due_us: None while no alarm is armed or once it has rung. Who sets an alarm means an instant by the device's clock, as its
    answer tells it. armed_us: when it was set.
    """

    def __init__(self) -> None:
        self.bed = Bedside()
        self.due_us: int | None = None
        self.set_for_us = self.armed_us = self.off_us = 0
        self.timeless = self.refused = False
        self.stored = False

    @property
    def now_us(self) -> int:
        return self.bed.device.now_us

    def check(self) -> None:
        """Has it rung since it was armed, or is there still time?"""
        if self.due_us is None:
            return
        rises = [t_us for t_us, pin, level in self.bed.device.pins if pin == "buzzer" and level]
        rang_us = next((t_us for t_us in rises if t_us >= self.armed_us), None)
        assert (self.now_us if rang_us is None else rang_us) <= self.due_us + LATE_US
        if rang_us is not None:
            self.due_us = None

    def do(self, what: str, value: float) -> None:
        for one in what.split(", "):
            getattr(self, "_" + one.replace(" ", "_"))(value)
            self.check()

    def _wait(self, seconds: float) -> None:
        self.bed.run(seconds)

    def _time(self, off_s: float) -> None:
        self.bed.off_s = off_s
        self.bed.tell_time(after_s=0.5)
        self.check()
        if self.timeless and self.due_us is not None:  # the set time is what the host now says
            self.due_us = max(self.now_us, self.now_us + self.set_for_us - self.bed.utc(off_s))
        self.timeless = False

    def _set(self, seconds: float) -> None:
        answer = self.bed.ask_set(seconds)
        if answer["reason"] in (table.Reason["CLOCK_UNKNOWN"], table.Reason["IN_THE_PAST"]):
            return
        self.check()
        self.set_for_us = answer["set_for_utc_us"]
        self.armed_us = self.now_us
        self.due_us = self.now_us + self.set_for_us - answer["utc_us"]
        self.timeless = self.stored = False

    def _reboot(self, off_s: float, lose: bool = False) -> None:
        off_s = abs(off_s) % 60
        if not self.stored:
            self.stored = bool(self.bed.read()["stored"])
        self.check()
        if not self.stored:  # the user was not told that it is armed
            self.due_us = None
        left_us = self.left_us()
        self.bed.reboot(off_s, lose_clock=lose)
        back_us = self.bed.device.power_on_us
        if self.due_us is not None and (lose or self.timeless):
            self.due_us = back_us + left_us
        elif self.due_us is not None:
            self.due_us = max(self.due_us, back_us)
        self.timeless |= lose

    def left_us(self) -> int:
        """How long after a reboot without a clock it must ring: a minute for all of them together, and not late."""
        left_us = 0 if self.due_us is None else max(0, self.due_us - self.now_us)
        return left_us if self.timeless else LOST_US if self.refused else min(LOST_US, left_us)

    def _lose_clock(self, _: float) -> None:
        self._reboot(0.0, lose=True)

    def _ring(self, seconds: float) -> None:
        self.bed.ring(0 if seconds == 0 else self.bed.utc(seconds))

    def _press(self, seconds: float) -> None:
        self.bed.press(seconds)

    def _cancel(self, _: float) -> None:
        self.check()
        self.bed.cancel()
        self.due_us = None

    def _flash_refuses(self, yes: float) -> None:
        self.bed.device.flash_refuses = bool(yes)
        self.refused |= bool(yes)  # then nobody knows how near the ring was

    def _read(self, _: float) -> None:
        self.stored |= bool(self.bed.read()["stored"])


def run(steps: list[tuple[str, Any]]) -> Night:
    night = Night()
    night.do("time", 0.0)
    for what, value in steps:
        night.do(what, value)
    night.do("wait", 8000.0)
    return night


@given(st.lists(disturbances, min_size=2, max_size=8))
@settings(max_examples=60)
def test_whatever_the_world_does_an_armed_alarm_is_not_late(steps: list[tuple[str, Any]]) -> None:
    assert run([*ARMED, *steps]).due_us is None


@given(st.lists(commands, max_size=14))
@settings(max_examples=60)
def test_nor_is_one_whatever_is_commanded(steps: list[tuple[str, Any]]) -> None:
    assert run(steps).due_us is None


@given(st.lists(commands, min_size=3, max_size=10))
@settings(max_examples=30)
def test_an_alarm_that_was_armed_last_rings(steps: list[tuple[str, Any]]) -> None:
    """The same from its other end: the property above does not hold because nothing is ever armed."""
    heals = [("flash refuses", 0.0), ("wait", 70.0)]  # what failed is tried again after a minute
    night = run([*steps, *heals, ("time", 0.0), ("set", 3600.0), ("wait", 2.5), ("read", 0.0), ("reboot", 0.4)])
    assert night.stored
    assert any(abs(rise_us - night.set_for_us) <= LATE_US for rise_us in night.bed.rises)
