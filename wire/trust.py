"""Keys and tags of the link: who may speak, and how a packet shows it.

Rule: a key is in no text that could be shown: not in a repr, a log, a recording or an error. Pure: no file, no clock,
no random source; keys on disk are front/keys.py.
Source: keyed BLAKE2s, RFC 7693; the same in native/src/blake2s.c.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from wire import codec, table
from wire.packet import Packet

KEY_BYTES = 32
#: The key of every emulated board. It is published here, so whoever bears it proves nothing.
TEST_KEY = hashlib.blake2s(b"Stillwave: the published key of the emulated board").digest()
#: How what emulated boards call themselves begins: its upper half. The lower one is each board's own.
TEST_DEVICES = 0x5EED_B0A7
_PURPOSE = b"SW1"


@dataclass(frozen=True, slots=True)
class Key:
    """32 bytes that do not show. Raises ValueError for another length."""

    _bytes: bytes

    def __post_init__(self) -> None:
        """Its length."""
        if len(self._bytes) != KEY_BYTES:
            raise ValueError(f"key of {len(self._bytes)} bytes, expected {KEY_BYTES}")

    def __repr__(self) -> str:
        return "Key(...)"

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled")

    @property
    def secret(self) -> bytes:
        """The bytes."""
        return self._bytes

    @property
    def published(self) -> bool:
        """True for the test key."""
        return hmac.compare_digest(self._bytes, TEST_KEY)


TEST = Key(TEST_KEY)


def test_device(seed: int) -> int:
    """What the emulated board with this seed calls itself: boards of two seeds are two devices, also in one store."""
    own = hashlib.blake2s((seed % (1 << 64)).to_bytes(8, "little"), digest_size=4).digest()
    return TEST_DEVICES << 32 | int.from_bytes(own, "little")


def is_test_device(device_id: int) -> bool:
    """True for what an emulated board calls itself."""
    return device_id >> 32 == TEST_DEVICES


@dataclass(frozen=True, slots=True)
class Keyring:
    """Whose packets a host heeds. keys: device_id -> key, each device bears its tags or is not heeded.

    unpaired: a device that bears no tags is heeded, too, when no key of it is known. simulated: the published key counts.
    believes: a tag of a device without a known key is taken for a right one; for a recording, which proves nothing.
    """

    keys: Mapping[int, Key] = field(default_factory=dict, repr=False)
    unpaired: bool = False
    simulated: bool = False
    believes: bool = False

    def key_of(self, device_id: int) -> Key | None:
        """Its key, when this host has one."""
        known = self.keys.get(device_id)
        return TEST if known is None and self.simulated and is_test_device(device_id) else known


#: Stands for the key of a session that nobody here knows.
UNKNOWN = Key(bytes(KEY_BYTES))
#: For a recording.
ANYBODY = Keyring(unpaired=True, simulated=True, believes=True)
#: For the cloud of a simulation.
EMULATED = Keyring(unpaired=True, simulated=True)


def session_key(device_key: Key, device_nonce: int, host_nonce: int, boot: int) -> Key:
    """The key of one session: both ends have drawn a nonce for it, and it holds for one boot."""
    said = device_nonce.to_bytes(8, "little") + host_nonce.to_bytes(8, "little") + boot.to_bytes(4, "little")
    return Key(hashlib.blake2s(said + _PURPOSE, key=device_key.secret).digest())


def paired_key(host_part: bytes, device_part: bytes) -> Key:
    """The device's key, of which each end has drawn a half."""
    return Key(hashlib.blake2s(device_part + _PURPOSE, key=host_part).digest())


def tag(key: Key, packet: Packet) -> bytes:
    """The 8 bytes between payload and checksum, over header and payload."""
    body = codec.tagged_bytes(packet)
    return hashlib.blake2s(body, digest_size=codec.TAG_BYTES, key=key.secret).digest()


def seal(key: Key, packet: Packet) -> Packet:
    """The packet with its tag."""
    bare = packet._replace(flags=packet.flags & ~table.FLAG_TAG_ABSENT, tag=b"")
    return bare._replace(tag=tag(key, bare))


def is_tagged(packet: Packet) -> bool:
    """True for a packet that bears a tag, right or wrong."""
    return not packet.flags & table.FLAG_TAG_ABSENT


def genuine(key: Key, packet: Packet) -> bool:
    """True for a packet that bears the tag that this key makes."""
    return is_tagged(packet) and hmac.compare_digest(tag(key, packet), packet.tag)
