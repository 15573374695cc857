"""The morning as one HTML file that needs nothing else: words, picture, table, and why something is not known.

Rule: no script, no address outside the file; light and dark follow the reader's setting.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cloud import hypnogram, picture, words
from cloud.nights import load

#: key of the report's `sleep` -> what a reader calls it, unit.
MEASURES = {
    "in_bed_min": ("Time in bed", "min"),
    "tib_min": ("Lights-out to the last waking", "min"),
    "tst_min": ("Asleep (TST)", "min"),
    "se_pct": ("Sleep efficiency", "%"),
    "sol_min": ("Time to fall asleep (SOL)", "min"),
    "waso_min": ("Awake after falling asleep (WASO)", "min"),
    "awakenings": ("Awakenings", ""),
    "awakenings_5min": ("… of at least five minutes", ""),
    "light_min": ("Light sleep", "min"),
    "deep_min": ("Deep sleep", "min"),
    "rem_min": ("REM sleep", "min"),
    "rem_latency_min": ("From falling asleep to REM", "min"),
    "deep_latency_min": ("From falling asleep to deep sleep", "min"),
    "unknown_min": ("Stage unknown", "min"),
}

STYLE = """
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1b2733; --soft: #5b6670; --line: #e3e7ea }
@media (prefers-color-scheme: dark) {
  :root { --ground: #10161c; --ink: #e9eef2; --soft: #a3b1bd; --line: #26313b }
}
body { margin: 0 auto; max-width: 1000px; padding: 1rem; background: var(--ground); color: var(--ink);
       font: 1rem/1.5 system-ui, sans-serif }
img { width: 100%; height: auto; display: block }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; font-weight: normal; padding: .35rem 0; border-bottom: 1px solid var(--line);
         vertical-align: top }
td { font-variant-numeric: tabular-nums; padding-left: 1rem }
.soft, footer { color: var(--soft) }
footer { margin-top: 2rem; font-size: .9rem }
"""


def write(db: Path, report: Mapping[str, Any], path: Path, number: int | None = None) -> None:
    """Write the page of a stored night.

    Raises ImportError without matplotlib (extra: report), StoreError without a store, OSError when path
    cannot be written.
    """
    path.write_text(html(db, report, number), encoding="utf-8")


def html(db: Path, report: Mapping[str, Any], number: int | None = None) -> str:
    """The page's text."""
    night = load(db, number)
    zone: tzinfo = ZoneInfo(str(report["timezone"])) if report.get("timezone") else UTC
    said = " ".join(words.sentences(night, report, zone))
    staged = hypnogram.load(db)
    light, dark = (picture.drawn(night, staged, report, theme, "svg") for theme in ("light", "dark"))
    title = words.title(night, zone)
    body = [
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{_data(dark)}">',
        f'<img src="{_data(light)}" alt="{escape(f"{title}. {said}")}"></picture>',
        "<h2>The night in numbers</h2>", _table(_measures(report)),
        *_silent(report, zone),
        *_faults(report, zone),
        f"<footer>{escape(_source(report))}</footer>",
    ]  # fmt: skip
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html>\n<html lang="en">\n<head>{head}<style>{STYLE}</style></head>\n<body>\n' + "\n".join(
        [*body, "</body>", "</html>", ""]
    )


def _data(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def _measures(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value or why there is none)"""
    sleep, reasons = report.get("sleep") or {}, report.get("reasons") or {}
    rows = []
    for key, (name, unit) in MEASURES.items():
        value = sleep.get(key)
        text = f"{value:g} {unit}".strip() if value is not None else f"unknown: {reasons.get(f'sleep.{key}', '?')}"
        rows.append((name, text))
    return rows


def _silent(report: Mapping[str, Any], zone: tzinfo) -> list[str]:
    rows = []
    for span in report.get("silent") or []:
        from_us, to_us = words.instant(span["from_utc"]), words.instant(span["to_utc"])
        if from_us is not None and to_us is not None:
            rows.append((f"{words.clock(from_us, zone)} to {words.clock(to_us, zone)}", str(span["reason"])))
    return ["<h2>When the device said nothing</h2>", _table(rows)] if rows else []


def _faults(report: Mapping[str, Any], zone: tzinfo) -> list[str]:
    rows = []
    for span in report.get("faults") or []:
        from_us, to_us = words.instant(span["from_utc"]), words.instant(span["to_utc"])
        if from_us is not None and to_us is not None:
            until = "the end" if span["present"] else words.clock(to_us, zone)
            rows.append((f"{words.clock(from_us, zone)} to {until}", str(span["reason"])))
    return ["<h2>What the device noticed of itself</h2>", _table(rows)] if rows else []


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = (f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def _source(report: Mapping[str, Any]) -> str:
    parts = (f"Stillwave {report.get('version') or ''}".strip(), report.get("source"), report.get("timezone"))
    return " · ".join([str(part) for part in parts if part] + ["not a medical device"])
