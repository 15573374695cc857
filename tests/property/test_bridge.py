"""Whatever a target process says, the board ends in order: done, or failed with a reason."""

from __future__ import annotations

import os
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.board import Board, BoardFailed
from hw_sim.chip.core import ffi, function_address, lib
from tests.board_device import Ramp

DONE = struct.pack("<IIIQ", 16, 0, 8, 700_000)

records = st.builds(
    lambda op, arg, payload: struct.pack("<III", op, arg, len(payload)) + payload,
    st.integers(14, 26),
    st.one_of(st.integers(0, 40), st.integers(0, 2**32 - 1)),
    st.binary(max_size=40),
)
streams = st.lists(st.one_of(records, st.just(DONE), st.binary(max_size=30)), max_size=20).map(b"".join)


@settings(max_examples=300)
@given(streams)
def test_any_stream_ends_in_order(said: bytes) -> None:
    board, bridge = Board(seed=1), ffi.new("bridge *")
    its_read, its_write = os.pipe()
    os.write(its_write, said)
    os.close(its_write)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        lib.bridge_init(bridge, board.memory, nowhere, its_read)
        board.bind_device(function_address("bridge_step"), int(ffi.cast("uintptr_t", bridge)))
        try:
            board.run(1_000_000, Ramp())
            assert DONE[:4] in said and DONE[8:12] in said  # whatever its status
        except BoardFailed as error:
            assert str(error)
    finally:
        os.close(its_read)
        os.close(nowhere)
