"""What `make size` counts: the deepest path through calls as the compiler tells them, and what is above a limit."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from front.env import ROOT

STACK: Any = type("stack", (), runpy.run_path(str(ROOT / "native" / "stack.py")))
SIZE: Any = type("size", (), runpy.run_path(str(ROOT / "native" / "size.py")))
KEEP = "__attribute__((noinline)) "
LEAF = KEEP + "void leaf(volatile int *x) { *x = 1; }\n"
DEEP = KEEP + "void deep(void) { volatile int big[1000]; leaf(&big[1]); leaf(&big[9]); }\n"


def graph(tmp_path: Path, source: str) -> Any:
    """The calls of one C file."""
    path = tmp_path / "one.c"
    path.write_text(source)
    command = ["gcc", "-std=c11", "-O1", "-fno-optimize-sibling-calls", "-fcallgraph-info=su", "-c", path.name]
    subprocess.run(command, cwd=tmp_path, check=True)
    calls = STACK.Calls()
    calls.read("one.c", (tmp_path / "one.ci").read_text())
    return calls


def worst(calls: Any, root: str = "root", meant: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    found: tuple[int, list[str]] = STACK.deepest(calls, [root], lambda file: meant)
    return found


def test_the_deepest_path_counts_not_the_longest(tmp_path: Path) -> None:
    flat = KEEP + "void flat(int *x) { leaf(x); leaf(x); }\n" + KEEP + "void longer(int *x) { flat(x); flat(x); }\n"
    calls = graph(tmp_path, LEAF + DEEP + flat + "void root(int *x) { longer(x); deep(); longer(x); }\n")
    used, path = worst(calls)
    assert path == ["root", "deep", "leaf"] and 4000 < used < 4200
    assert used == sum(calls.frames[one] for one in path)


def test_recursion_is_refused(tmp_path: Path) -> None:
    calls = graph(tmp_path, "int other(int n);\nint root(int n) { return n ? other(n - 1) + 1 : 0; }\n"
                  "int other(int n) { return n ? root(n - 1) + 2 : 0; }\n")  # fmt: skip
    with pytest.raises(STACK.StackError, match="recursion: root > other > root|recursion: root > root"):
        worst(calls)


def test_a_frame_without_a_bound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(STACK.StackError, match="root: its stack frame has no bound"):
        graph(tmp_path, "void use(char *);\nvoid root(int n) { char x[n]; use(x); }\n")


def test_an_unknown_function_is_refused(tmp_path: Path) -> None:
    calls = graph(tmp_path, "void elsewhere(int *);\nvoid root(int *x) { elsewhere(x); *x = 1; }\n")
    with pytest.raises(STACK.StackError, match="elsewhere: called by root"):
        worst(calls)


def test_a_call_through_a_pointer_counts_what_it_may_mean(tmp_path: Path) -> None:
    calls = graph(tmp_path, LEAF + DEEP + "void root(void (*one)(void), int *x) { one(); *x = 1; }\n")
    assert worst(calls)[1] == ["root"]
    assert worst(calls, meant=("deep",))[1] == ["root", "deep", "leaf"]


def test_above_a_limit_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert SIZE.within([("flash", 10, 10), ("RAM", 9, 10)])
    assert not SIZE.within([("flash", 10, 10), ("RAM", 11, 10)])
    assert capsys.readouterr().err == "size: RAM 11 above 10\n"


PLANTED = {
    "native/src/outbox.c": ('#include "sw_outbox.h"', '#include "sw_outbox.h"\nuint32_t sw_planted;'),
    "native/include/sw_chain_state.h": ("uint32_t frame;", "uint32_t frame; uint8_t planted[65536];"),
    "native/src/line.c": ("uint8_t bytes[UART_CHUNK];", "uint8_t bytes[UART_CHUNK * 40u];"),
}
"""Data in the core, a state and a stack above their limits."""


def size_of(tree: Path, tools: Path | None) -> tuple[int, str]:
    """Exit code of `make size` in a copy of the sources, and its stderr. tools: a PATH without a compiler for ARM."""
    for folder in ("native", "wire"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("build", "__pycache__"))
    for name, (old, new) in PLANTED.items():
        text = (tree / name).read_text()
        assert text.count(old) == 1, name
        (tree / name).write_text(text.replace(old, new))
    environment = dict(os.environ)
    if tools is not None:
        tools.mkdir()
        for tool in ("gcc", "as", "ld", "size"):
            (tools / tool).symlink_to(str(shutil.which(tool)))
        environment["PATH"] = str(tools)
    command = [sys.executable, str(tree / "native" / "size.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("arm", [False, True])
def test_data_state_and_stack_above_their_limits_are_refused(
    tmp_path: Path, arm: bool, request: pytest.FixtureRequest
) -> None:
    if arm:
        request.getfixturevalue("arm_tools")
    code, said = size_of(tmp_path / "tree", None if arm else tmp_path / "tools")
    assert code == 1 and "Traceback" not in said
    assert re.search(r"^size: state \d+ above 163840$", said, re.MULTILINE), said
    assert re.search(r"^size: worst stack \d+ above 8192$", said, re.MULTILINE), said
    assert "size: data or bss in the core: outbox.c\n" in said
    assert ("take more RAM than their limit" in said) is arm
