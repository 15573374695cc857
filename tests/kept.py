"""What a device of tests/device.py keeps of its data packets in flash, read with the product's own reader."""

from __future__ import annotations

from typing import Any

from edge.core import load
from wire.packet import Packet

ffi, lib = load()


def packets(device: Any) -> list[Packet]:
    """Data packets of all boots that are in flash and not acknowledged, oldest first; then those that wait for it."""
    state = device.fw.state
    ring, delivery = ffi.addressof(state, "ring"), ffi.addressof(state, "delivery")
    cursor, record = ffi.new("sw_ring_cursor *"), ffi.new("sw_ring_record *")
    found = []
    for at in range(ring.tail, ring.next):
        if lib.sw_ring_read(ring, device.hal, at, cursor, record) > 0:
            found.append(_packet(record, record.seq, record.boot))
    for seq in range(delivery.written + 1, delivery.newest + 1):
        found.append(_packet(lib.sw_delivery_waiting(delivery, seq), seq, delivery.boot))
    return found


def oldest(device: Any) -> int:
    """Number of the oldest packet of this boot that is kept; 0: none."""
    state = device.fw.state
    return int(lib.sw_delivery_oldest(ffi.addressof(state, "delivery"), ffi.addressof(state, "ring")))


def _packet(one: Any, seq: int, boot: int) -> Packet:
    return Packet(one.type, seq, boot, one.t_us, bytes(ffi.buffer(one.payload, one.n)))
