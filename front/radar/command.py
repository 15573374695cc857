"""`stillwave config`: reads a radar configuration in any of its forms, says what it does, converts it.

Rule: the form of a file is known by its content for reading, by its ending for writing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from front.env import InputError
from front.radar.convert import declared_by, listing_of, shape_of
from front.radar.decode import decode
from front.radar.figures import figures
from front.radar.listing import Listing, as_header, load_list
from front.radar.rules import Subject, warnings
from front.radar.shape import SECTION, as_sdk, load_json, own_shape

DEFAULT = "default"
SPI_RANGE_HZ = (1e4, 1e8)


@dataclass(frozen=True)
class Result:
    """kind: of the file. found: the figures, warnings included. written: what the conversion holds, None without one."""

    kind: str
    found: dict[str, Any]
    written: str | None


def config(source: str, array: str | None, to: Path | None, spi_hz: float) -> Result:
    """Raises InputError. source: a file, or "default". to: where the conversion goes; it is not written here."""
    if not SPI_RANGE_HZ[0] <= spi_hz <= SPI_RANGE_HZ[1]:
        raise InputError(f"--spi-hz {spi_hz:g}: expected {SPI_RANGE_HZ[0]:.0f} to {SPI_RANGE_HZ[1]:.0f}")
    if to is not None and to.suffix not in (".h", ".json"):
        raise InputError(f"--to {to}: expected a name ending in .h or .json")
    kind, listing = _load(source, array)
    registers = listing.registers()
    subject = Subject(listing, decode(registers), spi_hz, registers)
    found = {"source": source, "kind": kind, "registers": len(listing.words)}
    found |= figures(subject.decoded, spi_hz) | {"warnings": warnings(subject)}
    return Result(kind, found, None if to is None else _written(to.suffix, kind, subject, source))


def _load(source: str, array: str | None) -> tuple[str, Listing]:
    path = Path(source)
    if source == DEFAULT and not path.exists():
        return "the firmware's own", listing_of(own_shape({}, source), source)
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from None
    if text.lstrip()[:1] == "{":
        kind = "radar SDK's JSON" if f'"{SECTION[0]}"' in text else "fields of the firmware's own"
        return kind, listing_of(load_json(path), source)
    return "register list", load_list(path, array)


def _written(suffix: str, kind: str, subject: Subject, source: str) -> str:
    listing = subject.listing
    if suffix == ".json":
        return as_sdk(shape_of(listing, subject.decoded, source))
    return as_header(listing.words, declared_by(subject.decoded) if kind == "register list" else listing.declared)
