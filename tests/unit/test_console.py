"""The live console: what each line does, what is said to a wrong one, and that the input may end."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from hw_sim.chip.core import lib
from hw_sim.console import Console, InputLines
from hw_sim.rig import Rig
from tests.board_device import Ramp


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig(source=Ramp()) as one:
        one.run(1.0)
        yield one


def told(rig: Rig, *lines: str) -> list[str]:
    console = Console(rig, InputLines(0), lambda _line, _text: None)
    return [console.do(line) for line in lines]


def test_a_fault_begins_now_and_ends_by_name(rig: Rig) -> None:
    said = told(rig, "fault irq-late=7ms", "faults", "fault irq-late off", "faults", "fault irq-late off")
    assert said == [
        "fault irq-late=7ms@1", "faults now: irq-late=7ms@1", "fault irq-late: over", "faults now: none",
        "fault irq-late: was not in force",
    ]  # fmt: skip


def test_a_fault_may_come_later(rig: Rig) -> None:
    assert told(rig, "fault miso-low@3+2", "faults")[1] == "faults now: none; to come: miso-low@3+2"


def test_standby_button_and_reboot_are_hands_on_the_device(rig: Rig) -> None:
    assert told(rig, "standby on", "button 0.5") == ["standby on", "button for 0.5 s"]
    memory = rig.board.memory
    assert (lib.board_standby_switch(memory), lib.board_button(memory)) == (1, 1)
    rig.run(1.0)
    assert lib.board_button(memory) == 0
    assert told(rig, "standby off", "reboot") == ["standby off", "rebooted"]
    assert (lib.board_standby_switch(memory), memory.powered) == (0, 0)


def test_status_is_one_line(rig: Rig) -> None:
    (said,) = told(rig, "status")
    assert said.startswith("1.000 s; radar sends, standby off, ") and "\n" not in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("falut miso-low", "falut: expected one of fault, faults, standby, button, reboot, status, help"),
        ("fault", "fault: expected fault NAME"),
        ("fault a b c", "fault: expected fault NAME"),
        ("fault miso-lo", "(did you mean miso-low?)"),
        ("fault miso-lo off", "(did you mean miso-low?)"),
        ("fault miso-low@0.5", "start: expected 1 s or later"),
        ("fault reference-76.8", "this is so from power-on"),
        ("standby", "standby: expected on or off"),
        ("standby maybe", "standby: expected on or off"),
        ("button -1", "button: expected s, above 0 and up to 3600"),
        ("button x", "button: expected s"),
        ("reboot now", "reboot: expected nothing behind it"),
        ("faults now", "faults: expected nothing behind it"),
        ("status now", "status: expected nothing behind it"),
    ],
)
def test_a_wrong_line_is_answered_and_changes_nothing(rig: Rig, line: str, says: str) -> None:
    before = rig.snapshot()
    (said,) = told(rig, line)
    assert says in said and "\n" not in said
    assert rig.snapshot() == before


def test_lines_are_taken_whole_and_an_end_is_no_trouble() -> None:
    reads, writes = os.pipe()
    lines = InputLines(reads)
    os.write(writes, b"help\n\nfau")
    first = lines.take()
    os.write(writes, b"lts\nstatus")
    second = lines.take()
    os.close(writes)
    assert (first, second, lines.take(), lines.take()) == (["help"], ["faults"], ["status"], [])
    os.close(reads)


def test_every_word_has_an_answer(rig: Rig) -> None:
    (said,) = told(rig, "help")
    assert all(word in said for word in ("fault", "faults", "standby", "button", "reboot", "status"))
