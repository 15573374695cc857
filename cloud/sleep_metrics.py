"""The sleep of a night from its stages: the same code for what was measured and for what was true.

Rule: definitions are those of docs/cloud.md; a figure that is undefined for this night is None and has a reason.
Stages: 0 wake, 1 light, 2 deep, 3 REM, None unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloud.metrics import Section, section

EPOCH_US = 30_000_000
EPOCH_MIN = 0.5
WAKE, LIGHT, DEEP, REM = range(4)
STAGES = ("wake", "light", "deep", "rem")
LONG_AWAKENING = 10  # epochs: five minutes
MOST_UNKNOWN = 0.2  # of the sleep period

SLEEP = (
    "in_bed_min", "tib_min", "tst_min", "sol_min", "waso_min", "waso_spt_min", "se_pct", "awakenings",
    "awakenings_5min", "unknown_min", "light_min", "deep_min", "rem_min", "light_pct", "deep_pct", "rem_pct",
    "rem_latency_min", "deep_latency_min",
)  # fmt: skip
NO_SLEEP = "no sleep between lights-out and the last waking"
TOO_MUCH_UNKNOWN = "more than 20 % of the sleep period is unknown"

Stage = int | None
Values = dict[str, float | int | None]


def cut(stages: Mapping[int, Stage], from_utc_us: int, to_utc_us: int) -> list[Stage]:
    """Stages from lights-out to lights-on, one per half minute of UTC; an epoch that `stages` lacks is unknown.

    stages: start of epoch, us UTC -> stage. An instant inside an epoch goes to the nearer boundary.
    """
    first, last = (-(-(t - EPOCH_US // 2) // EPOCH_US) * EPOCH_US for t in (from_utc_us, to_utc_us))
    return [stages.get(utc_us) for utc_us in range(first, last, EPOCH_US)]


def nothing(in_bed_min: float | None, reasons: Mapping[str, str], default: str) -> Section:
    """No lights-out, no stages: only the time in bed may be known."""
    return section({**dict.fromkeys(SLEEP), "in_bed_min": in_bed_min}, dict(reasons), default)


def sleep(stages: Sequence[Stage], in_bed_min: float | None, in_bed_reason: str = "") -> Section:
    """All figures of one night. stages: from lights-out to the end of the last intent segment, one per epoch."""
    values: Values = dict.fromkeys(SLEEP)
    values["in_bed_min"] = in_bed_min
    values["tib_min"] = EPOCH_MIN * len(stages)
    values["unknown_min"] = EPOCH_MIN * sum(stage is None for stage in stages)
    reasons = {"in_bed_min": in_bed_reason}
    if not stages:
        return section(values, reasons, "lights-out and the last waking fall into one epoch")
    whole = held(stages)
    asleep = [i for i, stage in enumerate(whole) if stage != WAKE]
    period = stages[asleep[0] : asleep[-1] + 1] if asleep else stages
    if max(_unknown_share(stages), _unknown_share(period)) > MOST_UNKNOWN:
        return section(values, reasons, TOO_MUCH_UNKNOWN)
    values |= _totals(whole, len(asleep))
    if not asleep:
        return section(values, reasons, NO_SLEEP)
    onset, final = asleep[0], asleep[-1]
    values |= _continuity(whole, onset, final)
    for name, stage in (("rem", REM), ("deep", DEEP)):
        key = f"{name}_latency_min"
        values[key] = EPOCH_MIN * (whole.index(stage) - onset) if stage in whole else None
        reasons[key] = f"no {STAGES[stage].upper() if stage == REM else STAGES[stage]} sleep"
    return section(values, reasons, NO_SLEEP)


def held(stages: Sequence[Stage]) -> list[int]:
    """An unknown epoch keeps the last known stage; before the first known one it is wake."""
    out, last = [], WAKE
    for stage in stages:
        last = last if stage is None else stage
        out.append(last)
    return out


def _unknown_share(stages: Sequence[Stage]) -> float:
    return sum(stage is None for stage in stages) / len(stages)


def _totals(stages: list[int], n_asleep: int) -> Values:
    """Minutes of each stage, their share of the total sleep time, sleep efficiency."""
    out: Values = {"tst_min": EPOCH_MIN * n_asleep, "se_pct": round(100 * n_asleep / len(stages), 2), "awakenings": 0}
    out["awakenings_5min"] = 0
    for name, stage in (("light", LIGHT), ("deep", DEEP), ("rem", REM)):
        out[f"{name}_min"] = EPOCH_MIN * stages.count(stage)
        out[f"{name}_pct"] = round(100 * stages.count(stage) / n_asleep, 2) if n_asleep else None
    return out


def _continuity(stages: list[int], onset: int, final: int) -> Values:
    """Latency, wake after onset by both definitions, awakenings. final: the last epoch asleep."""
    bouts = wake_bouts(stages[onset : final + 1])
    sol_min, tst_min = EPOCH_MIN * onset, EPOCH_MIN * sum(stage != WAKE for stage in stages)
    return {
        "sol_min": sol_min,
        "waso_min": EPOCH_MIN * len(stages) - sol_min - tst_min,
        "waso_spt_min": EPOCH_MIN * sum(bouts),
        "awakenings": len(bouts),
        "awakenings_5min": sum(length >= LONG_AWAKENING for length in bouts),
    }


def wake_bouts(stages: Sequence[int]) -> list[int]:
    """Lengths in epochs of the runs of wake."""
    out, length = [], 0
    for stage in [*stages, LIGHT]:
        if stage == WAKE:
            length += 1
        elif length:
            out.append(length)
            length = 0
    return out


def lights(changes: Sequence[tuple[int, bool]], out_of_bed_utc_us: int | None) -> tuple[int, int] | None:
    """Lights-out and the end of the last intent segment, us UTC; None without a lights-out or with an open end.

    changes: (since when, trying to sleep?) in the order in which they were told: a waking up may be taken back. A
    segment that is still open ends with leaving the bed.
    """
    begins = [utc_us for utc_us, trying in changes if trying]
    if not begins:
        return None
    last_utc_us, trying = changes[-1]
    end_utc_us = out_of_bed_utc_us if trying else last_utc_us
    return None if end_utc_us is None else (begins[0], max(end_utc_us, begins[0]))


FOURTEEN = (
    "tib_min", "tst_min", "sol_min", "waso_min", "se_pct", "awakenings", "light_min", "deep_min", "rem_min",
    "light_pct", "deep_pct", "rem_pct", "rem_latency_min", "deep_latency_min",
)  # fmt: skip
