"""The virtual board's own part: sources, time, what it refuses. The chip has its tests elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.chip.core import ffi, lib
from tests.vrb.board import CHIRPS, FIFO_RESET, FSTAT, LIST, SAMPLES, SECOND_NS, SFCTL, Vrb, ramp, samples

NULL = ffi.NULL
OK, NEED, WRONG = lib.VRB_OK, lib.VRB_NEED_SAMPLES, lib.VRB_WRONG_USE
FOF = 1 << 23


def counted(n_frames: int, size: int) -> np.ndarray:
    """uint16[frame, sample]; the highest bits are set, which the chip cuts off."""
    return (np.arange(n_frames * size) % 4093 | 0xF000).astype(np.uint16).reshape(n_frames, size)


def test_without_a_board_nothing_happens() -> None:
    lib.vrb_close(NULL)
    calls = [
        lib.vrb_rst(NULL, 1), lib.vrb_cs(NULL, 1), lib.vrb_xfer(NULL, NULL, NULL, 1), lib.vrb_irq(NULL),
        lib.vrb_advance(NULL, 1), lib.vrb_wait_irq(NULL, 1), lib.vrb_lend(NULL, NULL, 0), lib.vrb_serve(NULL, b"x"),
    ]  # fmt: skip
    assert calls == [WRONG] * len(calls)
    assert lib.vrb_time_ns(NULL) == 0


@pytest.mark.parametrize("level", [-1, 2])
def test_a_level_is_0_or_1(level: int) -> None:
    with Vrb() as board:
        assert (lib.vrb_rst(board.pointer, level), lib.vrb_cs(board.pointer, level)) == (WRONG, WRONG)


def test_clocks_without_chip_select_or_in_reset_read_ones() -> None:
    rx = ffi.new("uint8_t[3]")
    with Vrb() as board:
        assert lib.vrb_xfer(board.pointer, b"\0\0\0", rx, 3) == lib.VRB_NOT_SELECTED
        assert bytes(rx) == b"\xff" * 3
        lib.vrb_rst(board.pointer, 0)
        assert lib.vrb_cs(board.pointer, 0) == lib.VRB_IN_RESET
        assert lib.vrb_xfer(board.pointer, b"\0\0\0", rx, 3) == lib.VRB_IN_RESET


def test_two_boards_do_not_know_of_each_other() -> None:
    with Vrb() as one, Vrb() as other:
        one.write(SFCTL, 0x700123)
        one.advance(77)
        assert (other.read(SFCTL), other.now_ns) == (0x710000, 0)


def test_shapes_of_different_length_count_their_chirps_through() -> None:
    """Two shapes by turns: the second has half the samples."""
    with Vrb() as board:
        size = board.programme(7, R38=0xF5208C, R39=420, R3A=0x010168, R3B=SAMPLES // 2, R3E=0x010000, R3F=0x092810)
        lengths = [3 * SAMPLES, 3 * SAMPLES // 2] * (CHIRPS // 2)
        assert size == sum(lengths)
        board.start()
        for frame in range(3):
            assert board.wait() == 1
            assert board.fifo(size) == ramp(frame, lengths)


def test_prefix_words_are_no_samples_of_the_ramp() -> None:
    with Vrb() as board:
        size = board.programme(4)
        units = size + 6 * CHIRPS
        board.write(SFCTL, 0x740000 | units // 2 - 1)
        board.start()
        assert board.wait() == 1
        got = board.fifo(units)
    per_chirp = 6 + SAMPLES
    data = [x for k, x in enumerate(got) if k % per_chirp >= 6]
    expected = ramp(0, [SAMPLES] * CHIRPS)
    expected[1] = 1  # 000001: a data word of zeros would look like a prefix
    assert data == [0, 1, *expected[2:]]


def test_the_frame_number_of_the_ramp_outlives_the_chips_counter() -> None:
    with Vrb() as board:
        size = board.programme(4, R33=2, R2E=0)
        board.start()
        got = []
        for _ in range(4200):
            board.wait()
            got.append(board.fifo(size)[0])
    assert got == [131 * frame & 0xFFF for frame in range(4200)]


def test_in_data_test_mode_the_other_antennas_show_the_ramp_of_their_frame() -> None:
    with Vrb() as board:
        size = board.programme(7)
        board.write(SFCTL, board.read(SFCTL) | 1 << 17)
        board.start()
        for frame in range(3):
            board.wait()
            expected = ramp(frame, [3 * SAMPLES] * CHIRPS)
            assert [x for k, x in enumerate(board.fifo(size)) if k % 3] == [x for k, x in enumerate(expected) if k % 3]


def test_the_answer_may_take_the_place_of_the_question() -> None:
    with Vrb() as board:
        size = board.programme()
        board.start()
        board.wait()
        both = ffi.new("uint8_t[]", b"\xff\xc0\0\0" + bytes(size * 3 // 2))
        lib.vrb_cs(board.pointer, 0)
        lib.vrb_xfer(board.pointer, both, both, 4 + size * 3 // 2)
        lib.vrb_cs(board.pointer, 1)
        assert samples(bytes(both)[4 : 4 + size * 3 // 2]) == ramp(0, [3 * SAMPLES] * CHIRPS)
        word = ffi.new("uint8_t[4]", bytes([2 << 1, 0, 0, 0]))
        lib.vrb_cs(board.pointer, 0)
        lib.vrb_xfer(board.pointer, word, word, 4)
        lib.vrb_cs(board.pointer, 1)
        assert bytes(word)[1:] == b"\0\3\3"


def test_silence_is_mid_scale() -> None:
    with Vrb(source="silence") as board:
        size = board.programme()
        board.start()
        board.wait()
        assert board.fifo(size) == [2048] * size


def noise(seed: int, n_frames: int = 4) -> list[int]:
    with Vrb(source="noise", seed=seed) as board:
        size = board.programme()
        board.start()
        got = []
        for _ in range(n_frames):
            board.wait()
            got += board.fifo(size)
        return got


def test_noise_is_that_of_its_seed() -> None:
    one = np.array(noise(1))
    assert noise(1) == one.tolist() != noise(2)
    assert abs(one.mean() - 2048) < 0.1 and abs(one.std() - 2) < 0.05
    frames = one.reshape(4, -1) - 2048.0
    assert abs(np.corrcoef(frames) - np.eye(4)).max() < 0.05


def test_a_file_plays_its_frames_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    with Vrb() as probe:
        size = probe.programme()
    frames = counted(5, size)
    frames.astype("<u2").tofile(path)
    with Vrb(source={"file": str(path)}) as board:
        board.programme()
        board.start()
        for frame in frames[:2]:
            assert board.wait() == 1
            assert board.fifo(size) == (frame & 0xFFF).tolist()
        board.write(0, 0x1E8270 | FIFO_RESET)
        board.start()
        for frame in frames[2:]:  # a recording goes on after a restart
            assert board.wait() == 1
            assert board.fifo(size) == (frame & 0xFFF).tolist()
        assert board.wait() == 0


def test_half_a_frame_at_the_end_of_a_file_is_wrong_use(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    with Vrb() as probe:
        size = probe.programme()
    counted(2, size).ravel()[:-2].tofile(path)
    with Vrb(source={"file": str(path)}) as board:
        board.programme()
        board.start()
        assert board.wait() == 1
        board.fifo(size)
        assert (board.wait(), board.advance(1)) == (WRONG, WRONG)


def test_time_stops_at_the_frame_for_which_nothing_was_lent() -> None:
    with Vrb(source="lent") as board:
        size = board.programme()
        board.start()
        start_ns = lib.chip_next_frame_ns(lib.vrb_chip(board.pointer))
        assert (board.advance(SECOND_NS), board.now_ns) == (NEED, start_ns)
        assert (board.wait(), board.now_ns) == (NEED, start_ns)
        frames = counted(2, size)
        assert board.lend(frames) == OK
        assert (board.wait(), board.now_ns) == (1, LIST["FIRST_IRQ_NS"])
        assert board.fifo(size) == (frames[0] & 0xFFF).tolist()
        assert board.advance(SECOND_NS) == NEED
        assert board.now_ns == start_ns + 2 * LIST["FRAME_NS"]


def test_lent_memory_is_not_needed_after_the_next_call() -> None:
    with Vrb(source="lent") as board:
        size = board.programme()
        board.start()
        board.advance(SECOND_NS)
        first, second = counted(1, size), np.zeros((1, size), np.uint16)
        board.lend(first)
        board.advance(LIST["FRAME_NS"] // 8)  # within the frame
        expected = (first[0] & 0xFFF).tolist()
        board.lend(second)
        first[:] = 77
        assert board.wait() == 1
        assert board.fifo(size) == expected
        board.wait()
        assert board.fifo(size) == [0] * size


def test_nothing_lent_ends_the_frames_and_more_goes_on() -> None:
    with Vrb(source="lent") as board:
        size = board.programme()
        board.start()
        assert board.lend(np.zeros(0, np.uint16)) == OK
        assert (board.wait(), board.now_ns) == (0, SECOND_NS)
        board.write(0, 0x1E8270 | FIFO_RESET)
        frames = counted(1, size)
        assert board.lend(frames) == OK
        board.start()
        assert board.wait() == 1
        assert board.fifo(size) == (frames[0] & 0xFFF).tolist()
        assert board.wait() == NEED


def test_frames_of_a_wrong_size_are_refused() -> None:
    with Vrb(source="lent") as board:
        assert board.lend(counted(1, 64)) == WRONG  # nothing is programmed
        size = board.programme()
        assert board.lend(counted(1, size - 2)) == WRONG
        assert lib.vrb_lend(board.pointer, NULL, size) == WRONG
        assert board.lend(counted(3, size)) == OK
    with Vrb() as board:
        size = board.programme()
        assert board.lend(counted(1, size)) == WRONG


def test_a_smaller_list_after_lending_is_seen_at_the_frame() -> None:
    with Vrb(source="lent") as board:
        size = board.programme(4)
        frames = counted(1, size)
        assert board.lend(frames) == OK
        board.programme(7)
        board.start()
        assert board.advance(SECOND_NS) == WRONG


def test_frames_too_long_to_be_made_are_wrong_use() -> None:
    with Vrb() as board:
        board.programme(7, R37=0x092810 | 15, R2E=0xFFF000)  # 4096 groups of 2^15 chirps
        board.start()
        assert board.advance(SECOND_NS) == WRONG


@pytest.mark.parametrize("hz", [1000, 20_000_000, 33_333_333])
def test_a_byte_takes_eight_clocks(hz: int) -> None:
    with Vrb(spi_hz=hz) as board:
        for n in (1, 4, 100, 7):
            before_ns = board.now_ns
            board.window(bytes(n))
            assert abs(board.now_ns - before_ns - 8e9 * n / hz) <= 1
        whole_ns = -(-8 * 112 * 10**9 // hz)
        assert abs(board.now_ns - whole_ns) <= 1  # nothing adds up


def test_frames_that_start_inside_a_burst_get_their_samples() -> None:
    """One transfer of many frames, read as fast as they come: 3072 samples in 1.87 ms are 2.46 MB/s."""
    with Vrb(spi_hz=20_000_000) as board:
        size = board.programme()
        board.start()
        assert board.wait() == 1
        expected = [x for frame in range(8) for x in ramp(frame, [3 * SAMPLES] * CHIRPS)]
        got = []
        for _ in range(8):
            board.wait()
            got += board.fifo(size)
        assert got == expected
        assert board.read(FSTAT) & FOF == 0


def test_a_slow_bus_overflows() -> None:
    with Vrb(spi_hz=1_000_000) as board:
        size = board.programme()
        board.start()
        for _ in range(4):
            board.wait()
            board.fifo(size)
        assert board.read(FSTAT) & FOF


def test_time_ends_after_146_years_and_not_before() -> None:
    with Vrb() as board:
        assert (board.wait(2**64 - 1), board.now_ns) == (0, 2**62)
        assert (board.advance(5), board.now_ns) == (OK, 2**62)


def test_a_stuck_line_is_never_high() -> None:
    with Vrb(faults={"irq_stuck_low": True}) as board:
        size = board.programme()
        board.start()
        assert (board.wait(), lib.vrb_irq(board.pointer)) == (0, 0)
        assert board.fifo(size) == ramp(0, [3 * SAMPLES] * CHIRPS)


@given(st.lists(st.integers(1, 3_000_000), max_size=12), st.lists(st.integers(1, 4000), max_size=8), st.booleans())
def test_cutting_time_and_transfers_into_pieces_changes_nothing(steps: list[int], cuts: list[int], timed: bool) -> None:
    """The same nanoseconds and the same bytes, in one call or in many."""
    hz = 10_000_000 if timed else 0
    data = b"\xff" * (3 * 4000)
    with Vrb(spi_hz=hz) as whole, Vrb(spi_hz=hz) as pieces:
        for board in (whole, pieces):
            board.programme()
            board.start()
        whole.advance(sum(steps))
        for ns in steps:
            pieces.advance(ns)
        parts, at = [], 0
        for n in cuts:
            parts.append(data[at : at + n])
            at += n
        parts.append(data[at:])
        assert pieces.window(b"\xff\xc0\0\0", *parts) == whole.window(b"\xff\xc0\0\0", data)
        assert (pieces.now_ns, pieces.read(FSTAT)) == (whole.now_ns, whole.read(FSTAT))
