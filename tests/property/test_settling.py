"""However the line cuts, delays and repeats the same packets, and wherever the process is killed: the same tables."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud import redo
from cloud.app import Cloud, seeded
from cloud.store import Store
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice

N_SECONDS = 570
LATEST_S = 9  # a delay, or a process that is gone
TABLES = (
    "anchors", "packets", "vitals", "transitions", "occupancy", "user", "sessions", "absences", "epochs", "intents",
    "rings", "listening",
)  # fmt: skip
Said = tuple[int, bytes]


@cache
def night() -> tuple[Said, ...]:
    """(second, bytes): the user comes, goes to the bathroom, comes back; then a partner; then nobody."""
    device, said = FakeDevice(), list[Said]()

    def see(second: int, distance: int) -> bytes:
        t_us = second * SECOND_US + 900_000
        moving = second % 100 < 3
        wave = [] if moving else [second % 50 * 10 + i for i in range(10)]
        return (
            device.moving(t_us) if moving else device.vitals(t_us, wave, wave_t_us=t_us - SECOND_US, distance=distance)
        )

    for second in range(10, N_SECONDS - 30):
        t_us = second * SECOND_US + 900_000
        if second in (10, 460):
            said.append((second, device.transition(t_us, "MONITORING", "STREAMING", "CONFIDENT", (1, t_us), "NOBODY")))
        elif second in (400, N_SECONDS - 31):
            said.append((second, device.transition(t_us, "STREAMING", "MONITORING", "NOBODY")))
        elif not 400 < second < 460:
            said.append((second, see(second, 1300 if second > 500 else 600)))
    return tuple(said)


@dataclass(frozen=True)
class Line:
    """What the line does: delays by number of packet, s; packets sent twice; where chunks are cut."""

    delays_s: list[int] = field(default_factory=lambda: [0])
    twice: frozenset[int] = frozenset()
    cut: int = 10_000
    killed: dict[int, int] = field(
        default_factory=dict
    )  # at the end of this second, before its commit: s until it is back
    outage: tuple[int, int] = (0, 0)  # from this second on, for so long, nothing passes either way

    def is_down(self, second: int) -> bool:
        return 0 <= second - self.outage[0] < self.outage[1]

    def arrivals(self) -> dict[int, bytes]:
        """Second -> bytes. What comes while nobody listens comes again when somebody does."""
        out: dict[int, bytes] = {}
        for i, (second, data) in enumerate(night()):
            for again in range(1 + (i in self.twice)):
                at = second + self.delays_s[i % len(self.delays_s)] + again
                at = sum(self.outage) if self.is_down(at) else at
                for killed, gone_s in self.killed.items():
                    at = killed + gone_s + 1 if killed <= at <= killed + gone_s else at
                out[at] = out.get(at, b"") + data
        return out


def run(line: Line) -> dict[str, list[tuple[object, ...]]]:
    """The tables after a night over this line."""
    arrivals, device = line.arrivals(), FakeDevice()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "n.sqlite"
        store = Store(path, durable=False)
        back, cloud = 0, Cloud(store, seeded(1), "simulated")
        for second in range(N_SECONDS):
            if second < back:
                continue
            said = b"" if line.is_down(second) else device.answers(second * SECOND_US)
            said += arrivals.get(second, b"")
            for at in range(0, len(said), line.cut):
                cloud.receive(said[at : at + line.cut])
            if second in line.killed:
                store.close()
                store = Store(path, durable=False)
                back = second + line.killed[second] + 1
                cloud = Cloud(store, seeded(2, str(second)), "simulated")
                continue
            send = cloud.tick(T0_UTC_US + (second + 1) * SECOND_US)
            device.hear(b"" if line.is_down(second) else send)
        cloud.finish()
        store.close()
        with sqlite3.connect(path) as db:
            return {name: db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in TABLES}


@cache
def undisturbed() -> dict[str, list[tuple[object, ...]]]:
    return run(Line())


def test_the_night_contains_what_it_claims_to() -> None:
    tables = undisturbed()
    assert [row[4] for row in tables["sessions"]] == ["away"]
    assert len(tables["absences"]) == 1
    assert {row[1] for row in tables["user"]} == {"unknown", "user", "other"}
    assert len(tables["epochs"]) == N_SECONDS // 30


@settings(max_examples=7, deadline=None)
@given(
    delays_s=st.lists(st.integers(0, LATEST_S), min_size=1, max_size=20),
    twice=st.frozensets(st.integers(0, 400), max_size=30),
    cut=st.integers(1, 400),
)
def test_cuts_delays_and_duplicates_change_nothing(delays_s: list[int], twice: frozenset[int], cut: int) -> None:
    assert run(Line(delays_s, twice, cut)) == undisturbed()


@settings(max_examples=10, deadline=None)
@given(killed=st.dictionaries(st.integers(5, N_SECONDS - 25), st.integers(0, LATEST_S), min_size=1, max_size=3))
def test_kills_change_nothing(killed: dict[int, int]) -> None:
    assert run(Line(killed=killed)) == undisturbed()


CONCLUDED = ("packets", "occupancy", "user", "sessions", "absences", "epochs", "intents", "rings")


def concluded(tables: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    return {name: tables[name] for name in CONCLUDED}


def test_a_longer_delay_is_made_good() -> None:
    assert run(Line(delays_s=[0] * 20 + [25])) == undisturbed()


@settings(max_examples=12, deadline=None)
@given(
    outage=st.tuples(st.integers(15, N_SECONDS - 60), st.integers(5, 400)).filter(
        lambda one: sum(one) < N_SECONDS - 40
    ),
    killed=st.dictionaries(st.integers(5, N_SECONDS - 25), st.integers(0, LATEST_S), max_size=2),
)
def test_an_outage_is_made_good(outage: tuple[int, int], killed: dict[int, int]) -> None:
    """Whenever it was, however long, and wherever the process is killed in it, behind it or while all is concluded again."""
    assert concluded(run(Line(outage=outage, killed=killed))) == concluded(undisturbed())


def test_an_outage_just_before_the_end_is_made_good_at_the_end() -> None:
    assert concluded(run(Line(outage=(300, N_SECONDS - 303)))) == concluded(undisturbed())


def test_a_share_at_a_time_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redo, "SHARE_S", 7)
    assert concluded(run(Line(outage=(120, 300)))) == concluded(undisturbed())


def test_something_late_while_all_is_concluded_again_is_made_good_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redo, "SHARE_S", 3)
    assert concluded(run(Line(delays_s=[0] * 100 + [100] + [0] * 11 + [120] + [0] * 500))) == concluded(undisturbed())


def test_without_concluding_again_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redo, "wanted", lambda *_, **__: None)
    late = run(Line(outage=(120, 300)))
    assert late["packets"] == undisturbed()["packets"]
    assert late["epochs"] != undisturbed()["epochs"]
