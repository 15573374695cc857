"""`stillwave config`: every form is read, every rule falls in, and the emulated chip agrees with every number."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from front.env import InputError
from front.radar.command import config
from front.radar.convert import declared_by, listing_of, shape_of
from front.radar.decode import RESET_VALUES, decode
from front.radar.encode import encode
from front.radar.listing import WRITE, Listing, as_header, find_lists
from front.radar.rules import Subject, warnings
from front.radar.shape import SECTION, Shape, as_sdk, own_shape, read_shape
from front.radar.text import WIDTH, lines
from hw_sim.chip.chip import REGISTERS, Chip, ChipOptions
from tests.unit.test_cli import SDK_CONFIG, stillwave

OWN = own_shape({}, "default")
LISTING = listing_of(OWN, "default")


def programmed(words: tuple[int, ...] | list[int], options: ChipOptions | None = None) -> Chip:
    """The emulated chip with a list written into it: the reader that shares nothing with the one under test."""
    chip = Chip(options)
    for word in words:
        chip.transfer(word.to_bytes(4, "big"))
    return chip


def assert_chip_agrees(words: tuple[int, ...] | list[int]) -> None:
    chip, d = programmed(words), decode(Listing(tuple(words)).registers())
    view = chip.radar()
    assert (view.rx_numbers, view.n_samples, view.n_chirps) == (d.rx_antennas, d.n_samples, d.n_chirps)
    assert (view.chirp_period_ns, view.frame_period_ns) == (d.chirp_period * 12.5, d.frame_period * 12.5)
    assert view.f0_hz == pytest.approx(float(d.first_hz), rel=1e-14)
    assert view.slope_hz_per_s == pytest.approx(float(d.slope_hz_per_s), rel=1e-14)
    assert (view.sample_rate_hz, view.tx_power_level) == (float(d.sample_rate_hz), d.tx_power_level)
    assert (view.if_gain_db, view.hp_cutoff_hz) == (d.gains_db[0], d.hp_cutoffs_hz[0])
    chip.write("MAIN", chip.read("MAIN") | 1)
    assert chip.next_frame_ns == -(-d.first_frame * 25 // 2)


def test_the_default_is_what_the_design_says() -> None:
    found = config("default", None, None, 25e6).found
    expected = {
        "rx_antennas": [1, 2, 3], "n_samples": 256, "n_chirps": 8, "frame_period_clocks": 4_000_000,
        "chirp_period_clocks": 40_000, "frame_samples": 6144, "fifo_share": 0.375, "irq_threshold_samples": 6144,
        "frame_bytes": 9216, "data_bytes_per_s": 184_320.0, "warnings": [],
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    assert found["range_max_m"] == pytest.approx(5.61, abs=0.01)
    assert found["range_high_pass_m"] == pytest.approx(0.112, abs=0.001)
    assert found["velocity_between_frames_m_per_s"] == pytest.approx(0.0245, abs=0.0001)
    assert found["spi_frame_s"] == pytest.approx(8 * 9220 / 25e6)
    assert sum(found[key] for key in found if key.startswith("share_")) == pytest.approx(1.0)


def test_the_firmwares_own_list_reads_the_same() -> None:
    from edge.core import load

    ffi, lib = load()
    words, timing = ffi.new("uint32_t[]", lib.SW_RADAR_REGISTER_COUNT), ffi.new("sw_radar_timing *")
    asked = ffi.new("sw_radar_config *")
    lib.sw_config_default(asked)
    assert lib.sw_radar_registers(asked, words, timing) == 0
    theirs, ours = decode(Listing(tuple(words)).registers()), decode(LISTING.registers())
    same = ("rx_antennas", "n_samples", "n_chirps", "chirp_period", "frame_period", "start_hz", "end_hz", "gains_db")
    assert [getattr(theirs, name) for name in same] == [getattr(ours, name) for name in same]
    assert warnings(Subject(Listing(tuple(words)), theirs, 25e6, Listing(tuple(words)).registers())) == []


def test_reset_values_are_the_chips() -> None:
    by_address = {row.address: row.reset_value for row in REGISTERS.values()}
    used = (0x00, 0x01, 0x04, 0x05, 0x06, 0x10, 0x11, 0x12, 0x16, *range(0x2C, 0x38))
    assert {a: RESET_VALUES.get(a, 0) for a in used} == {a: by_address[a] for a in used}


# --- shapes, lists and back


def whole_clocks(clocks: int) -> float:
    return float(Fraction(clocks, 80_000_000))


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Any shape that the chip can do."""
    divider, n_samples = draw(st.integers(20, 100)), draw(st.integers(1, 600))
    n_chirps = draw(st.sampled_from([1, 2, 7, 16, 64, 128]))
    busy = (489 + n_samples * divider - 90 + 7) // 8 * 8 + 90 + 6 + 112 + 9
    chirp = busy + 11 + draw(st.integers(0, 2000) | st.integers(0, 900_000))
    frame = n_chirps * chirp + draw(st.integers(90_000, 1_000_000) | st.integers(90_000, 79_000_000))
    widest = min(6.5e9, n_samples * divider * 12.5e-9 * 3.9e14)
    narrowest = 620 * (n_samples * divider + 400)
    assume(widest > narrowest)
    start_khz = draw(st.integers(57_300_000, 57_500_000))
    return Shape(
        rx_antennas=draw(st.sampled_from([(1,), (2,), (3,), (1, 3), (1, 2), (2, 3), (1, 2, 3)])),
        tx_power_level=draw(st.integers(0, 31)),
        if_gain_db=draw(st.sampled_from([18 + 5 * n for n in range(7)] + [30 + 5 * n for n in range(7)])),
        start_hz=start_khz * 1000,
        end_hz=start_khz * 1000 + 1000 * draw(st.integers(narrowest // 1000 + 1, int(widest / 1000))),
        n_chirps=n_chirps,
        n_samples=n_samples,
        chirp_period_s=whole_clocks(chirp),
        frame_period_s=whole_clocks(frame),
        sample_rate_hz=round(80_000_000 / divider),
        hp_cutoff_hz=draw(st.sampled_from([20_000, 45_000, 70_000, 80_000])),
    )


@settings(deadline=None, derandomize=True, max_examples=60)
@given(shapes())
def test_a_shape_survives_the_way_to_a_header_and_back(shape: Shape) -> None:
    words = encode(shape)
    header = as_header(words, listing_of(shape, "x").declared)
    (read,) = find_lists(header)
    back = shape_of(read, decode(read.registers()), "x")
    assert (len(words), read.words) == (38, tuple(words))
    assert read_shape(json.loads(as_sdk(back)), "x") == shape


@settings(deadline=None, derandomize=True, max_examples=60)
@given(shapes())
def test_without_macros_a_list_still_tells_its_shape(shape: Shape) -> None:
    listing = Listing(tuple(encode(shape)))
    d = decode(listing.registers())
    back = shape_of(listing, d, "x")
    assert back == replace_near(back, shape)
    assert abs(back.start_hz - shape.start_hz) <= 306
    assert abs(back.end_hz - shape.end_hz) <= float(d.end_unit_hz) / 2 + 306
    assert (d.chirp_period, d.frame_period) == tuple(
        round(value * 80e6) for value in (shape.chirp_period_s, shape.frame_period_s)
    )


def replace_near(back: Shape, shape: Shape) -> Shape:
    """The shape with what a list cannot hold exactly taken from it."""
    import msgspec

    return msgspec.structs.replace(
        shape, start_hz=back.start_hz, end_hz=back.end_hz, chirp_period_s=back.chirp_period_s,
        frame_period_s=back.frame_period_s,
    )  # fmt: skip


@settings(deadline=None, derandomize=True, max_examples=60)
@given(shapes())
def test_the_chip_reads_an_encoded_list_as_we_do(shape: Shape) -> None:
    words = encode(shape)
    assert_chip_agrees(words)
    assert programmed(words).counters().warnings == 0


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.fixed_dictionaries(
        {a: st.integers(0, 0xFFFFFF) for a in (0x01, 0x12, *range(0x2C, 0x34), 0x36, 0x37)}
        | {0x00: st.integers(0, 0xFFF).map(lambda timer: timer << 4), 0x05: st.integers(0, 0x7FFFF)}
        | {0x11: st.integers(1, 7).map(lambda mask: mask << 20 | 1 << 10 | 5)}
    )
)
def test_the_chip_reads_any_list_as_we_do(registers: dict[int, int]) -> None:
    registers = {**registers, 0x05: registers[0x05] << 5 & 0xFFFFE0 | 20, 0x04: 0xE967FD, 0x16: 0x490}
    registers[0x37] = registers[0x37] & ~0x400 & ~0xF | 0x10 | registers[0x37] & 3  # no unknown power mode
    registers[0x2D] &= ~0x400
    registers[0x36] &= 0xFF0000  # a saw-tooth
    registers[0x33] = registers[0x33] & 0xFFF or 1
    registers[0x01] = max(registers[0x01] >> 14, 20) << 14 | 0x210
    assert_chip_agrees(words_of(registers))


def test_a_list_for_the_other_clock_is_read_in_its_clocks() -> None:
    registers = {**LISTING.registers(), 0x05: LISTING.registers()[0x05] & ~0x1F | 21}
    d = decode(registers)
    view = programmed(words_of(registers), ChipOptions(reference_hz=76_800_000)).radar()
    assert (d.reference_hz, float(d.seconds(d.chirp_period))) == (76_800_000, 40_000 / 76.8e6)
    assert view.chirp_period_ns == pytest.approx(1e9 * 40_000 / 76.8e6)
    assert (view.f0_hz, view.slope_hz_per_s) == pytest.approx((float(d.first_hz), float(d.slope_hz_per_s)))


def words_of(registers: dict[int, int]) -> list[int]:
    return [address << 25 | WRITE | data for address, data in registers.items()]


# --- forms of lists

WORDS = [0x11E8270, 0x30A0210, 0x9E967FD, 0xB0805B4, 0xD102BFF, 0xF010D00, 0x11000000, 0x67000040]


@pytest.mark.parametrize(
    "text",
    [
        "const uint32_t list[] = {" + ", ".join(f"0x{w:x}UL" for w in WORDS) + ",};",
        "let list: [u32; 8] = [\n" + ",\n".join(f"0x{w:08X}_u32" for w in WORDS) + "];",
        "list = (" + ", ".join(map(str, WORDS)) + ")",
        "// {1, 2}\n/* {0x1, 0x2} */ static u32 list[8]={" + ",".join(f"(uint32_t)0x{w:X}" for w in WORDS) + "};",
        "std::array<uint32_t, 8> list = {" + ", ".join(f"0x{w >> 16:x}'{w & 0xFFFF:04x}u" for w in WORDS) + "};",
        "\n".join(f"0x{w:08x}" for w in WORDS),
        "#if 0\nuint32_t old[] = {" + ", ".join(["0x11e8270"] * 9) + "};\n#endif\nuint32_t list[] = {"
        + "\n".join(f"0b{w:b}, // word {i}" for i, w in enumerate(WORDS)) + "\n};",
    ],
    ids=["C", "Rust", "Python", "casts and comments", "C++", "bare", "disabled and binary"],
)  # fmt: skip
def test_a_list_is_read_whatever_its_form(text: str) -> None:
    assert [list(one.words) for one in find_lists(text)] == [WORDS]


def test_macros_are_known_by_the_end_of_their_name() -> None:
    text = "#define P0_XENSIV_BGT60TRXX_CONF_SAMPLE_RATE (2352941)\n#define X_NUM_REGS_MICRO ( 38U )\n"
    text += "//#define X_NUM_RX_ANTENNAS (1)\n#define X_FRAME_REPETITION_TIME_S 4.9961e-3f\n"
    (found,) = find_lists(text + "uint32_t a[] = {" + ", ".join(map(hex, WORDS)) + "};")
    assert found.declared == {"SAMPLE_RATE": "2352941", "NUM_REGS": "38", "FRAME_REPETITION_TIME_S": "4.9961e-3f"}


def test_of_several_lists_one_is_chosen_with_its_own_macros(tmp_path: Path) -> None:
    file = tmp_path / "lists.h"
    one = as_header(LISTING.words, LISTING.declared, "day").replace("#endif", "")
    file.write_text(one + as_header(LISTING.words, {"NUM_RX_ANTENNAS": "1"}, "night"))
    with pytest.raises(InputError, match="2 register lists: day, night; choose one with --array"):
        config(str(file), None, None, 25e6)
    assert config(str(file), "day", None, 25e6).found["warnings"] == []
    assert [w["rule"] for w in config(str(file), "night", None, 25e6).found["warnings"]] == ["declared_antennas"]


# --- the command


def sdk_file(folder: Path, **changes: Any) -> Path:
    file = folder / "radar.json"
    shape = {key: value for key, value in (SDK_CONFIG | changes).items() if value is not None}
    file.write_text(json.dumps({SECTION[0]: {SECTION[1]: shape}}))
    return file


def test_the_command_converts_there_and_back(tmp_path: Path) -> None:
    source, header, back = sdk_file(tmp_path), tmp_path / "list.h", tmp_path / "back.json"
    assert stillwave("config", str(source), "--to", str(header)).returncode == 0
    done = stillwave("config", str(header), "--to", str(back), "--json")
    found = json.loads(done.stdout)
    assert (found["registers"], found["kind"], found["frame_samples"]) == (38, "register list", 1536)
    written = json.loads(back.read_text())[SECTION[0]][SECTION[1]]
    assert written | SDK_CONFIG == written | {"aaf_cutoff_Hz": 500_000}


def test_the_older_names_of_the_band_are_known(tmp_path: Path) -> None:
    band = {"start_frequency_Hz": None, "end_frequency_Hz": None, "hp_cutoff_Hz": None, "mimo_mode": None}
    file = sdk_file(tmp_path, lower_frequency_Hz=58_000_000_000, upper_frequency_Hz=63_500_000_000, **band)
    found = config(str(file), None, None, 25e6).found
    assert (round(found["start_hz"]), found["high_pass_hz"]) == (58_000_000_000, [80_000] * 3)


def test_whole_numbers_may_be_written_as_fractions(tmp_path: Path) -> None:
    file = sdk_file(tmp_path, hp_cutoff_Hz=80_000.0, num_samples_per_chirp=64.0, sample_rate_Hz=2e6)
    assert config(str(file), None, None, 25e6).found["n_samples"] == 64


def test_a_header_of_a_strange_list_declares_what_is_true(tmp_path: Path) -> None:
    file, to = tmp_path / "list.h", tmp_path / "new.h"
    file.write_text(as_header(LISTING.words, {"NUM_RX_ANTENNAS": "1", "START_FREQ_HZ": "1"}))
    written = config(str(file), None, to, 25e6).written or ""
    (found,) = find_lists(written)
    assert found.words == LISTING.words and found.declared["NUM_RX_ANTENNAS"] == "3"
    assert warnings(Subject(found, decode(found.registers()), 25e6, found.registers())) == []
    assert declared_by(decode(found.registers())).items() <= found.declared.items()


def test_our_own_fields_are_read(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text('{"n_chirps": 4, "rx_mask": 5}')
    found = config(str(file), None, None, 25e6).found
    assert (found["n_chirps"], found["rx_antennas"]) == (4, [1, 3])
    assert found["kind"] == "fields of the firmware's own"


def test_a_sample_rate_the_chip_does_not_have_is_told(tmp_path: Path) -> None:
    file = sdk_file(tmp_path, sample_rate_Hz=1_900_000)
    (told,) = [
        w["text"] for w in config(str(file), None, None, 25e6).found["warnings"] if w["rule"] == "declared_rates"
    ]
    assert told == "SAMPLE_RATE says 1900000 Hz, the list makes 1904762 Hz"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"end_frequency_Hz": 65e9}, "end_frequency_Hz"),
    ({"end_frequency_Hz": 57.5e9}, "above 58000000000"),
    ({"rx_antennas": []}, "rx_antennas"),
    ({"rx_antennas": [3, 1]}, "rising"),
    ({"rx_antennas": [4]}, "rx_antennas"),
    ({"if_gain_dB": 24}, "18 + 5 n or 30 + 5 n"),
    ({"if_gain_dB": 53}, "18 + 5 n or 30 + 5 n"),
    ({"sample_rate_Hz": 5e6}, "sample_rate_Hz"),
    ({"num_samples_per_chirp": None}, "num_samples_per_chirp"),
    ({"num_samples_per_chirp": "64"}, "num_samples_per_chirp"),
    ({"num_samples_per_chirp": 4000}, "at most 1.6 ms"),
    ({"chirp_repetition_time_s": 3e-5}, "chirp_repetition_time_s: expected 3.98"),
    ({"chirp_repetition_time_s": 0.02}, "to 0.0131"),
    ({"frame_repetition_time_s": 0.004}, "frame_repetition_time_s: expected 0.0042"),
    ({"end_frequency_Hz": 58.000001e9}, "slope"),
    ({"mimo_mode": "tdm"}, "mimo_mode"),
]


