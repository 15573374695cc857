"""Figures of a night by their definitions: by hand, in every undefined case, and against the published pipeline."""

from __future__ import annotations

import json
import lzma
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cloud import sleep_metrics
from cloud.metrics import Section
from cloud.sleep_metrics import EPOCH_US, NO_SLEEP, TOO_MUCH_UNKNOWN, cut, lights, sleep

W, L, D, R, U = 0, 1, 2, 3, None
T0 = 1_770_000_000_000_000
RELATIVE_TO_SLEEP = ("sol_min", "waso_min", "waso_spt_min", "rem_latency_min", "deep_latency_min",
                     "light_pct", "deep_pct", "rem_pct")  # fmt: skip


def night(*runs: tuple[int | None, int]) -> Section:
    """Stages as (stage, number of epochs)."""
    return sleep([stage for stage, n in runs for _ in range(n)], 480.0)


def test_a_night_by_hand() -> None:
    found = night((W, 20), (L, 10), (D, 40), (W, 1), (L, 9), (W, 12), (R, 30), (L, 60), (W, 18)).values
    assert found == {
        "in_bed_min": 480.0, "tib_min": 100.0, "tst_min": 74.5, "sol_min": 10.0, "waso_min": 15.5,
        "waso_spt_min": 6.5, "se_pct": 74.5, "awakenings": 2, "awakenings_5min": 1, "unknown_min": 0.0,
        "light_min": 39.5, "deep_min": 20.0, "rem_min": 15.0, "light_pct": 53.02, "deep_pct": 26.85,
        "rem_pct": 20.13, "rem_latency_min": 36.0, "deep_latency_min": 5.0,
    }  # fmt: skip


def test_keys_are_those_of_the_report_in_its_order() -> None:
    assert tuple(night((L, 4)).values) == sleep_metrics.SLEEP


def test_without_sleep_what_refers_to_it_is_unknown() -> None:
    found = night((W, 100))
    assert {key: found.reasons.get(key) for key in RELATIVE_TO_SLEEP} == dict.fromkeys(RELATIVE_TO_SLEEP, NO_SLEEP)


def test_without_sleep_the_totals_are_zero() -> None:
    found = night((W, 100)).values
    assert [found[k] for k in ("tst_min", "se_pct", "light_min", "awakenings")] == [0.0, 0.0, 0.0, 0]


def test_a_stage_that_never_came_has_no_latency() -> None:
    assert night((W, 4), (L, 100)).reasons == {"rem_latency_min": "no REM sleep", "deep_latency_min": "no deep sleep"}


def test_who_starts_asleep_has_no_latency_to_wait_for() -> None:
    found = night((D, 10), (R, 10)).values
    assert (found["sol_min"], found["deep_latency_min"], found["rem_latency_min"]) == (0.0, 0.0, 5.0)


def test_wake_after_the_last_sleep_is_waso_but_no_awakening() -> None:
    found = night((L, 10), (W, 10)).values
    assert (found["waso_min"], found["waso_spt_min"], found["awakenings"]) == (5.0, 0.0, 0)


@pytest.mark.parametrize(("epochs", "long"), [(9, 0), (10, 1)])
def test_an_awakening_is_long_from_five_minutes_on(epochs: int, long: int) -> None:
    found = night((L, 10), (W, epochs), (L, 10)).values
    assert (found["awakenings"], found["awakenings_5min"]) == (1, long)


def test_few_unknown_epochs_keep_the_last_stage_and_are_counted() -> None:
    found = night((L, 50), (U, 10), (D, 40)).values
    assert (found["light_min"], found["deep_min"], found["unknown_min"]) == (30.0, 20.0, 5.0)


def test_unknown_before_anything_is_known_is_wake() -> None:
    assert night((U, 4), (L, 96)).values["sol_min"] == 2.0


@pytest.mark.parametrize(("unknown", "refused"), [(20, False), (21, True)])
def test_more_than_a_fifth_unknown_is_no_night(unknown: int, refused: bool) -> None:
    found = night((L, 50), (U, unknown), (L, 50 - unknown))
    assert (found.reasons.get("tst_min") == TOO_MUCH_UNKNOWN) == refused


def test_a_fifth_is_of_the_sleep_period_also_in_a_long_time_in_bed() -> None:
    assert night((W, 400), (L, 10), (U, 10), (L, 10)).reasons["tst_min"] == TOO_MUCH_UNKNOWN


