"""What the virtual board makes of its JSON: the C reader, called from Python, against Python's own and any bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hw_sim.chip.core import ffi, lib


def complaint(text: str | bytes) -> str:
    """Empty when a board opens, else the line that says why not."""
    board = lib.vrb_open(text.encode() if isinstance(text, str) else text)
    if board == ffi.NULL:
        return str(ffi.string(lib.vrb_why()).decode("ascii"))
    lib.vrb_close(board)
    return ""


def chip_id(text: str) -> int:
    board = lib.vrb_open(text.encode())
    assert board != ffi.NULL, ffi.string(lib.vrb_why())
    value = int(lib.chip_register(lib.vrb_chip(board), 2))
    lib.vrb_close(board)
    return value


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        ' \t\r\n{ "seed" : 1 , "faults" : { } } ',
        '{"seed": 18446744073709551615}',
        '{"seed": 1.50e1}',
        '{"seed": 1.00000000000000000000000000}',
        '{"seed": -0}',
        '{"temperature_c": -40.0}',
        '{"temperature_c": 25.0999999999999999999999999}',
        '{"source": "\\u0072amp"}',
        '{"source": "lent", "spi_hz": 0, "reference_hz": 76800000, "gsr0_order": "vendor_header"}',
        '{"fou_while_empty": true, "adc0_bit_13": 1, "extra_clocks": 9}',
        '{"extra_clocks": -9}',
        '{"faults": {"chip_id": 5, "reset_stuck": false, "memory_broken": true, "miso_and": 254, "irq_stuck_low": true}}',
    ],
)
def test_what_is_right_opens(text: str) -> None:
    assert complaint(text) == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "json: expected an object at byte 0"),
        ("{} x", "json: expected the end at byte 3"),
        ('{"seed":1,}', "json: expected a string at byte 10"),
        ('{"seed":01}', "json: expected no leading zero at byte 8"),
        ('{"seed":1.}', "json: expected a digit at byte 10"),
        ('{"seed', "json: expected the end of the string at byte 6"),
        ('{"\\x":1}', "json: expected an escape at byte 3"),
        ('{"\\ud83d":1}', "json: expected the second half of a pair at byte 8"),
        ('{"\\u0000":1}', "json: expected a character other than NUL or half a pair at byte 8"),
        (
            '{"sead": 1}',
            "sead: unknown key, expected source seed spi_hz reference_hz gsr0_order fou_while_empty "
            "adc0_bit_13 extra_clocks temperature_c faults",
        ),
        (
            '{"faults": {"seed": 1}}',
            "faults.seed: unknown key, expected chip_id reset_stuck memory_broken miso_and miso_or irq_stuck_low",
        ),
        ('{"faults": 1}', "faults: expected an object"),
        ('{"faults": {}, "faults": {}}', "faults: expected once, got a second one"),
        ('{"seed": 1, "seed": 1}', "seed: expected once, got a second one"),
        ('{"seed": 1.55e1}', "seed: expected an integer from 0 to 18446744073709551615, got 1.55e1"),
        (
            '{"seed": 18446744073709551616}',
            "seed: expected an integer from 0 to 18446744073709551615, got 184467440737",
        ),
        ('{"seed": "\n"}', "json: expected the end of the string at byte 10"),
        ('{"seed": [[[', "seed: expected an integer from 0 to 18446744073709551615, got an array"),
        ('{"spi_hz": 999}', "spi_hz: expected 0, or an integer from 1000 to 50000000, got 999"),
        ('{"reference_hz": 80}', "reference_hz: expected 80000000 or 76800000, got 80"),
        ('{"gsr0_order": "vendor"}', 'gsr0_order: expected "datasheet" or "vendor_header", got "vendor"'),
        ('{"gsr0_order": null}', 'gsr0_order: expected "datasheet" or "vendor_header", got null'),
        ('{"fou_while_empty": 1}', "fou_while_empty: expected true or false, got 1"),
        ('{"temperature_c": -40.001}', "temperature_c: expected a number from -40 to 125, got -40.001"),
        ('{"temperature_c": 1e99999999999}', "temperature_c: expected a number from -40 to 125, got 1e99999999999"),
        ('{"faults": {"miso_or": 256}}', "faults.miso_or: expected an integer from 0 to 255, got 256"),
        ('{"source": "rampe"}', 'source: expected "ramp", "silence", "noise", "lent" or {"file": PATH}, got "rampe"'),
        ('{"source": {}}', 'source: expected "ramp", "silence", "noise", "lent" or {"file": PATH}, got {}'),
        ('{"source": {"path": "x"}}', 'source: expected "ramp", "silence", "noise", "lent" or {"file": PATH}'),
    ],
)
def test_what_is_wrong_is_named_in_one_line(text: str, line: str) -> None:
    assert complaint(text).startswith(line)


@pytest.mark.parametrize(("content", "got"), [(None, "No such file"), (b"", "none"), (b"abc", "an odd size")])
def test_a_file_without_samples_is_refused(tmp_path: Path, content: bytes | None, got: str) -> None:
    path = tmp_path / "samples"
    if content is not None:
        path.write_bytes(content)
    line = complaint(json.dumps({"source": {"file": str(path)}}))
    assert line.startswith("source.file: expected a file of uint16 samples, got ") and got in line


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert complaint(json.dumps({"source": {"file": str(tmp_path)}})).endswith("not a file")


def test_a_path_may_bear_any_letters(tmp_path: Path) -> None:
    path = tmp_path / 'Schläfer "\\ 睡 😴'
    path.write_bytes(b"\1\0")
    for ascii_only in (True, False):
        assert complaint(json.dumps({"source": {"file": str(path)}}, ensure_ascii=ascii_only)) == ""


@given(st.integers(0, 0xFFFFFF), st.sampled_from(["{}", "{}.0", "{}e0", "{}.00E+0", "0.{:08d}e8"]))
def test_integers_come_through_however_they_are_written(value: int, form: str) -> None:
    assert chip_id(f'{{"faults": {{"chip_id": {form.format(value)}}}}}') == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["source", "seed", "spi_hz", "faults", "temperature_c", "chip_id", "gsr0_order", "file"])


@given(st.dictionaries(KEYS | st.text(max_size=4), JSON | st.dictionaries(KEYS, JSON), max_size=4))
def test_no_value_of_any_key_is_a_syntax_error(value: dict[str, Any]) -> None:
    assert not complaint(json.dumps(value)).startswith("json:") or "\\u0000" in json.dumps(value)


PIECES = st.sampled_from([*b'{}[]":,\\ue-+.0719 \n', *b"\xff\x80\x1f"])


@given(st.binary(max_size=40) | st.lists(PIECES, max_size=40).map(bytes))
@example(b'{"seed":' + b"9" * 5000 + b"}")
@example(b'{"' + b"k" * 5000 + b'":1}')
@example(b'{"source":{"file":"' + b"p" * 5000 + b'"}}')
def test_any_bytes_give_a_board_or_one_line(text: bytes) -> None:
    text = text.replace(b"\0", b"")
    line = complaint(text)
    assert "\n" not in line and len(line) < 256
    try:
        right = json.loads(text)
    except (ValueError, UnicodeDecodeError):
        right = None
    assert line or isinstance(right, dict)


@given(st.binary(max_size=8), st.integers(0, 200))
def test_a_spoilt_text_gives_a_board_or_one_line(bytes_: bytes, at: int) -> None:
    text = b'{"source": "ramp", "seed": 12, "temperature_c": -3.5e0, "faults": {"chip_id": 771, "reset_stuck": false}}'
    assert "\n" not in complaint((text[:at] + bytes_ + text[at + 1 :]).replace(b"\0", b""))


def test_the_line_belongs_to_the_thread() -> None:
    import threading

    assert complaint('{"x": 1}')
    seen: list[bytes] = []
    other = threading.Thread(target=lambda: seen.append(ffi.string(lib.vrb_why())))
    other.start()
    other.join()
    assert seen == [b""]
