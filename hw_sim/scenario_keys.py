"""Every key of a scenario as a table for docs/simulator.md: name, unit, default, range, meaning.

Rule: made from the structs and the checks; the comment behind a key is its meaning, its ending is its unit.

`python -m hw_sim.scenario_keys docs/simulator.md` writes the tables between the two marks of the page.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from msgspec import inspect

from hw_sim.scenario import Scenario
from hw_sim.scenario_checks import checks
from hw_sim.scenario_table import Table

BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"
UNITS: Final = {
    "_per_min": "1/min",
    "_per_hour": "1/h",
    "_per_s": "1/s",
    "_deg": "°",
    "_mm": "mm",
    "_m2": "m²",
    "_db": "dB",
    "_dbi": "dB",
    "_dbm": "dBm",
    "_hz": "Hz",
    "_khz": "kHz",
    "_mhz": "MHz",
    "_ghz": "GHz",
    "_min": "min",
    "_kg": "kg",
    "_years": "years",
    "_ppm": "ppm",
    "_us": "µs",
    "_ms": "ms",
    "_s": "s",
    "_c": "°C",
    "_pct": "%",
    "_lux": "lx",
    "_hours": "h",
    "_m": "m",
}
_LINE: Final = re.compile(r"^    (\w+): .*?#\s*(.+?)\s*$")
_NAME: Final = "<name>"


def tables() -> dict[type[Table], list[str]]:
    """Every table and where in a file it may stand; '' is the top of the file."""
    found: dict[type[Table], list[str]] = {}
    _walk(inspect.type_info(Scenario), "", found)
    return found


def _walk(kind: inspect.Type, at: str, found: dict[type[Table], list[str]]) -> None:
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            _walk(one, at, found)
    elif isinstance(kind, inspect.DictType):
        _walk(kind.value_type, f"{at}.{_NAME}", found)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        _walk(kind.item_type, at, found)
    elif isinstance(kind, inspect.StructType):
        found.setdefault(cast(type[Table], kind.cls), []).append(at.lstrip("."))
        for field in kind.fields:
            _walk(field.type, f"{at}.{field.name}", found)


def meanings(table: type[Table]) -> dict[str, str]:
    """The comment behind each key, its own or of the table it comes from."""
    import inspect as source  # the standard library's, by another name

    found: dict[str, str] = {}
    for cls in reversed(table.__mro__):
        if issubclass(cls, Table) and cls is not Table:
            for line in source.getsource(cls).splitlines():
                if match := _LINE.match(line):
                    found[match[1]] = match[2]
    return found


def unit(name: str) -> str:
    """From the end of a key's name."""
    return next((text for end, text in UNITS.items() if name.endswith(end)), "")


def rows(table: type[Table], at: str) -> list[tuple[str, str, str, str, str]]:
    """(key, unit, default, range, meaning) of every key that is no table of its own."""
    expected = {key: text for key, _, text in checks(_with_everything())}
    found = []
    for field in msgspec.structs.fields(table):
        nested = inspect.type_info(field.type)
        inner: dict[type[Table], list[str]] = {}
        _walk(nested, "", inner)
        if inner:
            continue
        key = f"{at}.{field.name}".lstrip(".")
        default = "required" if field.required else _written(_default(field))
        meaning = meanings(table).get(field.name, "")
        right = "; ".join(text for text in (_choices(nested), expected.get(key, "")) if text)
        found.append((field.name, unit(field.name), default, right, meaning))
    return found


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def _written(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_written, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _choices(kind: inspect.Type) -> str:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    for one in kinds:
        if isinstance(one, inspect.LiteralType):
            return ", ".join(map(str, one.values))
        if isinstance(one, inspect.BoolType):
            return "true, false"
    return ""


def _with_everything() -> Scenario:
    """A scenario in which every table stands, so that every check says what it expects."""
    return msgspec.convert(_filled(inspect.type_info(Scenario)), Scenario)


def _filled(kind: inspect.Type) -> Any:
    """Some value of that type; of a struct with all its tables."""
    if isinstance(kind, inspect.UnionType):
        return _filled(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
    if isinstance(kind, inspect.StructType):
        return {field.name: _filled(field.type) for field in kind.fields if field.required or _has_table(field.type)}
    if isinstance(kind, inspect.DictType):
        return {_NAME: _filled(kind.value_type)} if _has_table(kind.value_type) else {}
    if isinstance(kind, inspect.TupleType):
        return [_filled(one) for one in kind.item_types]
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return [_filled(kind.item_type)]
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    return "x" if isinstance(kind, inspect.StrType) else 1


def _has_table(kind: inspect.Type) -> bool:
    found: dict[type[Table], list[str]] = {}
    _walk(kind, "", found)
    return bool(found)


def markdown() -> str:
    """All tables as Markdown."""
    parts = []
    for table, places in tables().items():
        heads = ", ".join(f"`[{at}]`" for at in places) if places != [""] else "At the top of the file"
        text = (table.__doc__ or "").strip().splitlines()[0]
        parts += [f"**{heads}.** {text}", "", "| key | unit | default | expected | meaning |", "|---|---|---|---|---|"]
        parts += [f"| `{name}` | {' | '.join(rest)} |" for name, *rest in rows(table, places[0])]
        parts.append("")
    return "\n".join(parts)


def renewed(page: str) -> str:
    """A page with the tables between its marks made again."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{markdown()}\n{END}{after}"


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