@pytest.mark.parametrize(("changes", "says"), WRONG, ids=[says for _, says in WRONG])
def test_what_the_chip_cannot_do_is_one_line(changes: dict[str, Any], says: str, tmp_path: Path) -> None:
    file = sdk_file(tmp_path, **changes)
    with pytest.raises(InputError) as caught:
        config(str(file), None, None, 25e6)
    assert str(caught.value).startswith(str(file)) and says in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "register words"),
        ("int a[] = {1, 2, 3};", "register words"),
        ("{", "expected JSON"),
        ("{}x", "expected JSON"),
        ('{"device_config": 3}', "device_config: expected an object"),
        ('{"device_config": {}}', "fmcw_single_shape: expected an object"),
        ('{"n_chrips": 3}', "n_chirps"),
        ('{"n_chirps": 3}', "an even number"),
        ("\x00\x01\xff", "register words"),
    ],
)
def test_a_file_that_is_none_of_them_is_one_line(content: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(content)
    with pytest.raises(InputError) as caught:
        config(str(file), None, None, 25e6)
    assert str(caught.value).startswith(f"{file}: ") and says in str(caught.value)


def test_the_table_is_aligned_and_narrow() -> None:
    case = config("default", None, None, 1e6)
    shown = list(lines(case.found, "head", case.found["warnings"]))
    body = [line for line in shown[1:] if line and not line.startswith("warning")]
    assert max(map(len, shown)) <= WIDTH
    assert all(line[6] == " " and line[7] != " " and line[28] == " " for line in body)
    assert shown[-1].startswith("warning  reading takes 148% of the time at 1 MHz")
