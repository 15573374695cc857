"""Ten minutes with everything in them, on every CPU: one digest of all bytes on the line.

A pair of digests that are equal says nothing unless something happened: what must have happened is counted as well.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from hw_sim.rig import DATA_TYPES, HostTarget, Rig
from tests import ten_minutes
from tests.same_bytes import not_genuine
from wire import packet, table, trust
from wire.packet import Packet

pytestmark = [pytest.mark.hil, pytest.mark.slow]
SEEDS = (1, 2, 3, 4, 5)
EVERY_SEED = ("posix", "arm", "aarch64")
ONE_SEED = ("arm_m7", "arm_m33")
ANSWERS = {"HELLO": 4, "PONG": 10, "ALARM_STATE": 12, "SETTINGS": 4, "ORDERS": 5, "RADAR": 1}
Figures = Callable[[str, dict[str, float]], None]


@dataclass(frozen=True)
class Run:
    """What ten minutes left. pins: (t_us, pin, value). moving_s: true, of the body. strangers: packets refused, on host."""

    digest: str
    heard: list[Packet]
    pins: list[tuple[int, str, int]]
    counters: dict[str, int]
    moving_s: float
    strangers: dict[str, int]


@functools.cache
def ten_minutes_of(seed: int, target: str = "host", paired: bool = True) -> Run:
    """The script on one target; nothing may be lost."""
    host = ten_minutes.ScriptHost()
    scene = ten_minutes.scene(seed)
    with Rig(scene, seed=seed, target=target, t0_utc_us=ten_minutes.T0_UTC_US, paired=paired) as rig:
        rig.attach(host)
        ten_minutes.pull_levers(rig)
        rig.run(ten_minutes.SECONDS)
        counters = rig.edge_counters() | {"refused": rig.board.memory.tx_refused}
        moving_s = float(scene.truth().moving.mean()) * ten_minutes.SECONDS
        strangers: dict[str, int] = {}
        if isinstance(rig.device, HostTarget):
            state = rig.device.firmware.state.trust
            strangers = {name: int(getattr(state, name)) for name in ("untagged", "forged", "replayed")}
        return Run(rig.counts.digest, host.heard, rig.pins, counters, moving_s, strangers)


@pytest.mark.parametrize(
    ("seed", "target"),
    [(seed, target) for target in EVERY_SEED for seed in SEEDS] + [(1, target) for target in ONE_SEED],
)
def test_every_home_puts_the_same_bytes_on_the_line(seed: int, target: str, arm_tools: None, figures: Figures) -> None:
    reference, run = ten_minutes_of(seed), ten_minutes_of(seed, target)
    data = {one.seq for one in run.heard if one.type in DATA_TYPES}
    figures(f"{target}, seed {seed}, {run.digest}", {"data packets": len(data)})
    assert run.digest == reference.digest
    assert len(data) >= 500


def test_seeds_differ() -> None:
    assert len({ten_minutes_of(seed).digest for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_occurred(seed: int, figures: Figures) -> None:
    run = ten_minutes_of(seed)
    vitals = [one for one in run.heard if one.type == packet.VITALS and not one.flags & table.FLAG_RESENT]
    moving = sum(one.fields["motion_class"] == table.MotionClass["MOVING"] for one in vitals)
    spans = [silence(one) for one in run.heard if one.type == packet.TRANSITION]
    pulled = [one for one in run.heard if one.type in DATA_TYPES and one.flags & table.FLAG_RESENT]
    figures(f"seed {seed}", {"moving s": run.moving_s, "told moving s": moving, "resent": len(pulled)})
    assert run.moving_s >= 30 and moving >= 30
    assert len(vitals) >= 500
    assert max(spans) >= 24.0
    assert len(pulled) >= 20
    assert run.counters["standby_s"] == 25 and run.counters["bytes_unsolicited_while_silent"] == 0
    assert run.counters["overflows"] == 0 and run.counters["refused"] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_every_question_was_answered(seed: int) -> None:
    found = Counter(table_name(one.type) for one in ten_minutes_of(seed).heard)
    assert {name: found[name] for name in ANSWERS} == ANSWERS | {"HELLO": ANSWERS["HELLO"] + 3}


@pytest.mark.parametrize("seed", SEEDS)
def test_all_of_a_session_bears_its_tag(seed: int) -> None:
    run = ten_minutes_of(seed)
    assert sum(trust.is_tagged(one) for one in run.heard) >= 500
    assert not_genuine(run.heard) == []


def answers_to_strangers(run: Run) -> list[Packet]:
    """Those whose nonce is a stranger's own; of what was only repeated the answers are counted above."""
    return [one for one in run.heard if int(str(one.fields.get("nonce", 0))) in ten_minutes.STRANGERS_NONCES]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_a_stranger_said_was_heeded(seed: int) -> None:
    run = ten_minutes_of(seed)
    kinds = Counter(how for _, how, _, _ in ten_minutes.FORGED)
    refused = {"untagged": kinds["no tag"], "replayed": kinds["said before"]}
    assert run.strangers == refused | {"forged": sum(kinds.values()) - sum(refused.values())}
    assert answers_to_strangers(run) == []


def test_a_device_that_heeds_strangers_is_seen() -> None:
    """The comparison itself: a device of the laboratory, which takes whatever bears no tag."""
    run = ten_minutes_of(SEEDS[0], paired=False)
    assert answers_to_strangers(run) != []
    assert run.digest != ten_minutes_of(SEEDS[0]).digest


@pytest.mark.parametrize("seed", SEEDS)
def test_the_alarm_rang_and_ended(seed: int) -> None:
    run = ten_minutes_of(seed)
    edges = [(t_us / 1e6, value) for t_us, pin, value in run.pins if pin == "buzzer"]
    deeds = [table_name_of(table.AlarmDeed, one.fields["event"]) for one in run.heard if one.type == packet.ALARM_EVENT]
    assert edges[0] == (pytest.approx(ten_minutes.ALARM_S, abs=1.0), 1)
    assert edges[-1][1] == 0 and edges[-1][0] < 465
    assert {"ARMED", "CANCELLED", "RANG", "SNOOZED", "DISMISSED"} <= set(deeds)


def silence(one: Packet) -> float:
    """The length of the silence that a TRANSITION tells of, s."""
    return (int(one.fields["silent_to_us"]) - int(one.fields["silent_from_us"])) / 1e6


def table_name(type_: int) -> str:
    """HELLO, PONG, ..."""
    return next(name for name in ANSWERS | {"OTHER": 0} if name == "OTHER" or getattr(packet, name) == type_)


def table_name_of(words: type, value: int) -> str:
    """The name of a value in one of the tables of words."""
    return str(words(value).name)
