"""Why the device did not answer: only what was heard afterwards can tell."""

from __future__ import annotations

import pytest

from cloud import outages
from cloud.observations import Anchor, Health
from cloud.outages import LINE_DOWN, NOBODY_KNOWS, OFF

S = 1_000_000


def health(second: int, boot: int, cause: str = "power on") -> Health:
    return Health(second * S, second * S, boot, cause, 0, "", "")


FIRST = Anchor(1, 0, 10 * S)


@pytest.mark.parametrize(
    ("boots", "health", "expected"),
    [
        pytest.param([FIRST], [health(12, 1), health(200, 1)], LINE_DOWN, id="the same boot answers"),
        pytest.param([FIRST], [health(12, 1)], NOBODY_KNOWS, id="nothing was heard again"),
        pytest.param([FIRST, Anchor(2, 5 * S, 200 * S)], [], OFF, id="another boot, and no cause"),
        pytest.param(
            [FIRST, Anchor(2, 5 * S, 200 * S)], [health(12, 1), health(202, 2)], "it was without power", id="power"
        ),
        pytest.param(
            [FIRST, Anchor(2, 5 * S, 200 * S)],
            [health(12, 1), health(202, 2, "watchdog")],
            "it hung, and its watchdog restarted it",
            id="watchdog",
        ),
    ],
)
def test_why_it_did_not_answer(boots: list[Anchor], health: list[Health], expected: str) -> None:
    assert outages.why(100 * S, 200 * S, outages.answers(boots, health)) == expected


def test_each_cause_has_words_of_its_own() -> None:
    assert len(set(outages.CAUSES.values())) == 4
