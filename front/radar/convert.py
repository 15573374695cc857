"""Shape and register list, one into the other.

Rule: what a list says in its words counts; what is declared beside it is believed only where the words cannot tell the
difference. So a shape survives the way there and back unchanged.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec

from front.env import InputError
from front.radar.decode import Decoded
from front.radar.encode import encode
from front.radar.listing import Listing
from front.radar.shape import SDK_NAMES, Shape

MACRO_OF = {
    "start_hz": "START_FREQ_HZ",
    "end_hz": "END_FREQ_HZ",
    "n_samples": "NUM_SAMPLES_PER_CHIRP",
    "n_chirps": "NUM_CHIRPS_PER_FRAME",
    "sample_rate_hz": "SAMPLE_RATE",
    "chirp_period_s": "CHIRP_REPETITION_TIME_S",
    "frame_period_s": "FRAME_REPETITION_TIME_S",
}
ROUNDED_HZ = 1000  # exported macros are


def listing_of(shape: Shape, where: str) -> Listing:
    """The list that makes a shape, and what is then declared beside it. Raises InputError."""
    declared = {macro: _plain(getattr(shape, name)) for name, macro in MACRO_OF.items()}
    return Listing(tuple(encode(shape, where)), "register_list", declared | _antennas(len(shape.rx_antennas)))


def declared_by(decoded: Decoded) -> dict[str, str]:
    """Macros that are true for a list."""
    shape = _values(decoded)
    return {macro: _plain(shape[name]) for name, macro in MACRO_OF.items()} | _antennas(len(decoded.rx_antennas))


def shape_of(listing: Listing, decoded: Decoded, where: str) -> Shape:
    """What a list makes, as the SDK would say it. Raises InputError when it cannot."""
    found = _values(decoded)
    within = {
        "start_hz": Fraction(ROUNDED_HZ),
        "end_hz": ROUNDED_HZ + decoded.end_unit_hz,
        "sample_rate_hz": Fraction(1),
        "chirp_period_s": decoded.seconds(1) / 2,
        "frame_period_s": decoded.seconds(1) / 2,
    }
    for name, limit in within.items():
        try:
            said = float(listing.declared[MACRO_OF[name]])
            near = abs(Fraction(said) - _exact(decoded)[name]) <= limit
        except (KeyError, ValueError, OverflowError):
            continue
        found[name] = said if near else found[name]
    try:
        return msgspec.convert({SDK_NAMES.get(name, name): value for name, value in found.items()}, Shape)
    except msgspec.ValidationError as error:
        raise InputError(f"{where}: the radar SDK's JSON cannot say this: {str(error).replace('`', '')}") from None


def _exact(d: Decoded) -> dict[str, Fraction]:
    return {
        "start_hz": d.start_hz,
        "end_hz": d.end_hz,
        "sample_rate_hz": d.sample_rate_hz,
        "chirp_period_s": d.seconds(d.chirp_period),
        "frame_period_s": d.seconds(d.frame_period),
    }


def _values(d: Decoded) -> dict[str, Any]:
    exact = _exact(d)
    return {
        "rx_antennas": d.rx_antennas,
        "tx_power_level": d.tx_power_level,
        "if_gain_db": d.gains_db[0] if d.gains_db else 0,
        "hp_cutoff_hz": d.hp_cutoffs_hz[0] if d.hp_cutoffs_hz else 0,
        "n_chirps": d.n_chirps,
        "n_samples": d.n_samples,
        **{name: round(exact[name]) for name in ("start_hz", "end_hz", "sample_rate_hz")},
        **{name: float(exact[name]) for name in ("chirp_period_s", "frame_period_s")},
    }


def _antennas(n: int) -> dict[str, str]:
    return {"NUM_RX_ANTENNAS": str(n)}


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
