"""The numbers of the cloud's logic that a what-if may change, by section and key.

Rule: only what acts on packets that were sent is in here. What the device decides by (its radar, its chain, what may
leave it) cannot be asked of a recording of the line: the packets it would have sent are not in it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cloud import alarm, occupancy, primary_user, session, staging
from cloud.staging.model import Model, arrays, read


@dataclass(frozen=True)
class Tuning:
    """One config of each block; the defaults are what a live process runs with."""

    occupancy: occupancy.Config = field(default_factory=occupancy.Config)
    primary_user: primary_user.Config = field(default_factory=primary_user.Config)
    session: session.Config = field(default_factory=session.Config)
    staging: staging.Config = field(default_factory=staging.Config)
    alarm: alarm.Config = field(default_factory=alarm.Config)

    @property
    def model(self) -> Model | None:
        """The stage model that is named; None: the shipped one. Raises ModelError."""
        return _model(self.staging.model) if self.staging.model else None


DEFAULT = Tuning()
#: Where a key stands that is better known by another name.
ALIASES = {"confidence.threshold": "occupancy.person_from", "wake_window.minutes": "alarm.window_min"}
#: key -> lowest and highest value; of all others any from 0 on.
LIMITS = {
    "occupancy.person_from": (occupancy.PERSON_FROM, 1.0),
    "alarm.window_min": (0.0, 120.0),
    "alarm.late_min": (0.0, 120.0),
    "staging.enough_s": (1.0, 30.0),
    "staging.forget_epochs": (1.0, math.inf),
}
STRICTER = "what the device held back is not in the recording; `stillwave process` plays raw ADC data"


class TuningError(ValueError):
    """A what-if that cannot be done; one line."""


@cache
def _model(path: str) -> Model:
    return arrays(read(Path(path)))


def keys() -> dict[str, Any]:
    """Every key with its default."""
    return {
        f"{section.name}.{one.name}": getattr(getattr(DEFAULT, section.name), one.name)
        for section in dataclasses.fields(Tuning)
        for one in dataclasses.fields(getattr(DEFAULT, section.name))
    }


def changed(tuning: Tuning, said: str) -> Tuning:
    """With KEY=VALUE. Raises TuningError, ModelError."""
    name, equals, text = said.partition("=")
    key = ALIASES.get(name, name)
    if not equals:
        raise TuningError(f"--what-if {said}: expected KEY=VALUE")
    known = keys()
    if key not in known:
        raise TuningError(f"--what-if {name}: {_unknown(name)}")
    section, _, field_name = key.partition(".")
    value = _value(name, key, known[key], text)
    new = dataclasses.replace(tuning, **{section: dataclasses.replace(getattr(tuning, section), **{field_name: value})})
    _ = new.model  # a file that is none is said now
    return new


def _unknown(name: str) -> str:
    section = name.partition(".")[0]
    mine = [key for key in (*keys(), *ALIASES) if key.startswith(f"{section}.")]
    if mine:
        return f"expected one of {', '.join(mine)}"
    return (
        "a setting of the device, or none at all: a recording of the line cannot tell what the device would have done; "
        "`stillwave process` plays raw ADC data. Expected one of the sections "
        f"{', '.join(one.name for one in dataclasses.fields(Tuning))}; --what-if help lists the keys"
    )


def _value(name: str, key: str, default: Any, text: str) -> Any:
    if isinstance(default, str):
        return text
    low, high = LIMITS.get(key, (0.0, math.inf))
    try:
        value = int(text) if isinstance(default, int) else float(text)
    except ValueError:
        raise TuningError(f"--what-if {name}={text}: expected a number such as {default:g}") from None
    if not (math.isfinite(value) and low <= value <= high):
        why = f"; {STRICTER}" if key == "occupancy.person_from" and value < low else ""
        raise TuningError(f"--what-if {name}={text}: expected {low:g} to {high:g}{why}")
    return value
