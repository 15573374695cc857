"""The chain's parameters, read from the one table in `native/include/sw_parameters.h`.

Each becomes a float of this module, so that jitted blocks see constants:
`from edge.blocks.parameters import ZONE_NEAR_M`.
"""

import hashlib
import re
import struct
import zlib
from pathlib import Path

_HEADER = Path(__file__).parents[2] / "native" / "include" / "sw_parameters.h"
_ROW = re.compile(r"PARAMETER\((\w+), ([-\d.]+), \"([^\"]*)\", \"([^\"]*)\"\)")


def table() -> dict[str, tuple[float, str, str]]:
    """Return name -> (value, unit, meaning) of every parameter."""
    rows = _ROW.findall(_HEADER.read_text(encoding="utf-8"))
    return {name: (float(value), unit, meaning) for name, value, unit, meaning in rows}


def digest() -> str:
    """Return the sha256 of names and values: `parameters_digest` of a report."""
    text = "".join(f"{name}={value!r}\n" for name, (value, _, _) in sorted(table().items()))
    return hashlib.sha256(text.encode()).hexdigest()


def hash32() -> int:
    """Return crc32 over name, zero byte and float32 value of every row: what sw_parameters_hash() says."""
    rows = (name.encode() + b"\0" + struct.pack("<f", value) for name, (value, _, _) in table().items())
    return zlib.crc32(b"".join(rows))


globals().update({name: value for name, (value, _, _) in table().items()})


def __getattr__(name: str) -> float:
    """Tell type checkers that parameters are floats; a wrong name still fails."""
    raise AttributeError(f"no parameter {name} in {_HEADER.name}")
