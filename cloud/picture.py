"""The morning picture: stages, breathing, movement, the alarm, and why something is not known.

Rule: an unknown span is marked and named, never bridged; every text is readable when the picture is shown
400 pixels wide, on light ground and on dark.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from cloud import hypnogram, lanes, words
from cloud.epoch_input import EPOCH_US
from cloud.epochs import epochs
from cloud.night import EPOCH_S, SECOND_US, Night
from cloud.nights import load
from cloud.spans import Span, reasons, spans
from cloud.theme import DPI, LINE_CHARS, LINE_PX, SMALL_PT, TEXT_PT, THEMES, TITLE_PT, WIDTH_PX, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, WIDTH = 0.125, 0.765  # of the lanes, shares of the page's width
TEXT_X, SIGN_X = 0.015, 0.042  # of the text beside the signs
LANES_PX = {"stage": 230, "breathing": 240, "movement": 100}
GAP_PX = 56
MOST_REASONS = 5
#: Spans of a silence that are told with their times.
MOST_TIMES = 2
#: Steps of the time axis that a night may have; the first that gives at most eight ticks is taken.
TICK_STEPS_S = (60, 300, 600, 1800, 3600, 7200, 14400)


class Sign(NamedTuple):
    """A line of the legend: the sign, its colour, what it means. A line without a sign is a heading."""

    sign: str
    colour: str
    text: str


def draw(db: Path, report: Mapping[str, Any], path: Path, theme: str = "light", number: int | None = None) -> None:
    """Draw the stored night to path: .png or .svg by its ending. theme: light or dark, the ground.

    Raises ImportError without matplotlib (extra: report), StoreError without a store, OSError when path
    cannot be written, ValueError for another ending.
    """
    if path.suffix not in (".png", ".svg"):
        raise ValueError(f"{path}: expected a name ending in .png or .svg")
    page = drawn(load(db, number), hypnogram.load(db), report, theme, path.suffix[1:])
    path.write_bytes(page)


def drawn(night: Night, staged: hypnogram.Hypnogram, report: Mapping[str, Any], theme: str, form: str) -> bytes:
    """The picture as the bytes of a file. form: png or svg; the same night gives the same bytes."""
    import matplotlib

    to = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "stillwave", "font.family": "DejaVu Sans"}):
        figure(night, staged, report, theme).savefig(
            to, format=form, metadata={"Date": None} if form == "svg" else None
        )
    return to.getvalue()


def figure(night: Night, staged: hypnogram.Hypnogram, report: Mapping[str, Any], theme: str = "light") -> Figure:
    """The picture as a matplotlib figure."""
    from matplotlib.figure import Figure

    look = THEMES[theme]
    zone = ZoneInfo(str(report["timezone"])) if report.get("timezone") else UTC
    table, unknown = epochs(night), spans(reasons(night, night.n_seconds))
    head = textwrap.wrap(" ".join(words.sentences(night, report, zone)), LINE_CHARS)
    told, named = _told(unknown, night, zone, look)
    foot = [*_legend(report, zone, look), *told]
    head_px, foot_px = 84 + LINE_PX * len(head), 116 + LINE_PX * len(foot)
    total_px = head_px + foot_px + sum(LANES_PX.values()) + GAP_PX * len(LANES_PX)
    page = Figure(figsize=(WIDTH_PX / DPI, total_px / DPI), dpi=DPI, facecolor=look.ground)
    axes = _lanes(page, total_px - head_px, total_px)
    for name, lane in axes.items():
        lanes.frame(lane, night.n_seconds, name == "movement", look)
        lanes.shade(lane, unknown, look)
    why_none = str((report.get("reasons") or {}).get("sleep.tst_min") or "no epochs")
    lanes.hypnogram(axes["stage"], _stages(staged, night), why_none, look)
    lanes.breathing(axes["breathing"], table, unknown, named, look)
    lanes.movement(axes["movement"], table, look)
    lanes.mark(list(axes.values()), _marks(report, night), look)
    _time_axis(axes["movement"], night, zone)
    _head(page, night, zone, head, total_px, look)
    _foot(page, report, foot, total_px, look)
    return page


def _lanes(page: Figure, top_px: int, total_px: int) -> dict[str, Axes]:
    """Empty lanes, from the top downwards."""
    axes = {}
    for name, height_px in LANES_PX.items():
        top_px -= GAP_PX + height_px
        axes[name] = page.add_axes((LEFT, top_px / total_px, WIDTH, height_px / total_px))
    return axes


def _stages(staged: hypnogram.Hypnogram, night: Night) -> lanes.Stages:
    """The epochs of the night in a row; who is not in a session has no stage, known or unknown."""
    n = -(-night.n_seconds // EPOCH_S)
    sessions = [(one.in_bed_utc_us - EPOCH_US // 2, one.last_present_utc_us) for one in night.up_to_date()]
    stage, away = [lanes.NOT_STAGED] * n, [False] * n
    for utc_us, one, occupied in zip(staged.utc_us, staged.stage, staged.occupied, strict=True):
        at = (utc_us - night.from_utc_us) // (EPOCH_S * SECOND_US)
        if 0 <= at < n and any(from_us <= utc_us < to_us for from_us, to_us in sessions):
            stage[at] = lanes.UNKNOWN if one is None else one
            away[at] = occupied == "away"
    return lanes.Stages(stage, away)


def _marks(report: Mapping[str, Any], night: Night) -> lanes.Marks:
    alarm, session = report.get("alarm") or {}, report.get("session") or {}
    found = [alarm.get(key) for key in ("set_for_utc", "rang_at_utc")]
    found += [session.get(key) for key in ("trying_to_sleep_utc", "woke_up_utc")]
    return lanes.Marks(*(lanes.seconds_of(words.instant(text), night.from_utc_us) for text in found))


def _told(unknown: list[Span], night: Night, zone: tzinfo, look: Theme) -> tuple[list[Sign], set[str]]:
    """Why breathing is unknown, longest first, the smallest put together, below a heading; and which are named."""
    total: dict[str, int] = {}
    for span in unknown:
        total[span.reason] = total.get(span.reason, 0) + span.stop_s - span.start_s
    ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) > MOST_REASONS:
        ordered = [*ordered[: MOST_REASONS - 1], ("other reasons", sum(s for _, s in ordered[MOST_REASONS - 1 :]))]
    told = [
        Sign("\u25a0", look.reason(reason), _reason(reason, seconds, unknown, night, zone))
        for reason, seconds in ordered
    ]
    heading = [Sign("", look.ink, "Breathing unknown, because")] if told else []
    return [*heading, *told], {reason for reason, _ in ordered}


def _reason(reason: str, seconds: int, unknown: list[Span], night: Night, zone: tzinfo) -> str:
    """'silent: nobody in the user's place: 12 min (02:11 to 02:23)'"""
    text = f"{words.shortened(reason, 56)}: {words.duration(seconds)}"
    times = [
        " to ".join(words.clock(night.from_utc_us + at * SECOND_US, zone) for at in (span.start_s, span.stop_s))
        for span in unknown
        if span.reason == reason and span.stop_s - span.start_s >= 60
    ]
    silent = reason.startswith("silent") and 0 < len(times) <= MOST_TIMES
    longer = f"{text} ({', '.join(times)})"
    return longer if silent and len(longer) <= LINE_CHARS - 4 else text


