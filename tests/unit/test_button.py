"""Presses: short, long, bounced, held from before."""

from __future__ import annotations

import pytest

from edge.core import load

ffi, lib = load()
NAMES = {lib.SW_PRESS_SHORT: "short", lib.SW_PRESS_LONG: "long"}


def presses(*edges: tuple[float, int], first: int = 0) -> list[tuple[float, str]]:
    """(s, press) for levels given as (s, level), with every deadline the button asks for."""
    b = ffi.new("sw_button *")
    lib.sw_button_init(b, 0, first)
    found = []
    todo = [(round(at * 1e6), level) for at, level in edges]
    level = 0
    while todo or b.long_us != 2**64 - 1:
        if todo and todo[0][0] <= b.long_us:
            at, level = todo.pop(0)
        else:
            at = b.long_us
        got = lib.sw_button_step(b, at, level)
        if got != lib.SW_PRESS_NONE:
            found.append((at / 1e6, NAMES[got]))
    return found


@pytest.mark.parametrize("held_s", [0.02, 0.3, 1.499])
def test_a_short_press_is_said_when_it_is_let_go(held_s: float) -> None:
    assert presses((1, 1), (1 + held_s, 0)) == [(1 + held_s, "short")]


@pytest.mark.parametrize("held_s", [1.5, 1.6, 60])
def test_a_long_press_is_said_once_while_it_is_held(held_s: float) -> None:
    assert presses((1, 1), (1 + held_s, 0)) == [(2.5, "long")]


def test_a_bounce_is_no_press_and_does_not_spoil_one() -> None:
    assert presses((1, 1), (1.001, 0), (1.002, 1), (1.003, 0), (1.004, 1), (1.3, 0)) == [(1.3, "short")]
    assert presses((1, 1), (1.019, 0)) == []


def test_each_press_counts() -> None:
    assert presses((1, 1), (1.2, 0), (2, 1), (4, 0), (5, 1), (5.1, 0)) == [
        (1.2, "short"),
        (3.5, "long"),
        (5.1, "short"),
    ]


def test_a_button_that_was_down_when_the_power_came_is_no_press() -> None:
    assert presses((9, 0), first=1) == [] == presses((9, 0))
