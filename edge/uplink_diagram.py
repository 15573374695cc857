"""The uplink policy's diagram, drawn from the table that the firmware decides by.

`python -m edge.uplink_diagram` writes it into docs/architecture.md; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.core import load

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "architecture.md"
BEGIN, END = "<!-- uplink policy: begin (python -m edge.uplink_diagram) -->", "<!-- uplink policy: end -->"
TITLE = "## Uplink policy"


def words(ffi: Any, enum: str, prefix: str) -> dict[int, str]:
    """Value -> name in lower case with spaces, without the count at the end."""
    found = {int(v): str(n).removeprefix(prefix) for v, n in ffi.typeof(enum).elements.items()}
    return {value: name.lower().replace("_", " ") for value, name in sorted(found.items()) if name != "COUNT"}


def diagram() -> str:
    """Mermaid text: one line per cell that changes the state; what is sent stands in brackets."""
    ffi, lib = load()
    states, inputs = words(ffi, "sw_uplink", "SW_UPLINK_"), words(ffi, "sw_uplink_input", "SW_INPUT_")
    reasons = words(ffi, "sw_reason", "SW_REASON_")
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {states[0]}"]
    for state, name in states.items():
        for given, text in inputs.items():
            cell = lib.sw_uplink_policy_cell(state, given)
            if cell.next == state:
                continue
            told = lib.SW_UPLINK_STREAMING in (state, cell.next)
            sent = f" [TRANSITION, {reasons[cell.reason]}]" if told else ""
            lines.append(f"    {name} --> {states[cell.next]}: {text}{sent}")
    return "\n".join([*lines, "```"])


def section() -> str:
    """The whole section of the document."""
    ffi, lib = load()
    config = ffi.new("sw_uplink_config *")
    lib.sw_uplink_config_default(config)
    text = (
        f"*Confident* is a confidence of at least {config.enter_confidence}/255 in {config.enter_s} consecutive "
        f"seconds,\n*not confident* one below {config.leave_confidence}/255 in {config.leave_s}. A pair of state and "
        "input without an arrow stays where it is.\nNothing is sent unasked outside of streaming; brackets say what "
        "a change of state sends."
    )
    return f"{TITLE}\n\n{BEGIN}\n{text}\n\n{diagram()}\n{END}\n"


def placed(document: str) -> str:
    """The document with the section in its place: between its marks, or else before the imports' section."""
    if BEGIN in document:
        head, rest = document.split(TITLE, 1)
        return head + section() + rest.split(END + "\n", 1)[1]
    before = "## Who may import whom"
    return document.replace(before, f"{section()}\n{before}", 1)


if __name__ == "__main__":
    DOCUMENT.write_text(placed(DOCUMENT.read_text()))
