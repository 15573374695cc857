"""The fuzzer of the line's decoder: it finds nothing in the decoder as it is, and every bug that is planted in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import damaged

STREAMS = 2000
PLANTED = {
    "no checksum": ("framing.c", "if (crc != sw_crc32(body, n)) {", "if (crc == crc + 1u) {"),
    "block without a limit": ("framing.c", "if (d->n == SW_BLOCK_MAX) {", "if (d->n == SW_BLOCK_MAX + 64u) {"),
    "skipping for ever": ("framing.c", "            d->skipping = 0;\n", ""),
    "held bytes kept": ("framing.c", "            d->n = 0;\n", ""),
    "full group ends with a zero": ("framing.c", "if (code != 255u && i < n) {", "if (i < n) {"),
    "payload not long enough": ("framing.c", "n - SW_HEADER_BYTES < known_n + tag_n || ", ""),
    "any flag": ("framing.c", "(SW_PACKET_FLAG_RESENT | SW_PACKET_FLAG_TAG_ABSENT)) != 0u) {", "255) != 0u) {"),
    "any version": ("framing.c", "out->header.version != SW_PROTOCOL_VERSION &&", "out->header.version > 200 &&"),
    "time of 32 bits": ("packet.c", "| ((uint64_t)get_u32(in + 4) << 32)", "| (0u * get_u32(in + 4))"),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the decoder as it is was built."""
    folder = tmp_path_factory.mktemp("fuzz")
    damaged.build(folder)
    return folder


def test_the_decoder_holds_to_every_claim_and_python_agrees(tmp_path: Path, base: Path) -> None:
    found = damaged.fuzz(base / "fuzz", STREAMS, 1, tmp_path / "dump")

    assert found["streams"] == STREAMS and damaged.compare(tmp_path / "dump") == STREAMS // 10
    assert found["accepted"] > STREAMS // 10 and found["rejected"] > STREAMS


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(tmp_path: Path, base: Path, bug: str) -> None:
    name, old, new = PLANTED[bug]
    program = damaged.build(tmp_path, {name: (old, new)}, base)

    with pytest.raises(damaged.FuzzError):
        damaged.fuzz(program, STREAMS, 1)


def test_streams_that_reach_new_code_are_kept(base: Path) -> None:
    found = damaged.fuzz(base / "fuzz", 500, 2)

    assert found["kept"] > 20 and found["places"] > 50


def test_a_decoder_that_disagrees_is_told(tmp_path: Path, base: Path) -> None:
    program, dump = base / "fuzz", tmp_path / "dump"
    damaged.fuzz(program, 200, 1, dump)
    first = bytearray(dump.read_bytes())
    first[8] ^= 1  # the packets that C says it has accepted

    dump.write_bytes(first)

    with pytest.raises(damaged.FuzzError, match="disagree"):
        damaged.compare(dump)
