"""The link's part of docs/evidence.md: an outage, damaged streams, forgeries, the timing of a replay.

Rule: nothing is measured here; each figure is that of the program that its row names, kept under the digest of the sources.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import damaged, forgeries, outage, replay_timing
from bench.tables import sources_digest, table

FORGERIES = 100_000
SEED = 1
TIMED_S = 60.0
ON_TIME = 0.99
"""Share of a replay's chunks within 2 ms of their time."""


def _kept(work: Path, name: str, measure: Callable[[], Any]) -> Any:
    kept = work / f"{name}.{sources_digest()}.json"
    if not kept.is_file():
        kept.write_text(json.dumps(measure()))
    return json.loads(kept.read_text())


def streams(work: Path, n: int) -> tuple[list[list[str]], list[str]]:
    """Rows and complaints of damaged streams and forgeries."""
    try:
        fuzzed = _kept(work, f"damaged-{n}", lambda: damaged.run(n, SEED))
    except damaged.FuzzError as error:
        return [["damaged streams", str(n), str(error)]], [f"damaged streams: {error}"]
    forged = _kept(work, "forgeries", lambda: forgeries.run(FORGERIES, SEED))
    rows = [
        ["damaged streams, C decoder under sanitizers", f"{n:,}", f"no finding; {fuzzed['also_in_python']:,} of them "
         "decoded alike by both decoders in Python"],
        [f"forgeries of {len(forged['kinds'])} kinds", f"{FORGERIES:,}", f"{forged['accepted']} accepted"],
    ]  # fmt: skip
    return rows, [f"forgery accepted: {kind}, {times} times" for kind, times in forged["accepted_kinds"].items()]


def timing(work: Path, seconds: float) -> tuple[list[list[str]], list[str]]:
    """Rows and complaints of replays to a pty."""

    def measure() -> list[dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            return [replay_timing.measure(seconds, per_s, Path(folder)) for per_s in (1, 20)]

    rows, wrong = [], []
    for one in _kept(work, f"replay-timing-{seconds:g}", measure):
        rows.append(
            [
                f"replay to a pty at speed 1, {one['pieces_per_s']} a second", f"{one['chunks']:,}",
                f"{one['on_time_share']:.2%} within 2 ms by its own clock, {one['heard_on_time_share']:.2%} as heard; "
                f"latest {one['latest_ms']:.1f} ms",
            ]
        )  # fmt: skip
        if one["on_time_share"] < ON_TIME:
            wrong.append(f"{one['pieces_per_s']} chunks a second: {one['on_time_share']:.2%} on time")
    return rows, wrong


def section(work: Path, short: bool) -> str:
    """Tables and what is wrong."""
    outages, lost = outage.section(work, short)
    rows, taken = streams(work, 20_000 if short else damaged.STREAMS)
    timed, late = timing(work, 10.0 if short else TIMED_S)
    wrong = "\n".join(f"* {one}" for one in [*lost, *taken, *late])
    return "\n\n".join([outages, table(["what", "how many", "seen"], rows + timed), wrong or "Nothing is wrong."])
