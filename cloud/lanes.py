"""The lanes of the morning picture: stages, breathing, movement, one below the other over the same time.

Rule: an unknown span is marked and named, never bridged.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from cloud import words
from cloud.epochs import Epochs
from cloud.night import EPOCH_S, SECOND_US, Bools, Floats
from cloud.spans import Span
from cloud.theme import DEEP, LIGHT, REM, SMALL_PT, TEXT_PT, WAKE, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Stage -> (row from below, name); the order in which sleep deepens, REM beside waking as usual.
ROWS = {DEEP: (0, "Deep"), LIGHT: (1, "Light"), REM: (2, "REM"), WAKE: (3, "Awake")}
UNKNOWN, NOT_STAGED = -1, -2
UNKNOWN_ROW = -1
BAR = 0.34  # half the height of a stage's bar
SUMMARY_X = 1.015  # the column to the right of the lanes, in widths of a lane


@dataclass(frozen=True)
class Stages:
    """One entry per epoch from the night's beginning.

    stage: 0 wake, 1 light, 2 deep, 3 REM, -1 unknown, -2 outside every session.
    """

    stage: list[int]
    away: list[bool]

    def runs(self) -> list[tuple[int, int, int, bool]]:
        """(first epoch, end, stage, away) of equal neighbours."""
        found, at = [], 0
        for (stage, away), run in groupby(zip(self.stage, self.away, strict=True)):
            length = len(list(run))
            found.append((at, at + length, stage, away))
            at += length
        return found


def name(lane: Axes, text: str, theme: Theme) -> None:
    """The title above a lane, at the page's left edge."""
    lane.set_title(text, loc="left", fontsize=TEXT_PT, color=theme.ink, fontweight="bold", pad=11, x=-0.1435)


def frame(lane: Axes, n_seconds: int, last: bool, theme: Theme) -> None:
    """Axes without a box; labels of time only under the last lane."""
    lane.set_xlim(0, max(n_seconds, EPOCH_S))
    lane.set_facecolor("none")
    lane.tick_params(labelsize=SMALL_PT, colors=theme.soft, length=0, labelbottom=last)
    for side in ("top", "right", "left", "bottom"):
        lane.spines[side].set_visible(False)
    lane.set_axisbelow(True)


def shade(lane: Axes, unknown: list[Span], theme: Theme) -> None:
    """Silent spans run through every lane."""
    for span in unknown:
        if span.reason.startswith("silent"):
            face, edge = theme.silent_face, theme.silent_line
            lane.axvspan(span.start_s, span.stop_s, hatch="//", linewidth=0, facecolor=face, edgecolor=edge)


def _summary(lane: Axes, y: float, text: str, theme: Theme) -> None:
    """A word in the column to the right; y in data of the lane."""
    place = lane.get_yaxis_transform()
    lane.text(SUMMARY_X, y, text, transform=place, fontsize=SMALL_PT, color=theme.soft, ha="left", va="center")


def hypnogram(lane: Axes, stages: Stages, why_none: str, theme: Theme) -> None:
    """A bar per bout in the row of its stage, joined by thin lines; out of bed is an empty bar in the top row.

    Unknown epochs have a row of their own below.
    """
    name(lane, "Sleep stage", theme)
    rows = ROWS | ({UNKNOWN: (UNKNOWN_ROW, "Unknown")} if UNKNOWN in stages.stage else {})
    lane.set_ylim(min(row for row, _ in rows.values()) - 0.6, 3.6)
    lane.set_yticks([row for row, _ in rows.values()], [text for _, text in rows.values()])
    lane.grid(axis="y", color=theme.grid, linewidth=1.2)
    if all(stage < WAKE for stage in stages.stage):
        middle = sum(lane.get_xlim()) / 2
        label = lane.text(middle, 1.5, f"unknown: {why_none}", ha="center", va="center", fontsize=TEXT_PT)
        label.set(color=theme.soft, bbox={"facecolor": theme.ground, "edgecolor": "none", "pad": 4})
        return
    before: tuple[int, int] | None = None  # (end, row) of the bout before
    for start, stop, stage, away in stages.runs():
        if stage < WAKE:
            if stage == UNKNOWN:
                place, grey = _box(start, stop, UNKNOWN_ROW), theme.silent_line
                lane.broken_barh(*place, facecolor=grey, edgecolor=theme.soft, hatch="////", linewidth=0.6)
            before = None
            continue
        row = ROWS[stage][0]
        if before is not None and before[1] != row:
            low, high = sorted((before[1], row))
            lane.vlines(EPOCH_S * start, low, high, color=theme.soft, linewidth=0.9)
        face = theme.ground if away else theme.stages[stage]
        lane.broken_barh(
            *_box(start, stop, row), facecolor=face, edgecolor=theme.stages[stage], linewidth=1.2 if away else 0.6
        )
        before = stop, row
    for stage, (row, _) in rows.items():
        seconds = EPOCH_S * sum(one == stage for one in stages.stage)
        _summary(lane, row, words.short_duration(seconds), theme)


