"""What shares the memory of one frame: parts, where they lie and when they live. See sw_frame_memory.

`python -m edge.chain_memory` writes this table and that of the probes into docs/signal-chain.md; a test compares.
Rule: two parts that are in use by the same block lie apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge import probes
from edge.core import load

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "signal-chain.md"
COMMAND = "python -m edge.chain_memory"
MARKS = {name: (f"<!-- {name}: begin ({COMMAND}) -->\n", f"<!-- {name}: end -->\n") for name in ("memory", "probes")}
DRIVER = -1
"""Before the first block: the radar driver reads a frame."""


@dataclass(frozen=True)
class Part:
    """field: of sw_frame_memory. written: by this block; read: by this block for the last time (DRIVER or SW_AFTER_*)."""

    field: str
    what: str
    written: int
    read: int

    @property
    def span(self) -> range:
        """Its bytes."""
        ffi, _ = load()
        kind, path = ffi.typeof("sw_frame_memory"), self.field.split(".")
        at = ffi.offsetof(kind, *path)
        for name in path:
            kind = dict(kind.fields)[name].type
        return range(at, at + ffi.sizeof(kind))

    def alive_after(self, block: int) -> bool:
        """Somebody will still read it."""
        return self.written <= block < self.read


def parts() -> tuple[Part, ...]:
    """All of them, in the order of the chain."""
    at = {name: block for block, name in probes.blocks().items()}
    return (
        Part("arriving.samples", "samples of the frame, the packed bytes before them", DRIVER, at["half_burst"]),
        Part("arriving.halves", "two half bursts; the range FFT works in it", at["half_burst"], at["range_fft"]),
        Part("turning.other", "the range FFT's other side", at["range_fft"], at["range_fft"]),
        Part("watching.range.profile", "range profile", at["range_fft"], at["phase_circle"]),
        Part("watching.range.difference", "difference of the half bursts", at["range_fft"], at["motion"]),
        Part("watching.cleared", "profile less its background", at["clutter"], at["motion"]),
        Part("watching.fit", "working memory of a circle fit", at["phase_circle"], at["phase_circle"]),
    )


def clashes(rows: tuple[Part, ...]) -> list[str]:
    """Pairs that are in use by the same block and share bytes."""
    found = []
    for i, a in enumerate(rows):
        for b in rows[:i]:
            together = a.written <= b.read and b.written <= a.read
            if together and a.span.start < b.span.stop and b.span.start < a.span.stop:
                found.append(f"{b.field} and {a.field}")
    return found


def memory_table() -> str:
    """Markdown: one line per part."""
    ffi, lib = load()
    names = probes.blocks() | {DRIVER: "driver"}
    lines = ["| part | bytes | written by | last read by | what |", "|---|---|---|---|---|"]
    for part in parts():
        span, when = part.span, f"{names[part.written]} | {names[part.read]}"
        lines.append(f"| `{part.field}` | {span.start}..{span.stop - 1} | {when} | {part.what} |")
    whole = f"{ffi.sizeof('sw_frame_memory')} bytes in all, of {lib.sw_chain_size()} of the chain's state."
    return "\n".join([*lines, "", whole, ""])


def probe_table() -> str:
    """Markdown: one line per probe."""
    names = probes.blocks()
    lines = ["| probe | array | type | unit | holds after |", "|---|---|---|---|---|"]
    for probe in probes.table().values():
        kind = "complex64" if "part" in probe.axes else probe.dtype.name
        array = f"[{', '.join(probe.seen_axes)}]" if probe.axes else ""
        lines.append(f"| `{probe.name}` | {array} | {kind} | {probe.unit} | {names[probe.block]} |")
    return "\n".join([*lines, ""])


def placed(document: str) -> str:
    """The document with both tables between their marks."""
    for name, text in (("memory", memory_table()), ("probes", probe_table())):
        begin, end = MARKS[name]
        head, rest = document.split(begin, 1)
        document = head + begin + text + end + rest.split(end, 1)[1]
    return document


if __name__ == "__main__":
    DOCUMENT.write_text(placed(DOCUMENT.read_text()))
