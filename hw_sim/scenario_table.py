"""What every table of a scenario is made of.

Rule: unknown keys are refused; the comment behind a key is its meaning in the table of docs/simulator.md.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Vector = tuple[float, float, float]
Pair = tuple[float, float]
Population = Literal["healthy", "clinic"]
Side = Literal["left", "right"]


class SceneError(ValueError):
    """A scenario that cannot be used; its text is one line for the user."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A TOML table: unknown keys are refused."""
