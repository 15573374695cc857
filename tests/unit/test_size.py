"""What `make size` counts: the deepest path through calls as the compiler tells them, and what is above a limit."""

from __future__ import annotations

import runpy
import subprocess
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
