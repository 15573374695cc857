"""State machines and the alarm's policy for the documentation, drawn from the tables that decide.

`python -m cloud.diagrams` writes them into docs/cloud.md; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloud import alarm, intent, occupancy, primary_user, session

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
    return {
        "occupancy": mermaid(occupancy.State.UNKNOWN.value, _plain(occupancy.TABLE)),
        "primary user": mermaid(primary_user.State.NOBODY.value, _plain(primary_user.TABLE)),
        "session": mermaid(session.State.NONE.value, _acting(session.TABLE)),
        "intent": mermaid(intent.State.ABSENT.value, _acting(intent.TABLE)),
        "alarm policy": policy(),
    }


def _plain(table: Mapping[Any, Mapping[Any, Any]]) -> list[tuple[str, str, str]]:
    """Arrows of a table whose cells are states."""
    return [(state.value, to.value, event.value) for state, row in table.items() for event, to in row.items()]


def _acting(table: Mapping[Any, Mapping[Any, Any]]) -> list[tuple[str, str, str]]:
    """Arrows of a table whose cells are (to, action), with the action in brackets."""
    return [
        (state.value, to.value, event.value + ("" if action.name == "KEEP" else f" [{action.value}]"))
        for state, row in table.items()
        for event, (to, action) in row.items()
    ]


def policy() -> str:
    """What the alarm's policy does in each phase of the window, as a table."""
    head = ["", *(seen.value for seen in alarm.Seen)]
    rows = [
        [phase.value, *("ring" if seen in enough else "–" for seen in alarm.Seen)]
        for phase, enough in alarm.POLICY.items()
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def placed(document: str) -> str:
    """The document with all of them between their marks. Raises ValueError when a mark is missing."""
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
