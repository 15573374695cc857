"""A packet in words for a failure text; names and places that belong to one test alone.

Rule: no unit, word or scale is written here; they come with the layout of the packet.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import tempfile
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

NAME_CHARS = 120


def describe(layout: Any, fields: Mapping[str, Any], words: Mapping[str, type[IntEnum]]) -> str:
    """The fields that say something, in their units and words; zeros, unknown values and validities are left out.

    layout: fields (name, type, unit, lsb) and values (field, validity). words: enum by the unit that names it.
    """
    unknown = {value.field for value in layout.values if not fields[value.validity]}
    shown = []
    for field in layout.fields:
        value = fields[field.name]
        if field.name in unknown or isinstance(value, tuple) or not value or "validity" in field.name:
            continue
        word = words.get(field.unit.split(",")[0].split(":")[0])
        if word is not None and value in set(word):
            value = word(value).name
        elif field.type == "u64" and "us" not in field.unit:
            value = f"{value:x}"
        elif field.lsb != 1:
            value = f"{float(value * field.lsb):.4g}"
        shown.append(f"{field.name}={value}")
    return " ".join(shown)


def folder_name(nodeid: str) -> str:
    """A test's id as the name of a folder: unique, at most 120 characters."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", nodeid.replace(".py::", "-")).strip("-")
    tail = hashlib.sha256(nodeid.encode()).hexdigest()[:8]
    return f"{name[: NAME_CHARS - 9]}-{tail}"


def repeat_command(nodeid: str, file: Path, called_from: Path, options: Mapping[str, Any]) -> str:
    """The command that runs one test the same way, from where pytest was called. options without a value are left out."""
    words = ["pytest", f"{os.path.relpath(file, called_from)}::{nodeid.partition('::')[2]}"]
    for option, value in options.items():
        if value not in (None, ""):
            words += [option, str(value)]
    return shlex.join(words)


def lock_file(place: str) -> Path:
    """The file that processes of this user lock before they use a port."""
    name = hashlib.sha256(place.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"stillwave-{os.getuid()}-{name}"
