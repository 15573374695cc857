"""What a person sees: progress on a terminal, the short text of a report.

Rule: progress and logs go to stderr, and progress only when that is a terminal; plain text, no colour.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping
from typing import IO, Any, Literal

BAR = 24
REDRAW_S = 0.1


def clock(seconds: float) -> str:
    """h:mm:ss"""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


class Progress:
    """A bar of virtual time with its speed; call it with the virtual seconds done."""

    def __init__(self, total_s: float, stream: IO[str] | None = None) -> None:
        self._total_s = max(total_s, 1e-9)
        self._stream = sys.stderr if stream is None else stream
        self._on = self._stream.isatty()
        self._start_s = self._drawn_s = time.monotonic()

    def __call__(self, virtual_s: float) -> None:
        now_s = time.monotonic()
        if not self._on or now_s - self._drawn_s < REDRAW_S:
            return
        self._drawn_s = now_s
        share = min(virtual_s / self._total_s, 1.0)
        speed = virtual_s / max(now_s - self._start_s, 1e-9)
        bar = "#" * int(BAR * share) + "." * (BAR - int(BAR * share))
        left_s = (self._total_s - virtual_s) / max(speed, 1e-9)
        line = f"{bar} {clock(virtual_s)} of {clock(self._total_s)}, {speed:.0f} x real time, {clock(left_s)} left"
        self._stream.write(f"\r{line[: self._columns() - 1]}\033[K")
        self._stream.flush()

    def _columns(self) -> int:
        """Width of the terminal: a longer line would not be drawn over."""
        try:
            return max(os.get_terminal_size(self._stream.fileno()).columns, 2)
        except (OSError, ValueError):
            return shutil.get_terminal_size().columns

    def done(self) -> None:
        """Takes the bar away."""
        if self._on:
            self._stream.write("\r\033[K")
            self._stream.flush()


def _value(report: Mapping[str, Any], group: str, key: str, text: str) -> str:
    """The text with the value in it, or `unknown (why)`; nothing where there is no truth to compare with."""
    value = (report.get(group) or {}).get(key)
    if value is None:
        why = (report.get("reasons") or {}).get(f"{group}.{key}")
        return f"unknown ({why})" if why else "unknown"
    return text.format(value)


def _breathing(report: Mapping[str, Any]) -> str:
    """The user's rate with its error and coverage; or why it is unknown, and what was measured all the same."""
    found = report.get("respiration") or {}
    said = _value(report, "respiration", "rate_per_min_median", "{:.1f} per minute (median)")
    if found.get("rate_per_min_median") is not None:
        if found.get("mae_per_min") is not None:
            said += _value(report, "respiration", "mae_per_min", ", error {:.2f} per minute")
        if found.get("coverage") is not None:
            said += _value(report, "respiration", "coverage", ", coverage {:.3f}")
        return said
    if found.get("coverage"):
        said += f"; somebody's was measured in {100 * found['coverage']:.0f} % of the time in bed"
    return f"the user's is {said}"


def summary(report: Mapping[str, Any]) -> list[str]:
    """A report in a few lines."""
    head = f"{report.get('scenario') or report.get('source')}"
    if report.get("seed") is not None:
        head += f", seed {report['seed']}"
    virtual_s, wall_s = report.get("virtual_s"), report.get("wall_s")
    if virtual_s:
        head += f": {clock(virtual_s)}"
        if wall_s:
            head += f" in {wall_s:.1f} s, {virtual_s / wall_s:.0f} x real time"
    edge, link = report.get("edge") or {}, report.get("link") or {}
    lines = [head, f"breathing  {_breathing(report)}"]
    if any(edge.get(key) is not None for key in SPANS):
        spans = [f"{key.removesuffix('_s')} {clock(edge[key])}" for key in SPANS if edge.get(key) is not None]
        lines.append(f"device     {', '.join(spans)}; {edge.get('frames')} frames")
    if link:
        lines.append(f"link       {link.get('packets_stored')} packets stored, {link.get('packets_lost')} lost")
    in_bed = (report.get("session") or {}).get("in_bed_utc")
    if in_bed:
        lines.append(f"session    {in_bed} to {_value(report, 'session', 'out_of_bed_utc', '{}')}")
    alarm = report.get("alarm") or {}
    if alarm.get("set_for_utc"):
        rang = _value(report, "alarm", "rang_at_utc", "rang {}")
        rang += f", rung by the {alarm['rung_by']}: {alarm['why']}" if alarm.get("rung_by") else ""
        lines.append(f"alarm      set for {alarm['set_for_utc']}, {rang}{', LATE' if alarm.get('late') else ''}")
        if alarm.get("wake_window_min") is not None:
            lines.append(
                f"           the device takes an early ring from {alarm['wake_window_min']:g} min before it on"
            )
    return lines


def process_lines(result: Mapping[str, Any]) -> list[str]:
    """What `process` found, a line per key."""
    reasons = result["reasons"]
    return [
        f"{key:<26}{f'unknown ({reasons[key]})' if key in reasons else _word(value)}"
        for key, value in result.items()
        if key != "reasons"
    ]


def _word(value: Any) -> str:
    """A value for a person; in a list what is not known says so."""
    return ", ".join(map(_word, value)) if isinstance(value, list) else "unknown" if value is None else str(value)


SPANS = ("streaming_s", "monitoring_s", "standby_s")


def scenario_rows(side: Literal["left", "right"]) -> list[dict[str, Any]]:
    """All built-in scenarios: name, description, and who is where seen from that side of the bed. Raises SceneError."""
    from hw_sim.positions import positions
    from hw_sim.scenario import drawn_keys, load_scenario, scenario_names

    return [
        {
            "name": name,
            "description": text,
            "positions": positions(load_scenario(name), side),
            "drawn": drawn_keys(name),
        }
        for name, text in scenario_names().items()
    ]


def scenario_lines(rows: list[dict[str, Any]], verbose: bool) -> list[str]:
    """The same as text; verbose: with the positions."""
    lines = []
    for row in rows:
        lines.append(f"{row['name']:<15}{row['description']}")
        lines += [f"    {line}" for line in row["positions"] + row["drawn"] if verbose]
    return lines
