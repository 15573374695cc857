"""Configuration of the command line: --config FILE > environment > ~/.config/stillwave/config.toml > defaults.

Rule: strict. An unknown section, an unknown key or a value of the wrong kind is one line naming where it stands.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from front.env import InputError

PREFIX = "STILLWAVE__"


class Night(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults of `stillwave night`."""

    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 1
    hours: Annotated[float, msgspec.Meta(gt=0, le=24)] = 8.0
    core: Literal["c", "numba"] = "c"
    target: Literal["host", "posix", "aarch64", "arm", "arm_m7", "arm_m33"] = "host"
    timezone: str | None = None  # None: the user's


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who sleeps, and where. side: of the bed, seen by who lies in it; the device stands on that side."""

    side: Literal["left", "right"] = "left"
    timezone: str | None = None  # None: UTC in a simulated night, else the computer's


class Alarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """time: local, HH:MM, None: no alarm. sunrise_min: length of the wake-up light before it, 0: none."""

    time: str | None = None
    sunrise_min: Annotated[float, msgspec.Meta(ge=0, le=120)] = 30.0


class Store(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a live store keeps nights, and waveforms and raw packets; None: for ever."""

    keep_nights: Annotated[int, msgspec.Meta(ge=1)] | None = None
    keep_detail_days: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where runs go when --out is not given."""

    folder: str = "stillwave-out"


class Edge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The device on a Raspberry Pi. spi: BUS.CHIPSELECT; i2c_bus: -1: none; the others: `stillwave edge --help`."""

    line: str = "unix:/run/stillwave/line.sock"
    state_dir: str = "~/.local/state/stillwave"
    spi: str = "0.0"
    spi_hz: int = 20_000_000
    gpio_chip: str = "/dev/gpiochip0"
    pins: str = ""
    i2c_bus: int = 1
    light: str = "none"
    sound: str = ""
    raw_adc: str = ""  # raw radar samples into this file: 0.7 GB an hour, private; "": none


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration."""

    night: Night = Night()
    user: User = User()
    alarm: Alarm = Alarm()
    store: Store = Store()
    output: Output = Output()
    edge: Edge = Edge()


def load(file: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Merge the three sources over the defaults; raises InputError naming the file or variable and the key."""
    home = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "stillwave" / "config.toml"
    merged: dict[str, dict[str, Any]] = {}
    if home.is_file():
        _merge(merged, _read(home))
    _merge(merged, _from_environment(environ))
    if file is not None:
        _merge(merged, _read(file))
    return msgspec.convert(merged, Config)


def _merge(into: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> None:
    for section, values in other.items():
        into.setdefault(section, {}).update(values)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path}: no valid TOML: {error}") from None
    _check(raw, str(path), strict=True)
    return raw


def _from_environment(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """STILLWAVE__SECTION__KEY=value; numbers are read from the text."""
    found: dict[str, dict[str, Any]] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        section, _, key = name.removeprefix(PREFIX).lower().partition("__")
        if not key:
            raise InputError(f"{name}: expected {PREFIX}SECTION__KEY")
        checked = _check({section: {key: environ[name]}}, name, strict=False)
        _merge(found, {section: {key: getattr(getattr(checked, section), key)}})
    return found


def _check(raw: object, where: str, *, strict: bool) -> Config:
    try:
        return msgspec.convert(raw, Config, strict=strict)
    except msgspec.ValidationError as error:
        raise InputError(f"{where}: {_plain(str(error))}") from None


def _plain(message: str) -> str:
    """`Expected `int` - at `$.night.seed`` -> `night.seed: expected int`."""
    what, _, place = message.partition(" - at ")
    what = what.replace("Object contains unknown field", "unknown key").replace("`", "")
    place = place.strip("`").removeprefix("$").removeprefix(".")
    if what.startswith("Invalid enum value"):
        what += f", expected {' or '.join(_choices(place))}"
    return f"{place}: {what[0].lower()}{what[1:]}" if place else what


def _choices(place: str) -> tuple[str, ...]:
    """The words a key takes; place: section.key."""
    section, _, key = place.partition(".")
    return get_args(get_type_hints(type(getattr(Config(), section)))[key])
