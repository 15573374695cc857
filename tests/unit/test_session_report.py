"""The report's sections session and primary_user, against a made truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloud.night import Night, load
from cloud.observations import Absence, Epoch
from cloud.report import build
from cloud.session_report import primary_user
from cloud.truth import parse
from tests.fake_device import T0_UTC_US, FakeDevice, sleeper, stored_night

N_SECONDS = 120
EPOCH_US = 30_000_000


def truth(user: str, partner: str, pet: str = "....") -> dict[str, Any]:
    """One letter per epoch: x there, half for half of it, . not."""
    columns = {"in_place": user, "partner_in_bed": partner, "pet_in_zone": pet}
    share = {"x": 30, "h": 15, "l": 14, ".": 0}
    flags = {name: [int(s < share[c]) for c in letters for s in range(30)] for name, letters in columns.items()}
    nothing = [0] * N_SECONDS
    return {
        "schema": 1, "t0_utc_us": T0_UTC_US, "step_s": 1, "rate_per_min": [None] * N_SECONDS, "person_in_zone": nothing,
        "moving": nothing, "standby": nothing, "displacement": {"rate_hz": 10, "um": [], "delay_s": 0}, **flags,
    }  # fmt: skip


def night_of(*occupied: str) -> Night:
    none = (None,) * 9
    epochs = [Epoch(T0_UTC_US + i * EPOCH_US, *none, one, "") for i, one in enumerate(occupied)]
    empty: Any = None
    return Night({}, T0_UTC_US, T0_UTC_US + N_SECONDS * 1_000_000, [], empty, [], [], [], [], epochs)


@pytest.mark.parametrize(
    ("user", "partner", "pet", "found", "expected"),
    [
        ("xxxx", "....", "....", ("user",) * 4, (4, 4, 0, 0)),
        ("hlxx", "....", "....", ("user",) * 4, (3, 3, 0, 0)),
        ("..xx", "xxxx", "....", ("user", "away", "user", "away"), (4, 2, 0, 1)),
        ("....", "....", "xx..", ("user", "away", "user", "user"), (2, 1, 0, 1)),
        ("xx..", "..x.", "....", ("unknown",) * 3, (3, 0, 3, 0)),
        ("....", "....", "....", ("away",) * 4, (0, 0, 0, 0)),
    ],
)
def test_epochs_are_judged_where_somebody_was(
    user: str, partner: str, pet: str, found: tuple[str, ...], expected: tuple[int, ...]
) -> None:
    assert tuple(primary_user(night_of(*found), parse(truth(user, partner, pet))).values.values()) == expected


def test_without_truth_nobody_is_judged() -> None:
    section = primary_user(night_of("user"), None)
    assert set(section.values.values()) == {None}
    assert set(section.reasons.values()) == {"no truth"}


def _with_a_bathroom(device: FakeDevice, second: int) -> bytes:
    t_us = second * 1_000_000 + 900_000
    if second == 700:
        return device.transition(t_us, "STREAMING", "MONITORING", "NOBODY")
    if second == 900:
        return device.transition(t_us, "MONITORING", "STREAMING", "CONFIDENT", (t_us - 199_000_000, t_us), "NOBODY")
    return b"" if 700 < second < 900 else sleeper(device, second)


def test_an_absence_is_in_the_report(tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", _with_a_bathroom)
    assert build(tmp_path / "n.sqlite", None, None)["session"]["absences"] == [
        {"from_utc": "2026-02-02T02:51:40Z", "to_utc": "2026-02-02T02:55:01Z", "reason": "nobody in the user's place"}
    ]


def test_an_absence_outside_of_the_session_is_not(tmp_path: Path) -> None:
    from cloud.session_report import session

    stored_night(tmp_path / "n.sqlite")
    night = load(tmp_path / "n.sqlite")
    earlier = replace(night, absences=[Absence(T0_UTC_US, T0_UTC_US + EPOCH_US, "why")])
    assert session(earlier, None, False).values["absences"] == []
