"""What a failed test says beside its assertion: where it ran, when, what the device said last, how to see it again.

Rule: plain text of fixed shape, so that a log, a terminal and JUnit show the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hw_sim.hil.checks import figures
from hw_sim.hil.home import Home
from hw_sim.hil.link import Link
from hw_sim.hil.serial_line import SerialLine

LAST_PACKETS = 8
LAST_PIECES = 16
LAST_ROWS = 16


@dataclass
class Story:
    """Everything known of one test's run. repeat: the command; recording: its path."""

    target: str
    seed: int
    scene: str
    home: Home
    serial: SerialLine
    link: Link | None
    recording: Path
    repeat: str
    digest: str
    faults: Mapping[str, Any]

    def figures(self) -> dict[str, Any]:
        """For machines: what identifies the run and what was counted."""
        return {
            "target": self.target,
            "seed": self.seed,
            "scene": self.scene,
            f"{self.home.clock}_s": round(self.home.now_us / 1e6, 6),
            "bytes_heard": self.serial.bytes_heard,
            "digest": self.digest,
            "counts": figures(self.home, self.link),
            "recording": str(self.recording),
            "repeat": self.repeat,
        }

    def text(self, wrong: Sequence[str] = ()) -> str:
        """For people."""
        rows = [
            ("target", f"{self.target}, seed {self.seed}, scene {self.scene or 'whatever is there'}"),
            ("time", f"{self.home.now_us / 1e6:.6f} s, {self.home.clock}"),
        ]
        if self.faults:
            rows.append(("faults", ", ".join(f"{key}={value}" for key, value in self.faults.items())))
        rows += [("check", line) for line in wrong]
        rows += [("recording", str(self.recording)), ("repeat", self.repeat)]
        return "\n".join([*(f"{name:<10}{value}" for name, value in rows), *self._heard()])

    def _heard(self) -> list[str]:
        if self.link is not None and self.link.packets:
            packets = self.link.packets[-LAST_PACKETS:]
            return [f"last {len(packets)} of {len(self.link.packets)} packets:", *(one.line() for one in packets)]
        rows = [row for t_us, data in self.serial.last_pieces(LAST_PIECES) for row in _rows(t_us, data)][-LAST_ROWS:]
        if not rows:
            return ["the device said nothing"]
        return [f"last of {self.serial.bytes_heard} bytes:", *rows]

    def write(self, folder: Path, outcome: str, wrong: Sequence[str]) -> None:
        """story.txt, packets.txt and figures.json beside the recording."""
        (folder / "story.txt").write_text(self.text(wrong) + "\n")
        (folder / "figures.json").write_text(json.dumps({"outcome": outcome, **self.figures()}, indent=1) + "\n")
        if self.link is not None:
            (folder / "packets.txt").write_text("".join(one.line() + "\n" for one in self.link.packets))


def _rows(t_us: int, data: bytes) -> list[str]:
    """A piece of the line with its time: as text where it is text, else in hex, 16 bytes to the row."""
    text = data.replace(b"\r", b"")
    if all(32 <= byte < 127 or byte in (9, 10) for byte in text):
        shown = text.decode("ascii").rstrip("\n").split("\n")
    else:
        shown = [data[at : at + 16].hex(" ") for at in range(0, min(len(data), 64), 16)]
    return [f"{t_us / 1e6:12.6f} s  {row}" for row in shown]
