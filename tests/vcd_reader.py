"""A small reader of value change dumps, written from the standard's grammar and from nothing of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

TYPES = {"event", "integer", "parameter", "real", "reg", "supply0", "supply1", "time", "tri", "wire", "wand", "wor"}
SCOPES = {"begin", "fork", "function", "module", "task"}
UNITS = {"s", "ms", "us", "ns", "ps", "fs"}
IDENTIFIER = re.compile(r"[!-~]+")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
BITS = re.compile(r"[01xXzZ]+")


@dataclass
class Dump:
    """sizes: full name -> bits. changes: (time, full name, value) in order; values as text, events as "1"."""

    timescale: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[int, str, str]] = field(default_factory=list)
    end: int = 0

    def of(self, name: str) -> list[tuple[int, str]]:
        """Changes of one variable."""
        return [(t, value) for t, full, value in self.changes if full == name]

    def struck(self, name: str, *by: str) -> list[tuple[int, ...]]:
        """(time, value of each of `by`) at every strike of the event `name`."""
        now: dict[str, str] = dict(self.first)
        found = []
        for t, full, value in self.changes:
            now[full] = value
            if full == name:
                found.append((t, *(int(now[other], 2) for other in by)))
        return found


def read(path: Path) -> Dump:
    """Raises AssertionError where the file breaks the grammar."""
    tokens = path.read_text(encoding="ascii").split()
    dump, codes = Dump(), {}
    at, scope = 0, []
    while True:  # declarations
        word = tokens[at]
        end = tokens.index("$end", at)
        body, at = tokens[at + 1 : end], end + 1
        if word == "$scope":
            assert body[0] in SCOPES and NAME.fullmatch(body[1]), body
            scope.append(body[1])
        elif word == "$upscope":
            scope.pop()
        elif word == "$var":
            kind, size, code, name, *bits = body
            assert kind in TYPES and IDENTIFIER.fullmatch(code) and NAME.fullmatch(name), body
            assert code not in codes, f"{code} twice"
            assert not bits or bits == [f"[{int(size) - 1}:0]"], body
            codes[code] = full = ".".join([*scope, name])
            dump.sizes[full] = int(size)
        elif word == "$timescale":
            dump.timescale = " ".join(body)
            assert body[0] in ("1", "10", "100") and body[1] in UNITS, body
        elif word == "$enddefinitions":
            break
        else:
            assert word in ("$comment", "$date", "$version"), word
    assert not scope
    _values(dump, codes, tokens, at)
    return dump


def _values(dump: Dump, codes: dict[str, str], tokens: list[str], at: int) -> None:
    now, in_first = -1, False
    while at < len(tokens):
        word = tokens[at]
        at += 1
        if word[0] == "#":
            assert int(word[1:]) > now, f"time falls at {word}"
            now = int(word[1:])
            continue
        if word in ("$dumpvars", "$end"):
            assert in_first == (word == "$end")
            in_first = word == "$dumpvars"
            continue
        assert now >= 0, "a value before any time"
        if word[0] in "bB":
            value, code = word[1:], tokens[at]
            at += 1
        else:
            value, code = word[0], word[1:]
        assert BITS.fullmatch(value), word
        full = codes[code]
        assert len(value) <= dump.sizes[full], word
        if in_first:
            dump.first[full] = value
        else:
            dump.changes.append((now, full, value))
    dump.end = now
