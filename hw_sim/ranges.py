"""Numbers drawn per seed: wherever a scenario's key wants a number, a file may give [low, high].

Rule: what a key draws depends on the seed and its own name alone: another key, or another range, leaves it as it is.

Pairs that are pairs already (limits of many draws within one night) and whole numbers take no range.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import inspect

from hw_sim.scenario_table import SceneError

_VECTOR: Final = 3


@dataclass(frozen=True)
class Range:
    """One number that a file leaves open. key: dotted, with [0].. for parts of a vector."""

    key: str
    low: float
    high: float


Choice = Callable[[Range], float]


def low_end(one: Range) -> float:
    """The lower end."""
    return one.low


def high_end(one: Range) -> float:
    """The upper end."""
    return one.high


def drawn(table: dict[str, Any], struct: type[msgspec.Struct], source: str, seed: int | None) -> dict[str, Any]:
    """The table with every range drawn (seed None: its middle). Raises SceneError for a range that is none."""

    def choose(one: Range) -> float:
        if seed is None:
            return 0.5 * (one.low + one.high)
        entropy = np.random.SeedSequence([seed, zlib.crc32(one.key.encode())])
        return float(np.random.Generator(np.random.PCG64(entropy)).uniform(one.low, one.high))

    return at(table, struct, source, choose)


def at(table: dict[str, Any], struct: type[msgspec.Struct], source: str, choose: Choice) -> dict[str, Any]:
    """The table with every range replaced by a choice. Raises SceneError."""
    return dict(_replaced(table, inspect.type_info(struct), "", source, choose))


def found(table: dict[str, Any], struct: type[msgspec.Struct], source: str) -> list[Range]:
    """All ranges of a table. Raises SceneError."""
    seen: list[Range] = []

    def note(one: Range) -> float:
        seen.append(one)
        return one.low

    at(table, struct, source, note)
    return seen


def _replaced(value: Any, wanted: inspect.Type, key: str, source: str, choose: Choice) -> Any:
    """A value of the file, as the type it is for would have it; what does not fit is left for the decoder to refuse."""
    for kind in _alternatives(wanted):
        if isinstance(kind, inspect.FloatType) and isinstance(value, list):
            return choose(_range(value, key, source))
        if isinstance(kind, inspect.StructType) and isinstance(value, dict):
            types = {field.encode_name: field.type for field in kind.fields}
            return {
                name: _replaced(part, types[name], f"{key}.{name}".lstrip("."), source, choose)
                if name in types
                else part
                for name, part in value.items()
            }
        if isinstance(kind, inspect.DictType) and isinstance(value, dict):
            return {
                name: _replaced(part, kind.value_type, f"{key}.{name}", source, choose) for name, part in value.items()
            }
        if isinstance(kind, inspect.TupleType) and isinstance(value, list) and len(value) == _VECTOR:
            pairs = zip(value, kind.item_types, strict=False)
            return [_replaced(part, type_, f"{key}[{i}]", source, choose) for i, (part, type_) in enumerate(pairs)]
        if isinstance(kind, inspect.ListType) and isinstance(value, list):
            return [_replaced(part, kind.item_type, f"{key}[{i}]", source, choose) for i, part in enumerate(value)]
    return value


def _alternatives(wanted: inspect.Type) -> Iterator[inspect.Type]:
    yield from wanted.types if isinstance(wanted, inspect.UnionType) else (wanted,)


def _range(value: list[Any], key: str, source: str) -> Range:
    right = len(value) == 2 and all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)
    if not right or not -np.inf < value[0] <= value[1] < np.inf:
        raise SceneError(f"{source}: key `{key}`: expected a number or [low, high] with low <= high, got {value}")
    return Range(key, float(value[0]), float(value[1]))
