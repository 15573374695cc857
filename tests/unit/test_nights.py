"""Which night of a store: from noon to noon for a live store, everything for a simulated run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud import hypnogram_csv, nights, picture
from cloud.alarm import AlarmSetting
from cloud.app import Cloud, seeded
from cloud.device import Settings
from cloud.night import SECOND_US
from cloud.report import build
from cloud.store import Store, StoreError
from tests.fake_device import T0_UTC_US, FakeDevice, play, stored_night

DAY_S = 90_000  # the second night begins 25 hours later
SET_US = T0_UTC_US + (DAY_S + 10_000) * SECOND_US


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights of somebody in bed, an alarm in the second: 2 and 3 February 2026."""
    path = tmp_path_factory.mktemp("live") / "n.sqlite"
    for number, alarm in ((0, None), (1, AlarmSetting(SET_US))):
        store = Store(path, durable=False)
        cloud = Cloud(store, seeded(number), "live", Settings(alarm, timezone="Europe/Berlin"))
        seconds = range(number * DAY_S, number * DAY_S + 1200)
        play(cloud, FakeDevice(boot=7 + number), in_bed, seconds)
        cloud.finish()
        store.close()
    return path


def in_bed(device: FakeDevice, second: int) -> bytes:
    t_us = second * SECOND_US + 900_000
    if second % DAY_S == 0:
        return device.hello(t_us)
    return device.vitals(t_us, respiration_rate=1600 if second >= DAY_S else 1400) if second % DAY_S >= 60 else b""


def test_a_live_store_has_one_night_from_noon_to_noon(live: Path) -> None:
    found = [build(live, None, None, number) for number in (1, 2)]
    assert [one["started_utc"][:13] for one in found] == ["2026-02-02T02", "2026-02-03T03"]
    assert [one["session"]["in_bed_utc"][:13] for one in found] == ["2026-02-02T02", "2026-02-03T03"]
    assert [one["respiration"]["rate_per_min_median"] for one in found] == [14.0, 16.0]
    assert [one["alarm"]["set_for_utc"] is not None for one in found] == [False, True]


def test_the_last_night_is_meant_unless_another_is_named(live: Path) -> None:
    assert build(live, None, None) == build(live, None, None, 2)


def test_table_and_picture_are_of_that_night(live: Path, tmp_path: Path) -> None:
    for number, day in ((1, "2026-02-02"), (2, "2026-02-03")):
        hypnogram_csv.write(live, tmp_path / "h.csv", number)
        rows = (tmp_path / "h.csv").read_text().splitlines()[1:]
        assert {row[:10] for row in rows} == {day}
        assert rows[0].split(",")[1] == "0"
        picture.draw(live, build(live, None, None, number), tmp_path / f"{number}.svg", number=number)
    assert (tmp_path / "1.svg").read_bytes() != (tmp_path / "2.svg").read_bytes()


@pytest.mark.parametrize("number", [0, 3, -1])
def test_a_night_that_is_not_there_is_refused(live: Path, number: int) -> None:
    with pytest.raises(StoreError, match=f"night {number}: expected 1 to 2"):
        nights.load(live, number)


def test_a_simulated_run_is_one_night(tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", n_seconds=70)
    assert nights.load(tmp_path / "n.sqlite", 1).n_seconds == 70
    with pytest.raises(StoreError, match="night 2: expected 1 to 1"):
        nights.load(tmp_path / "n.sqlite", 2)
