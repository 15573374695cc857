"""The deepest path of calls, from what the compiler says of each function's frame and calls (-fcallgraph-info=su).

Rule: no recursion and no frame without a bound; a call through a pointer is followed to every function it may mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
FRAME = re.compile(r"\\n(\d+) bytes \((static|dynamic,bounded|dynamic)\)")
POINTER = "__indirect_call"
LIBRARY = re.compile(r"mem(cpy|move|set|cmp)|strlen|__aeabi_\w+|__\w+[sd]i\d?")
LIBRARY_BYTES = 64
"""More than what newlib's memory functions and the compiler's 64-bit arithmetic take."""


class StackError(RuntimeError):
    """The stack has no bound that can be read off the calls; one line."""


@dataclass
class Calls:
    """frames: bytes of each function; calls: whom it calls; files: where it stands. Static ones are `file:name`."""

    frames: dict[str, int] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def read(self, file: str, text: str) -> None:
        """Adds one source's graph. Raises StackError for a frame without a bound."""
        for line in text.splitlines():
            if node := NODE.match(line):
                if frame := FRAME.search(node[2]):
                    if frame[2] == "dynamic":
                        raise StackError(f"{node[1]}: its stack frame has no bound")
                    self.frames[node[1]] = int(frame[1])
                    self.files[node[1]] = file
            elif edge := EDGE.match(line):
                self.calls.setdefault(edge[1], set()).add(edge[2])


def bare_name(function: str) -> str:
    """Without file and without what the compiler appends to a copy of it."""
    return function.rsplit(":", 1)[-1].split(".", 1)[0]


def deepest(graph: Calls, roots: Iterable[str], meant: Callable[[str], Iterable[str]]) -> tuple[int, list[str]]:
    """Bytes and functions of the deepest path from the roots. meant: functions that a pointer called in a file may mean.

    Raises StackError for recursion and for a function nothing is known of.
    """
    done: dict[str, tuple[int, list[str]]] = {}
    by_name: dict[str, list[str]] = {}
    for function in graph.frames:
        by_name.setdefault(bare_name(function), []).append(function)

    def targets(function: str) -> list[str]:
        called = graph.calls.get(function, set())
        names = [name for name in called if name != POINTER]
        if POINTER in called:
            names += [one for name in meant(graph.files[function]) for one in by_name[name]]
        return sorted(names)

    def below(function: str, above: tuple[str, ...]) -> tuple[int, list[str]]:
        if function in above:
            raise StackError(f"recursion: {' > '.join(map(bare_name, (*above[above.index(function) :], function)))}")
        if function in done:
            return done[function]
        if function not in graph.frames:
            if not LIBRARY.fullmatch(function):
                raise StackError(f"{function}: called by {bare_name(above[-1])}, and nothing is known of its stack")
            return LIBRARY_BYTES, [function]
        found = max((below(one, (*above, function)) for one in targets(function)), default=(0, []))
        done[function] = graph.frames[function] + found[0], [function, *found[1]]
        return done[function]

    return max(below(root, ()) for name in roots for root in by_name[name])


def path_text(path: Iterable[str], frames: Mapping[str, int]) -> str:
    """`function 12 > function 34`, bytes of each."""
    return " > ".join(f"{bare_name(one)} {frames.get(one, LIBRARY_BYTES)}" for one in path)