def _legend(report: Mapping[str, Any], zone: tzinfo, look: Theme) -> list[Sign]:
    """What the lines across the lanes are."""
    session, alarm = report.get("session") or {}, report.get("alarm") or {}
    out_us, woke_us = (words.instant(session.get(key)) for key in ("trying_to_sleep_utc", "woke_up_utc"))
    set_us, rang_us = (words.instant(alarm.get(key)) for key in ("set_for_utc", "rang_at_utc"))
    lines = []
    told = [f"{what} {words.clock(at, zone)}" for what, at in (("lights-out", out_us), ("woke up", woke_us)) if at]
    if told:
        lines.append(Sign("\u22ee", look.soft, f"{', '.join(told)} (dotted)"))
    if rang_us is not None:
        by = f" by the {alarm['rung_by']}" if alarm.get("rung_by") else ""
        set_for = f", set for {words.clock(set_us, zone)} (dashed)" if set_us is not None else ""
        lines.append(Sign("\u25bc", look.ink, f"rung {words.clock(rang_us, zone)}{by}{set_for}"))
    return lines


def _time_axis(lane: Axes, night: Night, zone: tzinfo) -> None:
    """Full hours (or minutes) of local time."""
    length_s = max(night.n_seconds, EPOCH_S)
    step_s = next((step for step in TICK_STEPS_S if length_s / step <= 8), 28800)
    start_s = night.from_utc_us // SECOND_US
    shift = datetime.fromtimestamp(start_s, zone).utcoffset()
    local_s = start_s + (int(shift.total_seconds()) if shift else 0)
    ticks = range(-local_s % step_s, length_s + 1, step_s)
    lane.set_xticks(list(ticks))
    lane.set_xticklabels([words.clock((start_s + tick) * SECOND_US, zone) for tick in ticks])
    lane.tick_params(axis="x", pad=12)


def _head(page: Figure, night: Night, zone: tzinfo, head: list[str], total_px: int, look: Theme) -> None:
    y = 1 - 22 / total_px
    page.text(TEXT_X, y, words.title(night, zone), fontsize=TITLE_PT, color=look.ink, weight="bold", va="top")
    for number, text in enumerate(head):
        y = 1 - (80 + LINE_PX * number) / total_px
        page.text(TEXT_X, y, text, fontsize=TEXT_PT, color=look.ink, va="top")


def _foot(page: Figure, report: Mapping[str, Any], told: list[Sign], total_px: int, look: Theme) -> None:
    """The signs and their meaning, and where the night comes from."""
    y_px = 62 + LINE_PX * len(told)
    for sign, colour, text in told:
        y_px -= LINE_PX
        y = y_px / total_px
        page.text(0.022, y, sign, fontsize=TEXT_PT + 2, color=colour, ha="center", va="center")
        weight = "normal" if sign else "bold"
        page.text(SIGN_X if sign else TEXT_X, y, text, fontsize=SMALL_PT, color=look.ink, weight=weight, va="center")
    parts = (f"Stillwave {report.get('version') or ''}".strip(), report.get("source"), "not a medical device")
    source = " · ".join(part for part in parts if part)
    page.text(TEXT_X, 24 / total_px, source, fontsize=SMALL_PT, color=look.soft, va="center")
