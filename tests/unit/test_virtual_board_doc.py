"""docs/virtual-board.md, the Python part: its example prints what stands below it, its options and names exist."""

from __future__ import annotations

import re
import subprocess
import sys

from front.env import ROOT
from hw_sim.raspberry_pi.script import _arguments
from hw_sim.vcd import WIRES

PAGE = (ROOT / "docs" / "virtual-board.md").read_text("utf-8")
PART = PAGE[PAGE.index("## In Python") : PAGE.index("## What stays as it is")]


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PART, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_prints_what_the_page_says() -> None:
    done = subprocess.run(
        [sys.executable, "-c", block("python")], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.stderr, done.stdout) == ("", block("text"))


def test_it_prints_what_the_c_example_prints() -> None:
    texts = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert len(texts) == 2 and texts[0] == texts[1]


def test_the_options_of_the_runner_are_the_ones_it_has() -> None:
    options = re.findall(r"\[(--\w+)([^\]]*)\]", PART)
    assert len(options) == 8
    given = [part for name, value in options for part in ([name, "1"] if value else [name])]
    assert vars(_arguments([*given, "script.py", "more"]))["cs"] == 1


def test_every_variable_of_the_dump_is_named() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PART[PART.index("| scope |") :], re.MULTILINE))
    assert list(rows) == list(dict.fromkeys(wire.scope for wire in WIRES))
    for wire in WIRES:
        assert wire.name.endswith("_byte") or f"`{wire.name}`" in rows[wire.scope]
