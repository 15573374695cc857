"""What msgspec says is wrong with a scenario, said as everything else is: key, and what was expected."""

from __future__ import annotations

import re

_AT = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<at>[^`]*)`)?")
_FIELD = re.compile(r"Object (?P<how>contains unknown|missing required) field `(?P<name>.*)`")


def in_words(error: str) -> str:
    """'key `person.foo`: expected one of those in docs/simulator.md' out of msgspec's message."""
    found = _AT.fullmatch(error)
    if found is None:
        return error
    what, at = found["what"], found["at"] or ""
    field = _FIELD.fullmatch(what)
    if field is None:
        return f"key `{at}`: {what[:1].lower()}{what[1:]}" if at else what
    key = f"key `{at}.{field['name']}`" if at else f"key `{field['name']}`"
    known = field["how"] == "missing required"
    return (
        f"{key}: expected, it is missing" if known else f"{key}: expected one of the keys listed in docs/simulator.md"
    )
