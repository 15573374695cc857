"""Faults of the serial line between device and host.

Rule: see row.py. Fields are hw_sim.line_faults.LineFaults, slow lines hw_sim.board.Faults.
"""

from __future__ import annotations

from hw_sim.fault_kinds import count, share
from hw_sim.fault_rows.row import Row

ASKS = "drops what does not check, gives again what was not acknowledged"
SOURCE = "serial lines"

ROWS = (
    Row(
        "line-garbled", share(1, 500_000, 1_000), "line", lambda ppm: {"garbled_ppm": int(ppm)},
        "LINE_GARBLED", "so many bytes, both ways, have one bit flipped", "a wrong level, a wrong baud rate", ASKS, SOURCE,
    ),
    Row(
        "line-loses", share(1, 500_000, 1_000), "line", lambda ppm: {"lost_ppm": int(ppm)},
        "LINE_GARBLED", "so many bytes, both ways, are lost", "a receiver that overruns", ASKS, SOURCE,
    ),
    Row(
        "line-inserts", share(1, 500_000, 1_000), "line", lambda ppm: {"inserted_ppm": int(ppm)},
        "LINE_GARBLED", "after so many bytes, both ways, one more appears", "noise taken for start bits", ASKS, SOURCE,
    ),
    Row(
        "line-cut", None, "line", lambda _: {"cut_to_host": True, "cut_to_device": True},
        "LINE_BROKEN", "every byte of either side is lost", "the cable is out", "keeps its data until the line is back",
        SOURCE,
    ),
    Row(
        "line-cut-to-host", None, "line", lambda _: {"cut_to_host": True},
        "", "the host hears nothing", "one wire is off",
        "hears its host and cannot know; gives again what was not acknowledged. The host's questions have no answer",
        SOURCE,
    ),
    Row(
        "line-cut-to-device", None, "line", lambda _: {"cut_to_device": True},
        "LINE_BROKEN", "the device hears nothing", "one wire is off", "keeps its data until the line is back", SOURCE,
    ),
    Row(
        "line-slow", count(300, 4_000_000, 600), "line", lambda baud: {"uart_baud": int(baud)},
        "LINE_SLOW", "the line takes so many bits a second, ten a byte", "a baud rate for another device",
        "keeps what finds no room, drops the oldest when its store is full", SOURCE,
    ),
    Row(
        "host-silent", None, "line", lambda _: {"host_silent": True},
        "LINE_BROKEN", "the host reads but never answers", "a host that hangs", "keeps its data until it is acknowledged",
        SOURCE,
    ),
)  # fmt: skip