def _box(start: int, stop: int, row: int) -> tuple[list[tuple[int, int]], tuple[float, float]]:
    """Place of a bar over epochs start..stop, for broken_barh."""
    return [(EPOCH_S * start, EPOCH_S * (stop - start))], (row - BAR, 2 * BAR)


def breathing(lane: Axes, table: Epochs, unknown: list[Span], named: set[str], theme: Theme) -> None:
    """The rate per epoch; below it a strip that shows, to the second, where and why it is unknown."""
    name(lane, "Breaths per minute", theme)
    known = table.rate_per_min[np.isfinite(table.rate_per_min)]
    low = min(8.0, float(np.floor(known.min())) - 1) if len(known) else 8.0
    high = max(22.0, float(np.ceil(known.max())) + 1) if len(known) else 22.0
    strip = 0.1 * (high - low)
    lane.set_ylim(low - 1.6 * strip, high)
    lane.set_yticks([tick for tick in (5, 10, 15, 20, 25, 30, 40) if low <= tick <= high])
    lane.grid(axis="y", color=theme.grid, linewidth=1.2)
    lane.plot(_middles(table), table.rate_per_min, color=theme.breathing, linewidth=2.2, solid_capstyle="round")
    alone = _alone(table.rate_per_min)
    lane.plot(_middles(table)[alone], table.rate_per_min[alone], ".", color=theme.breathing, markersize=5)
    for span in unknown:
        colour = theme.reason(span.reason) if span.reason in named else theme.ink
        width = span.stop_s - span.start_s
        lane.broken_barh(
            [(span.start_s, width)], (low - 1.5 * strip, strip), facecolor=colour, edgecolor=colour, linewidth=0.8
        )
    if len(known):
        _summary(lane, float(np.median(known)), f"median\n{np.median(known):.1f}", theme)


def movement(lane: Axes, table: Epochs, theme: Theme) -> None:
    """Seconds with movement of every half minute."""
    name(lane, "Movement, seconds of each half minute", theme)
    lane.set(ylim=(0, EPOCH_S), yticks=[0, 10, 20])
    lane.grid(axis="y", color=theme.grid, linewidth=1.2)
    moved = np.nan_to_num(table.movement) > 0
    lane.vlines(_middles(table)[moved], 0, EPOCH_S * table.movement[moved], color=theme.movement, linewidth=2)
    if np.isfinite(table.movement).any():
        _summary(lane, 10, words.short_duration(EPOCH_S * float(np.nansum(table.movement))), theme)


@dataclass(frozen=True)
class Marks:
    """Instants that run through the lanes, seconds from the night's beginning; None: there is none."""

    set_s: float | None
    rang_s: float | None
    lights_out_s: float | None
    woke_up_s: float | None


def mark(lanes: list[Axes], marks: Marks, theme: Theme) -> None:
    """Ring: a line with a bell's clapper on top; set time: dashed; lights-out and waking: dotted, in the stages only."""
    for lane in lanes:
        if marks.set_s is not None:
            lane.axvline(marks.set_s, color=theme.soft, linewidth=1.6, linestyle=(0, (4, 3)))
        if marks.rang_s is not None:
            lane.axvline(marks.rang_s, color=theme.ink, linewidth=2.0)
    top = lanes[0]
    if marks.rang_s is not None:
        top.plot([marks.rang_s], [top.get_ylim()[1]], "v", color=theme.ink, markersize=13, clip_on=False)
    for instant_s in (marks.lights_out_s, marks.woke_up_s):
        if instant_s is not None:
            top.axvline(instant_s, color=theme.soft, linewidth=1.8, linestyle=(0, (1, 2)))


def seconds_of(utc_us: int | None, from_utc_us: int) -> float | None:
    """Seconds from the night's beginning; None stays None."""
    return None if utc_us is None else (utc_us - from_utc_us) / SECOND_US


def _alone(values: Floats) -> Bools:
    """Known epochs between unknown ones, which a line would not show."""
    known = np.zeros(len(values) + 2, bool)
    known[1:-1] = np.isfinite(values)
    alone: Bools = known[1:-1] & ~known[:-2] & ~known[2:]
    return alone


def _middles(table: Epochs) -> Floats:
    middles: Floats = EPOCH_S * (np.arange(len(table.utc_us), dtype=np.float64) + 0.5)
    return middles
