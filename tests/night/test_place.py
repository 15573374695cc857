"""Two in a bed, the whole device in front of it: who lies on the far side alone is not reported, on either side."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from hw_sim.rig import Rig
from hw_sim.scene import Scene
from wire import codec, packet, values
from wire.table import Side

SECONDS = 150
LEAVES_AT = 60
PARTNER = """
[partner]
centre_m = [0.0, 1.4, -0.08]
way = "beyond"
"""
USER = """
[person]
centre_m = [0.0, 0.75, -0.08]
way = "near"
"""
LEAVES = f"""leaves_before_end_s = {SECONDS - LEAVES_AT}.0
leaves_if_longer_than_s = 60.0
"""
SideName = Literal["left", "right"]


def night(folder: Path, people: str, side: SideName, known: bool = True) -> Rig:
    """A device that was told the user's side after two seconds, or never, and a host that asks now and then."""
    path = folder / "bed.toml"
    path.write_text(f'description = "a bed"\n{people}', "utf-8")
    rig = Rig(Scene.load(path, seed=4, duration_s=SECONDS, side=side), seed=4)
    rig.run(2)
    if known:
        rig.send(codec.encode(packet.make(packet.SETTINGS_SET, {"nonce": 5, "side": Side[side.upper()]})))
    for part_s in [20] * 7 + [SECONDS - 142]:
        rig.run(part_s)
        rig.send(codec.encode(packet.make(packet.PING, {"nonce": 7})))
    return rig


def vitals_of(rig: Rig) -> list[values.Vitals]:
    return [values.vitals(one) for one in rig.packets if one.type == packet.VITALS]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_partner_alone_is_not_reported(tmp_path: Path, side: SideName) -> None:
    with night(tmp_path, PARTNER, side) as rig:
        assert vitals_of(rig) == []


def test_without_a_side_the_partner_is_reported(tmp_path: Path) -> None:
    with night(tmp_path, PARTNER, "left", known=False) as rig:
        assert len(vitals_of(rig)) > SECONDS / 2


@pytest.mark.parametrize("side", ["left", "right"])
def test_beside_the_partner_the_user_is_measured(tmp_path: Path, side: SideName) -> None:
    with night(tmp_path, USER + PARTNER, side) as rig:
        found = [one.distance_mm for one in vitals_of(rig)[5:]]
        assert len(found) > SECONDS / 2
        assert all(mm is not None and 450 < mm < 800 for mm in found)


def test_when_the_user_leaves_the_device_falls_silent_though_the_partner_stays(tmp_path: Path) -> None:
    with night(tmp_path, USER + LEAVES + PARTNER, "left") as rig:
        last = max(one.t_us for one in vitals_of(rig)) / 1e6
        assert LEAVES_AT < last < LEAVES_AT + 45
