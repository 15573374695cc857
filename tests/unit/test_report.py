"""report.json and hypnogram.csv: every key of the contract, every null with a reason, the same bytes twice."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cloud import hypnogram_csv
from cloud.app import Cloud, seeded
from cloud.device import Settings
from cloud.epochs import epochs
from cloud.night import SECOND_US, load
from cloud.report import build
from cloud.sleep_metrics import STAGES
from cloud.spans import reasons, spans
from cloud.store import Store, StoreError
from cloud.words import duration, sentences
from tests.fake_device import T0_UTC_US, FakeDevice, play, sleeper, stored_night
from wire import codec, packet

N_SECONDS = 1200
KEYS = {
    "edge": "frames spi_bytes streaming_s monitoring_s standby_s bytes_on_wire bytes_unsolicited_while_silent "
    "bytes_at_boot bytes_replied overflows",
    "link": "packets_sent packets_stored packets_lost duplicates_dropped digest data_digest",
    "respiration": "mae_per_min coverage displacement_rmse_mm rate_per_min_median",
    "presence": "recall false_alarm_rate",
    "primary_user": "epochs right unknown partner_taken_for_user",
    "session": "in_bed_utc trying_to_sleep_utc woke_up_utc out_of_bed_utc intent_error_s absences",
    "sleep": "in_bed_min tib_min tst_min sol_min waso_min waso_spt_min se_pct awakenings awakenings_5min unknown_min "
    "light_min deep_min rem_min light_pct deep_pct rem_pct rem_latency_min deep_latency_min",
    "agreement": "epochs_truth epochs_unknown accuracy4 kappa4 kappa4_all kappa2",
    "alarm": "set_for_utc rang_at_utc stage_at_ring true_stage_at_ring minutes_before_set sleep_minutes_lost late "
    "rung_by why wake_window_min",
    "room": "temperature_c humidity_pct light_lux",
}
IDENTITY = "version source scenario seed started_utc timezone parameters_digest core target virtual_s wall_s"


def truth() -> dict[str, Any]:
    """The truth of tests.fake_device.sleeper, true rate 14.5."""
    in_bed = [int(60 <= second < 1140) for second in range(N_SECONDS)]
    return {
        "schema": 1, "t0_utc_us": T0_UTC_US, "step_s": 1, "rate_per_min": [14.5 if there else None for there in in_bed],
        "in_place": in_bed, "person_in_zone": in_bed, "standby": [0] * N_SECONDS,
        "moving": [int(there and second % 300 < 8) for second, there in enumerate(in_bed)],
        "distance_m": [0.6] * N_SECONDS, "stages": None,
        "displacement": {"rate_hz": 10, "um": [0] * (10 * N_SECONDS), "delay_s": 0},
    }  # fmt: skip


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("night") / "night.sqlite"
    stored_night(path, n_seconds=N_SECONDS)
    return path


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key)
    else:
        yield name, value


@pytest.mark.parametrize("with_truth", [False, True])
def test_every_key_is_there_and_every_null_has_its_reason(db: Path, with_truth: bool) -> None:
    report = build(db, truth() if with_truth else None, None)
    for section, keys in {**KEYS, "truth": KEYS["sleep"]}.items():
        assert set(keys.split()) <= set(report[section]), section
    assert {"schema", "silent", "reasons", *IDENTITY.split()} <= set(report)
    told = report.pop("reasons")
    assert {name for name, value in _leaves(report) if value is None} == set(told)
    assert all(told.values())


def test_the_figures_of_a_made_night(db: Path) -> None:
    report = build(db, truth(), None)
    assert report["respiration"]["mae_per_min"] == 0.5
    # in bed 1080 s; without a rate: second 60, and 8 s of movement every 5 minutes, three times within
    assert report["respiration"]["coverage"] == round((1080 - 1 - 3 * 8) / 1080, 4)
    assert report["respiration"]["rate_per_min_median"] == 14.0
    assert report["presence"]["recall"] == 1.0
    assert report["presence"]["recall_moving"] == 1.0
    assert report["presence"]["false_alarm_rate"] == 0.0
    assert report["edge"]["bytes_unsolicited_while_silent"] == 0
    assert report["session"]["in_bed_utc"] == "2026-02-02T02:41:01Z"
    assert report["session"]["out_of_bed_utc"] == "2026-02-02T02:59:00Z"
    assert report["truth"]["in_bed_min"] == 18.0
    assert report["silent"] == [
        {"from_utc": "2026-02-02T02:40:00Z", "to_utc": "2026-02-02T02:41:00Z", "reason": "nobody in the user's place"},
        {"from_utc": "2026-02-02T02:59:00Z", "to_utc": "2026-02-02T03:00:00Z", "reason": "nobody in the user's place"},
    ]


def test_a_standby_that_begins_inside_a_silence_is_listed_as_its_reason(tmp_path: Path) -> None:
    def script(device: FakeDevice, second: int) -> bytes:
        if second != 60:
            return sleeper(device, second)
        t_us = second * 1_000_000 + 900_000
        return device.transition(t_us, "MONITORING", "STREAMING", "CONFIDENT", (100_000, t_us), "STANDBY_SWITCH")

    stored_night(tmp_path / "n.sqlite", script, n_seconds=100)
    (silent,) = build(tmp_path / "n.sqlite", None, None)["silent"]
    assert silent["reason"] == "standby switch"


def test_bytes_that_come_from_an_empty_room_are_counted(db: Path) -> None:
    nobody = {**truth(), "person_in_zone": [0] * N_SECONDS}
    assert build(db, nobody, None)["edge"]["bytes_unsolicited_while_silent"] > 100_000


def test_the_run_gives_identity_and_counters(db: Path) -> None:
    run = {"source": "replayed", "seed": 7, "edge": {"frames": 5, "bytes_unsolicited_while_silent": 3},
           "link": {"digest": "d", "packets_stored": 999}}  # fmt: skip
    report = build(db, truth(), run)
    assert (report["source"], report["seed"], report["edge"]["frames"], report["link"]["digest"]) == (
        "replayed", 7, 5, "d")  # fmt: skip
    assert report["edge"]["bytes_unsolicited_while_silent"] == 3
    assert report["link"]["packets_stored"] == 1081  # the store knows better


def test_a_report_of_a_report_is_the_same(db: Path) -> None:
    first = build(db, truth(), {"version": "1", "edge": {"frames": 5}, "link": {"digest": "d"}})
    assert json.dumps(build(db, truth(), first)) == json.dumps(first)


def test_the_data_digest_is_of_the_unique_packets(tmp_path: Path) -> None:
    sent = stored_night(tmp_path / "n.sqlite", n_seconds=100)
    digest = hashlib.sha256()
    for one in codec.Decoder().feed(sent):
        if one.type in (packet.VITALS, packet.TRANSITION):
            digest.update(one.boot.to_bytes(4, "little") + one.seq.to_bytes(4, "little") + one.payload)
    assert build(tmp_path / "n.sqlite", None, None)["link"]["data_digest"] == digest.hexdigest()


def test_a_user_still_in_bed_has_no_end(tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", n_seconds=1000)
    report = build(tmp_path / "n.sqlite", None, None)
    assert report["session"]["out_of_bed_utc"] is None
    assert report["reasons"]["sleep.in_bed_min"] == "still in bed when the data end"
    assert (
        sentences(load(tmp_path / "n.sqlite"), {}, UTC)[0] == "In bed from 02:41 and still in bed at the end: 16 min."
    )


def test_a_missing_store_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"gone\.sqlite: no such store"):
        build(tmp_path / "gone.sqlite", None, None)


def test_another_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_text("no database " * 100)
    with pytest.raises(StoreError, match=r"x\.sqlite: not a night's store"):
        load(tmp_path / "x.sqlite")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('{"timezone": "Moon/Sea"}', "timezone 'Moon/Sea': expected one such as Europe/Berlin"),
        ("{", "settings: Input data was truncated"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(tmp_path: Path, settings: str, said: str) -> None:
    Store(tmp_path / "x.sqlite").commit([], T0_UTC_US, {"settings": settings})
    with pytest.raises(StoreError) as refused:
        build(tmp_path / "x.sqlite", None, None)
    assert str(refused.value) == f"{tmp_path}/x.sqlite: {said}"


def test_the_table_has_a_line_per_half_minute(db: Path, tmp_path: Path) -> None:
    hypnogram_csv.write(db, tmp_path / "h.csv")
    rows = list(csv.DictReader((tmp_path / "h.csv").open()))
    assert ",".join(rows[0]) == (
        "utc,epoch,stage,p_wake,p_light,p_deep,p_rem,respiration_rate_per_min,movement,confidence,reason"
    )
    assert len(rows) == 40
    assert (rows[0]["utc"], rows[0]["epoch"], rows[0]["stage"]) == ("2026-02-02T02:40:00Z", "0", "unknown")
    assert (rows[0]["respiration_rate_per_min"], rows[0]["reason"]) == ("", "the device has started")
    assert (rows[10]["epoch"], rows[10]["respiration_rate_per_min"]) == ("10", "14.00")
    assert (rows[10]["movement"], rows[10]["confidence"], rows[10]["reason"]) == ("0.27", "0.98", "")
    assert sum(float(rows[10][f"p_{name}"]) for name in STAGES) == pytest.approx(1, abs=3e-4)
    assert (rows[38]["stage"], rows[38]["p_wake"], rows[38]["reason"]) == ("wake", "1.0000", "out of bed")


def test_every_second_is_known_or_has_a_reason(db: Path) -> None:
    per_second = reasons(load(db), N_SECONDS)
    assert [(s.start_s, s.stop_s, s.reason) for s in spans(per_second)] == [
        (0, 61, "silent: nobody in the user's place"),
        (61, 120, "somebody came: not yet known who"),
        (300, 308, "moving"),
        (600, 608, "moving"),
        (900, 908, "moving"),
        (1140, 1200, "silent: nobody in the user's place"),
    ]


def cat(device: FakeDevice, second: int) -> bytes:
    """An alarm is armed in a silence; somebody who breathes 24 times a minute stays ten minutes; the alarm rings."""
    t_us = second * SECOND_US + 900_000
    if second in (0, 1, 900):
        event = device.alarm_event(t_us, "RANG" if second else "ARMED", "DEVICE", "NONE")
        return event if second else device.hello(t_us)
    if 60 < second < 660:
        return device.vitals(t_us, respiration_rate=2400)
    if second in (60, 660):
        states = ("MONITORING", "STREAMING") if second == 60 else ("STREAMING", "MONITORING")
        return device.transition(t_us, *states, "CONFIDENT" if second == 60 else "NOBODY")
    return b""


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("night") / "night.sqlite"
    stored_night(path, cat, N_SECONDS)
    return path


def test_the_breathing_of_somebody_else_is_not_the_users(strange: Path) -> None:
    told = {reason for reason in reasons(load(strange), N_SECONDS)[61:660] if reason}
    assert told == {"somebody came: not yet known who", "not the user: breathes too fast for a person at rest"}
    assert not np.isfinite(epochs(load(strange)).rate_per_min).any()
    assert build(strange, None, None)["respiration"]["rate_per_min_median"] is None


def test_an_alarm_in_a_silence_does_not_end_it(strange: Path) -> None:
    times = [(one["from_utc"][-9:], one["to_utc"][-9:]) for one in build(strange, None, None)["silent"]]
    assert times == [("02:40:01Z", "02:41:00Z"), ("02:51:00Z", "03:00:00Z")]


def test_an_alarm_that_is_still_to_come_is_not_said_to_have_failed(db: Path) -> None:
    report = {"alarm": {"set_for_utc": "2026-02-02T06:00:00Z"}, "reasons": {"alarm.rang_at_utc": "not yet"}}
    assert sentences(load(db), report, UTC)[-1] == "The alarm for 06:00: not yet."


def test_a_store_knows_its_time_zone(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite", durable=False)
    cloud = Cloud(store, seeded(1), "live", Settings(timezone="Europe/Berlin"))
    play(cloud, FakeDevice(), sleeper, range(70))
    cloud.finish()
    store.close()
    assert build(tmp_path / "n.sqlite", None, None)["timezone"] == "Europe/Berlin"


def test_the_words(db: Path) -> None:
    assert sentences(load(db), {}, UTC) == [
        "In bed from 02:41 to 02:59: 18 min.",
        "14 breaths a minute, measured 92\u00a0% of that time.",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(40, "40 s"), (59.6, "1 min"), (90, "2 min"), (3599, "1 h 00 min"), (28020, "7 h 47 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
