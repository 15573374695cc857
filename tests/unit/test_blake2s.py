"""BLAKE2s in C: the RFC's vectors first, then any key, message and length against hashlib."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import link_c


def digest(message: bytes, size: int = 32, key: bytes = b"") -> bytes:
    out = link_c.ffi.new("uint8_t[]", size)
    link_c.lib.sw_blake2s(out, size, key, len(key), message, len(message))
    return bytes(out)


def sequence(size: int, seed: int) -> bytes:
    """The self test's bytes, RFC 7693 appendix E: a Fibonacci generator."""
    a, b = 0xDEAD4BAD * seed & 0xFFFFFFFF, 1
    out = bytearray()
    for _ in range(size):
        a, b = b, (a + b) & 0xFFFFFFFF
        out.append(b >> 24)
    return bytes(out)


def test_abc_of_appendix_b() -> None:
    assert digest(b"abc").hex() == "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"


def test_the_self_test_of_appendix_e() -> None:
    digests = b""
    for size in (16, 20, 28, 32):
        for length in (0, 3, 64, 65, 255, 1024):
            message = sequence(length, length)
            digests += digest(message, size) + digest(message, size, sequence(size, size))

    assert digest(digests).hex() == "6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe"


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300), st.integers(1, 32), st.binary(max_size=32))
def test_any_message_as_hashlib_does_it(message: bytes, size: int, key: bytes) -> None:
    assert digest(message, size, key) == hashlib.blake2s(message, digest_size=size, key=key).digest()


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 127, 128, 129, 192])
@pytest.mark.parametrize("key", [b"", b"k" * 32])
def test_lengths_around_a_block(length: int, key: bytes) -> None:
    message = bytes(range(length))

    assert digest(message, 8, key) == hashlib.blake2s(message, digest_size=8, key=key).digest()


@pytest.mark.parametrize("place", range(8))
def test_one_bit_makes_bytes_differ(place: int) -> None:
    tag = bytes(range(8))
    other = bytearray(tag)
    other[place] ^= 1 << place

    assert link_c.lib.sw_same_bytes(tag, bytes(tag), 8) == 1
    assert link_c.lib.sw_same_bytes(tag, bytes(other), 8) == 0
