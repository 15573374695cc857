"""Spans without data and their reasons, also when the packet that told them was lost."""

from __future__ import annotations

import pytest

from cloud.observations import Occupancy, Transition
from cloud.silence import SINCE_BOOT, Silence, silences, unanswered

S = 1_000_000


def change(
    second: int, before: str, after: str, reason: str, silent: tuple[int, int] | None = None, why: str | None = None
) -> Transition:
    span = (silent[0] * S, silent[1] * S) if silent else (None, None)
    return Transition(7, second, second * S, before, after, reason, *span, why)


@pytest.mark.parametrize(
    ("transitions", "boots", "data", "expected"),
    [
        pytest.param([], [5], [], [(5, 100, SINCE_BOOT)], id="nothing was ever said"),
        pytest.param([], [5, 40], [], [(5, 40, SINCE_BOOT), (40, 100, SINCE_BOOT)], id="a reboot in a silence"),
        pytest.param([], [5], [30, 31], [(5, 30, SINCE_BOOT)], id="the first packet ends it"),
        pytest.param([], [5], [6], [], id="a boot straight into streaming"),
        pytest.param(
            [change(20, "streaming", "standby", "standby switch")],
            [1],
            [2, 20],
            [(20, 100, "standby switch")],
            id="open to the end",
        ),
        pytest.param(
            [change(20, "streaming", "standby", "switch"), change(60, "standby", "streaming", "x", (20, 60))],
            [1],
            [2, 20, 60],
            [(20, 60, "switch")],
            id="told before and after is one",
        ),
        pytest.param(
            [change(60, "standby", "streaming", "x", (30, 60))],
            [1],
            [2, 60],
            [(30, 60, "standby switch")],
            id="its last packet before was lost",
        ),
        pytest.param(
            [change(20, "streaming", "monitoring", "nobody")],
            [1],
            [2, 20, 70, 71],
            [(20, 70, "nobody")],
            id="its first packet after was lost",
        ),
        pytest.param(
            [change(60, "monitoring", "streaming", "x", (0, 60))],
            [1],
            [60],
            [(0, 60, "nobody in the user's place")],
            id="the device's word beats since boot",
        ),
        pytest.param(
            [
                change(20, "streaming", "monitoring", "nobody"),
                change(60, "monitoring", "streaming", "x", (20, 60), "w"),
            ],
            [1],
            [2, 20, 60],
            [(20, 60, "w")],
            id="a cause that joined later counts",
        ),
        pytest.param(
            [change(60, "monitoring", "streaming", "x", (30, 60), "w")],
            [1],
            [2, 60],
            [(30, 60, "w")],
            id="why it was is told though its last packet before was lost",
        ),
        pytest.param(
            [change(20, "streaming", "standby", "switch"), change(60, "monitoring", "streaming", "x", (35, 60), "w")],
            [1, 40],
            [2, 20, 60],
            [(20, 40, "switch"), (40, 60, "w")],
            id="a reboot divides: each boot tells its part",
        ),
    ],
)
def test_silences(
    transitions: list[Transition], boots: list[int], data: list[int], expected: list[tuple[int, int, str]]
) -> None:
    found = silences(transitions, [b * S for b in boots], [d * S for d in data], [], 100 * S)
    assert found == [Silence(a * S, b * S, reason) for a, b, reason in expected]


def test_a_device_that_does_not_answer_is_a_silence_too() -> None:
    rows = [Occupancy(10 * S, "unknown", "no answer from the device"), Occupancy(50 * S, "occupied", "x")]
    assert silences([], [], [], rows, 100 * S) == [Silence(10 * S, 50 * S, "no answer from the device")]


def test_an_outage_of_which_all_came_later_is_no_silence_but_still_an_outage() -> None:
    rows = [Occupancy(30 * S, "unknown", "no answer from the device"), Occupancy(50 * S, "occupied", "x")]
    data = [t * S for t in range(100)]
    assert silences([], [], data, rows, 100 * S) == []
    assert unanswered(rows, data, 100 * S, []) == [Silence(30 * S, 50 * S, "no answer from the device")]


def test_no_answer_until_the_end() -> None:
    rows = [Occupancy(10 * S, "unknown", "no answer from the device")]
    assert silences([], [], [], rows, 100 * S) == [Silence(10 * S, 100 * S, "no answer from the device")]
