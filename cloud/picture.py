"""The morning picture: stage, breathing, movement, distance, and why something is not known.

Rule: an unknown span is marked and named, never bridged. Colours after Okabe and Ito, told apart by
colour-blind eyes; every text is readable when the picture is shown 400 pixels wide.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from cloud import words
from cloud.epochs import Epochs, epochs
from cloud.night import EPOCH_S, SECOND_US, Bools, Floats, Night, load
from cloud.spans import Span, reasons, spans

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_PX, DPI = 1000, 100
TEXT_PT, SMALL_PT, TITLE_PT = 16, 15, 25
LINE_PX = 28
INK, SOFT, GRID = "#1b2733", "#5b6670", "#e3e7ea"
BLUE, VERMILLION, GREEN, SKY = "#0072b2", "#d55e00", "#009e73", "#56b4e9"
SILENT = "#d9dde1"
#: First word that is found in the reason -> its colour; the rest is black.
REASON_COLOURS = {
    "silent": "#9aa3ab",
    "no packets": "#000000",
    "moving": VERMILLION,
    "nobody": "#9aa3ab",
    "starting": SKY,
    "weak": "#e69f00",
    "certain": "#e69f00",
    "disagree": "#cc79a7",
    "lost": "#000000",
    "saturated": "#882255",
}
MOST_REASONS = 5
#: Hours between ticks that a night may have; the first that gives at most eight ticks is taken.
TICK_STEPS_S = (60, 300, 600, 1800, 3600, 7200, 14400)


def draw(db: Path, report: Mapping[str, Any], path: Path) -> None:
    """Draw the stored night to path: .png or .svg by its ending.

    Raises ImportError without matplotlib (extra: report), StoreError without a store, OSError when path
    cannot be written, ValueError for another ending.
    """
    import matplotlib

    if path.suffix not in (".png", ".svg"):
        raise ValueError(f"{path}: expected a name ending in .png or .svg")
    with matplotlib.rc_context({"svg.hashsalt": "stillwave", "font.family": "DejaVu Sans"}):
        figure(load(db), report).savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def figure(night: Night, report: Mapping[str, Any]) -> Figure:
    """The picture as a matplotlib figure."""
    from matplotlib.figure import Figure

    zone = ZoneInfo(str(report["timezone"])) if report.get("timezone") else UTC
    table = epochs(night)
    unknown = spans(reasons(night, night.n_seconds))
    told = _by_length(unknown)
    head = textwrap.wrap(" ".join(words.sentences(night, zone)), 76)
    heights_px = {"head": 80 + LINE_PX * len(head), "foot": 140 + LINE_PX * len(told)}
    lanes_px = {"stage": 62, "breathing": 270, "movement": 120, "distance": 120}
    gap_px = 50
    total_px = sum(heights_px.values()) + sum(lanes_px.values()) + gap_px * len(lanes_px)
    page = Figure(figsize=(WIDTH_PX / DPI, total_px / DPI), dpi=DPI, facecolor="white")
    axes, top_px = {}, total_px - heights_px["head"]
    for name, height_px in lanes_px.items():
        top_px -= gap_px
        box = (0.075, (top_px - height_px) / total_px, 0.895, height_px / total_px)
        axes[name] = page.add_axes(box)
        top_px -= height_px
    for name, lane in axes.items():
        _frame(lane, night, name == "distance")
        _shade(lane, unknown)
    _stage(axes["stage"], night)
    _breathing(axes["breathing"], table, unknown)
    _movement(axes["movement"], table)
    _distance(axes["distance"], table)
    _time_axis(axes["distance"], night, zone)
    _head(page, night, zone, head, total_px)
    _foot(page, report, told, total_px)
    return page


def _by_length(unknown: list[Span]) -> list[tuple[str, int]]:
    """Reasons with their seconds, longest first; the smallest are put together."""
    total: dict[str, int] = {}
    for span in unknown:
        total[span.reason] = total.get(span.reason, 0) + span.stop_s - span.start_s
    ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) <= MOST_REASONS:
        return ordered
    rest = sum(seconds for _, seconds in ordered[MOST_REASONS - 1 :])
    return [*ordered[: MOST_REASONS - 1], ("other reasons", rest)]


def _colour(reason: str) -> str:
    return next((colour for word, colour in REASON_COLOURS.items() if word in reason), "#000000")


def _frame(lane: Axes, night: Night, last: bool) -> None:
    lane.set_xlim(0, max(night.n_seconds, EPOCH_S))
    lane.tick_params(labelsize=SMALL_PT, colors=SOFT, length=0, labelbottom=last)
    for side in ("top", "right", "left", "bottom"):
        lane.spines[side].set_visible(False)
    lane.set_axisbelow(True)


def _name(lane: Axes, text: str) -> None:
    lane.set_title(text, loc="left", fontsize=TEXT_PT, color=INK, fontweight="bold", pad=9, x=-0.067)


def _shade(lane: Axes, unknown: list[Span]) -> None:
    """Silent spans run through every lane."""
    for span in unknown:
        if span.reason.startswith("silent"):
            lane.axvspan(span.start_s, span.stop_s, facecolor="#f1f3f4", edgecolor=SILENT, hatch="//", linewidth=0)


def _stage(lane: Axes, night: Night) -> None:
    _name(lane, "Sleep stage")
    lane.set(ylim=(0, 1), yticks=[])
    lane.axhspan(0, 1, facecolor="none", edgecolor=SILENT, linewidth=1.5)
    middle = max(night.n_seconds, EPOCH_S) / 2
    label = lane.text(middle, 0.47, "unknown: no model yet", ha="center", va="center", fontsize=TEXT_PT, color=SOFT)
    label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 4})


def _breathing(lane: Axes, table: Epochs, unknown: list[Span]) -> None:
    """The rate per epoch; below it a strip that shows, to the second, where and why it is unknown."""
    _name(lane, "Breaths per minute")
    known = table.rate_per_min[np.isfinite(table.rate_per_min)]
    low = min(8.0, float(np.floor(known.min())) - 1) if len(known) else 8.0
    high = max(22.0, float(np.ceil(known.max())) + 1) if len(known) else 22.0
    strip = 0.09 * (high - low)
    lane.set_ylim(low - 1.6 * strip, high)
    lane.set_yticks([tick for tick in (5, 10, 15, 20, 25, 30, 40) if low <= tick <= high])
    lane.grid(axis="y", color=GRID, linewidth=1.2)
    lane.plot(_middles(table), table.rate_per_min, color=BLUE, linewidth=2.2, solid_capstyle="round")
    alone = _alone(table.rate_per_min)
    lane.plot(_middles(table)[alone], table.rate_per_min[alone], ".", color=BLUE, markersize=5)
    for span in unknown:
        lane.broken_barh(
            [(span.start_s, span.stop_s - span.start_s)],
            (low - 1.5 * strip, strip),
            facecolor=_colour(span.reason),
            edgecolor=_colour(span.reason),
            linewidth=0.8,
        )


def _alone(values: Floats) -> Bools:
    """Known epochs between unknown ones, which a line would not show."""
    known = np.zeros(len(values) + 2, bool)
    known[1:-1] = np.isfinite(values)
    alone: Bools = known[1:-1] & ~known[:-2] & ~known[2:]
    return alone


def _middles(table: Epochs) -> Floats:
    middles: Floats = EPOCH_S * (np.arange(len(table.utc_us), dtype=np.float64) + 0.5)
    return middles


def _movement(lane: Axes, table: Epochs) -> None:
    _name(lane, "Movement, seconds of each half minute")
    lane.set(ylim=(0, EPOCH_S), yticks=[0, 10, 20])
    lane.grid(axis="y", color=GRID, linewidth=1.2)
    moved = np.nan_to_num(table.movement) > 0
    lane.vlines(_middles(table)[moved], 0, EPOCH_S * table.movement[moved], color=VERMILLION, linewidth=2)


def _distance(lane: Axes, table: Epochs) -> None:
    _name(lane, "Distance to the device, metres")
    metres = table.distance_mm / 1000
    known = metres[np.isfinite(metres)]
    top = max(1.0, float(np.ceil(known.max() * 2.2) / 2)) if len(known) else 1.0
    lane.set(ylim=(0, 1.2 * top), yticks=[0, top / 2, top])
    lane.set_yticklabels([f"{tick:g}" for tick in (0, top / 2, top)])
    lane.grid(axis="y", color=GRID, linewidth=1.2)
    lane.plot(_middles(table), metres, ".", color=GREEN, markersize=4.5)


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


def _head(page: Figure, night: Night, zone: tzinfo, head: list[str], total_px: int) -> None:
    first = datetime.fromtimestamp(night.from_utc_us / SECOND_US, zone)
    last = datetime.fromtimestamp(max(night.to_utc_us, night.from_utc_us) / SECOND_US, zone)
    same = first.date() == last.date()
    title = f"{first:%A} {first.day} {first:%B}" if same else f"Night of {first.day} {first:%B} to {last.day} {last:%B}"
    page.text(0.015, 1 - 22 / total_px, f"{title} {last.year}", fontsize=TITLE_PT, color=INK, weight="bold", va="top")
    for number, line in enumerate(head):
        page.text(0.015, 1 - (76 + LINE_PX * number) / total_px, line, fontsize=TEXT_PT, color=INK, va="top")


def _foot(page: Figure, report: Mapping[str, Any], told: list[tuple[str, int]], total_px: int) -> None:
    """The reasons, each with its colour and its time, and where the night comes from."""
    title = "Breathing unknown, because" if told else "Breathing known all the time"
    y_px = 66 + LINE_PX * len(told)
    page.text(0.015, y_px / total_px, title, fontsize=TEXT_PT, color=INK, weight="bold", va="center")
    for reason, seconds in told:
        y_px -= LINE_PX
        page.text(0.026, y_px / total_px, "\u25a0", fontsize=TEXT_PT + 3, color=_colour(reason), va="center")
        text = f"{textwrap.shorten(reason, 62, placeholder=' …')}: {words.duration(seconds)}"
        page.text(0.056, y_px / total_px, text, fontsize=SMALL_PT, color=INK, va="center")
    parts = (f"Stillwave {report.get('version') or ''}".strip(), report.get("source"), "not a medical device")
    page.text(0.015, 22 / total_px, " · ".join(p for p in parts if p), fontsize=SMALL_PT, color=SOFT, va="center")