def test_a_night_refused_still_says_how_much_is_unknown() -> None:
    found = night((L, 50), (U, 30), (L, 20)).values
    assert (found["tib_min"], found["unknown_min"], found["in_bed_min"]) == (50.0, 15.0, 480.0)


def test_an_empty_span_has_reasons_for_everything_but_its_length() -> None:
    found = sleep([], None, "no session")
    assert set(found.reasons) == set(sleep_metrics.SLEEP) - {"tib_min", "unknown_min"}


def test_a_gap_in_the_table_is_unknown() -> None:
    stages = {T0: L, T0 + 2 * EPOCH_US: D}
    assert cut(stages, T0, T0 + 3 * EPOCH_US) == [L, None, D]


@pytest.mark.parametrize(("shift_us", "first"), [(-14_999_999, W), (14_999_999, W), (15_000_001, L)])
def test_an_instant_inside_an_epoch_goes_to_the_nearer_boundary(shift_us: int, first: int) -> None:
    stages = {T0 + i * EPOCH_US: stage for i, stage in enumerate([W, L, L, L])}
    assert cut(stages, T0 + shift_us, T0 + 4 * EPOCH_US)[0] == first


@pytest.mark.parametrize(("evening", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-06-01", 8)])
def test_a_night_is_as_long_as_it_lasts_whatever_the_clock_on_the_wall_does(evening: str, hours: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    out = datetime.fromisoformat(f"{evening}T23:00").replace(tzinfo=zone)
    on = out.replace(day=out.day + 1, hour=7)
    from_utc_us, to_utc_us = (int(t.timestamp()) * 1_000_000 for t in (out, on))
    stages: dict[int, int | None] = dict.fromkeys(range(from_utc_us, to_utc_us, EPOCH_US), L)
    assert sleep(cut(stages, from_utc_us, to_utc_us), None).values["tst_min"] == 60 * hours


def test_time_in_bed_runs_to_the_end_of_the_last_segment() -> None:
    assert lights([(1, True), (5, False), (8, True), (9, False)], 20) == (1, 9)


def test_an_open_segment_ends_with_leaving_the_bed() -> None:
    assert lights([(1, True), (5, False), (8, True)], 20) == (1, 20)


def test_a_waking_up_that_was_taken_back_ends_nothing() -> None:
    assert lights([(1, True), (5, False), (5, True)], 20) == (1, 20)
    assert lights([(1, True), (5, False), (5, True), (9, False)], 20) == (1, 9)


@pytest.mark.parametrize("changes", [[], [(3, False)], [(3, True)]])
def test_no_lights_out_or_no_end_is_no_night(changes: list[tuple[int, bool]]) -> None:
    assert lights(changes, None) is None


ORACLE = {  # name there: name here
    "TIB": "tib_min", "TST": "tst_min", "SE": "se_pct", "SOL": "sol_min", "WASO": "waso_min", "Light": "light_min",
    "Deep": "deep_min", "REM": "rem_min", "LightPerc": "light_pct", "DeepPerc": "deep_pct", "REMPerc": "rem_pct",
}  # fmt: skip


def hypnograms(folder: Path) -> dict[str, tuple[list[int], list[int]]]:
    """Sleeper -> reference stages, device stages."""
    out: dict[str, tuple[list[int], list[int]]] = {}
    for line in lzma.decompress((folder / "sample_data_sri.csv.xz").read_bytes()).decode().splitlines()[1:]:
        subject, _, reference, device = line.split(",")
        for column, stage in zip(out.setdefault(subject, ([], [])), (reference, device), strict=True):
            column.append(int(stage))
    return out


def test_the_published_pipeline_measures_the_same_nights_alike(data_dir: Path) -> None:
    folder = data_dir / "sri_device_vs_psg"
    published = json.loads((folder / "evaluation_sri_full.json").read_text())["per_subject_sleep_measures"]
    wrong, compared = [], 0
    for subject, columns in hypnograms(folder).items():
        for who, stages in zip(("ref", "device"), columns, strict=True):
            found = sleep(stages, None).values
            for theirs, ours in ORACLE.items():
                value = published[subject]["TIB" if theirs == "TIB" else f"{theirs}_{who}"]
                compared += 1
                mine = found[ours]
                if mine is None or abs(mine - value) > 0.00501:
                    wrong.append((subject, who, ours, mine, value))
    assert (wrong, compared) == ([], 14 * 2 * 11)
