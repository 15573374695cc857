"""How long nights are kept: waveforms first, nights last, never the one under way, and only when asked."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from cloud.app import seeded
from cloud.night_process import Cloud
from cloud.observations import Boot
from cloud.retention import Forgotten, Retention, noon_utc_us
from cloud.store import Store
from tests.fake_device import T0_UTC_US, FakeDevice, play, sleeper

DAY_US = 86_400_000_000
N_NIGHTS = 4


@pytest.fixture
def db(tmp_path: Path, nights: Path) -> Path:
    """A copy of four nights."""
    return Path(shutil.copy(nights, tmp_path / "n.sqlite"))


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four nights of twenty minutes, a day apart; the last one is under way."""
    path = tmp_path_factory.mktemp("nights") / "n.sqlite"
    for number in range(N_NIGHTS):
        store = Store(path, durable=False)
        cloud = Cloud(store, seeded(number), "live")
        play_day(cloud, number)
        cloud.finish()
        store.close()
    return path


def play_day(cloud: Cloud, number: int) -> None:
    device = FakeDevice(boot=7 + number)
    shifted = Shifted(cloud, number * DAY_US)
    play(shifted, device, sleeper, range(1200))  # type: ignore[arg-type]


class Shifted:
    """The cloud on another day."""

    def __init__(self, cloud: Cloud, by_us: int) -> None:
        self.cloud, self.by_us = cloud, by_us

    def receive(self, chunk: bytes) -> None:
        self.cloud.receive(chunk)

    def tick(self, utc_us: int) -> bytes:
        return self.cloud.tick(utc_us + self.by_us)


NOW_US = T0_UTC_US + (N_NIGHTS - 1) * DAY_US + 3_600_000_000


def counts(db: Path) -> dict[str, int]:
    with sqlite3.connect(db) as connection:
        waves = "SELECT count(*) FROM vitals WHERE wave IS NOT NULL"
        found = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}
        return {**found, "waves": connection.execute(waves).fetchone()[0]}


TABLES = ("packets", "vitals", "epochs", "sessions", "boots", "transitions", "listening")


def forget(db: Path, **wanted: int) -> Forgotten:
    store = Store(db, durable=False)
    found = store.forget(Retention(**wanted), "UTC", NOW_US)
    store.close()
    return found


def test_nothing_goes_unless_it_is_asked_for(db: Path) -> None:
    before = counts(db)
    assert forget(db) == Forgotten(0, 0)
    assert counts(db) == before


def test_waveforms_and_packets_go_first(db: Path) -> None:
    before = counts(db)
    assert forget(db, keep_detail_days=2).details > 0
    after = counts(db)
    assert (after["packets"], after["waves"]) == (before["packets"] // 4 * 3, before["waves"] // 4 * 3)
    assert {k: after[k] for k in ("vitals", "epochs", "sessions")} == {
        k: before[k] for k in ("vitals", "epochs", "sessions")
    }


def test_then_whole_nights_go(db: Path) -> None:
    before = counts(db)
    forget(db, keep_nights=1)
    after = counts(db)
    assert after.pop("epochs") < before.pop("epochs")
    assert after == {name: n // 2 for name, n in before.items()}


def test_the_night_under_way_stays_whatever_is_asked(db: Path) -> None:
    forget(db, keep_nights=1, keep_detail_days=1)
    assert counts(db)["waves"] > 1000


def test_a_second_time_there_is_nothing_to_do(db: Path) -> None:
    forget(db, keep_nights=2)
    assert forget(db, keep_nights=2) == Forgotten(0, 0)


def test_what_was_deleted_is_not_missing(db: Path) -> None:
    store = Store(db, durable=False)
    boots = store.boots()
    store.forget(Retention(keep_detail_days=1), "UTC", NOW_US)
    assert [store.stored(boot) for boot in boots] == [[*range(1, boot.last_seq + 1)] for boot in boots]
    assert store.stored(Boot(99, None, None, None, 5, 0, 0)) == [*range(1, 6)]
    store.close()


def test_a_night_ends_at_noon_local() -> None:
    summer_noon = 1_784_023_200_000_000  # 14 July 2026 10:00 UTC, noon in Berlin
    assert noon_utc_us(summer_noon, "Europe/Berlin", 0) == summer_noon
    assert noon_utc_us(summer_noon - 1, "Europe/Berlin", 0) == summer_noon - DAY_US
    assert noon_utc_us(summer_noon, "Europe/Berlin", 2) == summer_noon - 2 * DAY_US


@pytest.mark.parametrize("wrong", ["keep_nights", "keep_detail_days"])
def test_no_nights_at_all_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=f"store.{wrong}: 0, expected at least 1"):
        Retention(**{wrong: 0})
