"""The alarm guard's diagram, drawn from the table that the firmware decides by.

`python -m edge.alarm_diagram` writes it into docs/architecture.md; a test compares the two.
"""

from __future__ import annotations

from edge.core import load
from edge.uplink_diagram import DOCUMENT, words

BEGIN, END = "<!-- alarm guard: begin (python -m edge.alarm_diagram) -->", "<!-- alarm guard: end -->"


def diagram() -> str:
    """Mermaid text: one line per pair of states, with the events that lead from one to the other and the reason told."""
    ffi, lib = load()
    states, events = words(ffi, "sw_alarm", "SW_ALARM_"), words(ffi, "sw_alarm_event", "SW_ALARM_EVENT_")
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {states[0]}"]
    for state, name in states.items():
        ways: dict[int, list[str]] = {}
        for event, text in events.items():
            cell = lib.sw_alarm_guard_cell(state, event)
            if cell.next != state:
                ways.setdefault(cell.next, []).append(text)
        lines += [f"    {name} --> {states[to]}: {', '.join(texts)}" for to, texts in ways.items()]
    return "\n".join([*lines, "```"])


def section() -> str:
    """The diagram between its marks."""
    return f"{BEGIN}\n{diagram()}\n{END}\n"


def placed(document: str) -> str:
    """The document with the diagram between its marks. Raises ValueError when they are not there."""
    if BEGIN not in document or END not in document:
        raise ValueError(f"{DOCUMENT.name}: expected a line {BEGIN} and a line {END}")
    head, rest = document.split(BEGIN, 1)
    return head + section() + rest.split(END + "\n", 1)[1]


if __name__ == "__main__":
    DOCUMENT.write_text(placed(DOCUMENT.read_text()))
