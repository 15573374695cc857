"""The two state machines as diagrams, drawn from the tables that decide.

`python -m cloud.diagrams` writes them into docs/cloud.md; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path

from cloud import occupancy, session

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "cloud.md"
MARKS = "<!-- {0}: begin (python -m cloud.diagrams) -->\n", "<!-- {0}: end -->\n"


def mermaid(start: str, arrows: list[tuple[str, str, str]]) -> str:
    """A state diagram; arrows of one direction share a line. arrows: (from, to, event)."""
    labels: dict[tuple[str, str], list[str]] = {}
    for before, after, event in arrows:
        if before != after:
            labels.setdefault((before, after), []).append(event)
    names = {name: name.replace(" ", "_") for before, after in labels for name in (before, after)}
    lines = [f"    {short} : {name}" for name, short in names.items() if short != name]
    lines += [f"    [*] --> {names[start]}"]
    lines += [f"    {names[a]} --> {names[b]}: {', '.join(events)}" for (a, b), events in labels.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```", ""])


def diagrams() -> dict[str, str]:
    """Name of the machine -> its diagram."""
    beds = [(s.value, t.value, e.value) for s, row in occupancy.TABLE.items() for e, t in row.items()]
    sessions = []
    for state, row in session.TABLE.items():
        for event, (after, action) in row.items():
            done = "" if action is session.Action.KEEP else f" [{action.value}]"
            sessions.append((state.value, after.value, event.value + done))
    return {
        "occupancy": mermaid(occupancy.State.UNKNOWN.value, beds),
        "session": mermaid(session.State.NONE.value, sessions),
    }


def placed(document: str) -> str:
    """The document with both diagrams between their marks. Raises ValueError when a mark is missing."""
    for name, diagram in diagrams().items():
        begin, end = (mark.format(name) for mark in MARKS)
        head, found, rest = document.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"docs/cloud.md: expected the marks of {name}")
        document = head + begin + diagram + end + tail
    return document


if __name__ == "__main__":
    DOCUMENT.write_text(placed(DOCUMENT.read_text()))
