"""Packets of the Seeed radars, made by hand from the public descriptions: the other direction of wire/seeed.py, which does
not use it. Not recorded from a module."""

from __future__ import annotations

import struct


def bha1(control: int, command: int, data: bytes) -> bytes:
    """One MR60BHA1 packet."""
    body = b"\x53\x59" + bytes([control, command]) + struct.pack(">H", len(data)) + data
    return body + bytes([sum(body) % 256]) + b"\x54\x43"


def bha2(type_: int, data: bytes, number: int = 0x8000) -> bytes:
    """One MR60BHA2 packet."""
    head = struct.pack(">BHHH", 1, number, len(data), type_)
    return head + bytes([_not_xor(head)]) + data + bytes([_not_xor(data)])


def _not_xor(piece: bytes) -> int:
    out = 0xFF
    for byte in piece:
        out ^= byte
    return out


def second1(present: int, rate: int, distance_cm: int, moving: int = 1) -> bytes:
    """About what an MR60BHA1 says in a second."""
    return (
        bha1(0x80, 1, bytes([present]))
        + bha1(0x80, 2, bytes([moving if present else 0]))
        + bha1(0x80, 4, struct.pack(">H", distance_cm))
        + bha1(0x81, 2, bytes([rate]))
    )


def second2(present: int, rate: float, distance_cm: float, phase: float) -> bytes:
    """About what an MR60BHA2 says in an eighth of a second."""
    return (
        bha2(0x0F09, bytes([present]))
        + bha2(0x0A13, struct.pack("<fff", phase, phase, 0.0))
        + bha2(0x0A14, struct.pack("<f", rate))
        + bha2(0x0A16, struct.pack("<If", int(distance_cm > 0), distance_cm))
    )
