"""The packet table as Python and C see it, and values that hide what is unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import link_c
from wire import packet, table, values

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "packets.json").read_text())
VITALS = next(one for one in GOLDEN if one["name"] == "VITALS")


def vitals(**changes: Any) -> packet.Packet:
    return packet.make(packet.VITALS, VITALS["fields"] | changes, seq=1, boot=2, t_us=3)


def test_every_type_of_the_defines_is_in_the_list_and_the_other_way_round() -> None:
    numbers = {n: v for n, v in table.DEFINES.items() if n.startswith("SW_PACKET_") and "FLAG" not in n}

    assert numbers == {f"SW_PACKET_{one.name}": number for number, one in table.LAYOUTS.items()}


def test_host_types_start_at_64() -> None:
    assert {one.name for one in table.LAYOUTS.values() if one.from_host} == {
        "HOST_HELLO",
        "PING",
        "ACK",
        "PULL",
        "TIME",
        "ALARM_SET",
        "ALARM_CANCEL",
        "ALARM_READ",
        "RING",
        "SETTINGS_SET",
        "SETTINGS_READ",
        "HEALTH_READ",
        "CALIBRATE",
        "CALIBRATION_READ",
        "SNOOZE",
        "ORDERS_READ",
        "STANDBY",
        "WAKE_WINDOW",
        "NIGHT_LIGHT",
        "RADAR_SET",
        "RADAR_READ",
        "PAIR",
    }


def test_c_and_python_digest_the_same_tables() -> None:
    assert link_c.lib.sw_packet_layout_digest() == table.LAYOUT_DIGEST


def test_two_fields_that_change_places_change_the_digest() -> None:
    rows = [("u32", "first", "1", "1", ""), ("u32", "last", "1", "1", "")]
    one, other = (table.layout("GAP", 12, order, []) for order in (rows, rows[::-1]))

    assert table.layout_digest([one]) != table.layout_digest([other])


def test_a_hello_tells_the_tables_of_its_build() -> None:
    host = packet.make(packet.HOST_HELLO, {"nonce": 1, "utc_us": 2})

    assert host.fields["layout_digest"] == table.LAYOUT_DIGEST


@pytest.mark.parametrize("layout", [table.HEADER, *table.LAYOUTS.values()], ids=lambda one: one.name)
def test_dtype_and_struct_are_packed_alike(layout: table.Layout) -> None:
    offsets = [layout.dtype.fields[f.name][1] for f in layout.fields]  # type: ignore[index]

    assert (layout.dtype.itemsize, offsets) == (layout.codes.size, [f.offset for f in layout.fields])


@pytest.mark.parametrize("layout", table.LAYOUTS.values(), ids=lambda one: one.name)
def test_c_has_the_same_length_and_field_names(layout: table.Layout) -> None:
    c_names = [name for name, _ in link_c.ffi.typeof(f"sw_packet_{layout.name.lower()}").fields]

    assert (link_c.lib.sw_packet_payload_bytes(layout.number), c_names) == (
        layout.n_bytes,
        [f.name for f in layout.fields],
    )


@pytest.mark.parametrize("layout", table.LAYOUTS.values(), ids=lambda one: one.name)
def test_a_shortened_payload_is_refused_by_c(layout: table.Layout) -> None:
    get = getattr(link_c.lib, f"sw_packet_{layout.name.lower()}_get")
    out = link_c.ffi.new(f"sw_packet_{layout.name.lower()} *")

    assert get(out, bytes(layout.n_bytes), layout.n_bytes - 1) == 0


@pytest.mark.parametrize(
    ("enum", "prefix"), [("UplinkState", "UPLINK"), ("MotionClass", "MOTION"), ("Reason", "REASON")]
)
def test_words_have_the_same_numbers_in_c(enum: str, prefix: str) -> None:
    members = getattr(table, enum)

    assert {m.name: m.value for m in members} == {m.name: getattr(link_c.lib, f"SW_{prefix}_{m.name}") for m in members}


def test_a_line_the_table_cannot_hold_is_named() -> None:
    text = '#define SW_X_FIELDS(FIELD) \\\n    FIELD(u8, a, 1, 1, "") \\\n    FIELD(u8, b)\n'

    with pytest.raises(ValueError, match=r"SW_X_FIELDS: expected one FIELD\(\.\.\.\) on a line, found: FIELD\(u8, b\)"):
        table.tables(text)


def test_a_type_the_table_does_not_know_is_named() -> None:
    with pytest.raises(ValueError, match=r"X\.a: type f32"):
        table.layout("X", 1, [("f32", "a", "1", "1", "")], [])


def test_a_value_row_without_its_field_is_named() -> None:
    with pytest.raises(ValueError, match="VALUE names no field: v"):
        table.layout("X", 1, [("u8", "a", "1", "1", "")], [("a", "a", "v")])


def test_fields_come_back_as_they_were_given() -> None:
    expected = VITALS["fields"] | {"wave": tuple(VITALS["fields"]["wave"])}

    assert vitals().fields == expected


def test_rows_give_all_packets_as_one_array() -> None:
    found = packet.rows([vitals(frame=7), vitals(frame=8)])

    assert (found["frame"].tolist(), found["wave"].shape, found["wave"].dtype) == ([7, 8], (2, 16), np.dtype("<i2"))


def test_rows_of_mixed_types_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one type expected, found types \[3, 65\]"):
        packet.rows([vitals(), packet.make(packet.PING, {"nonce": 1})])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"confidence": 256}, "VITALS.confidence: 256, expected 0..255"),
        ({"azimuth": -32769}, "VITALS.azimuth: -32769, expected -32768..32767"),
        ({"wave": [0] * 15}, "VITALS.wave: 15 values, expected 16"),
        ({"pulse": 60}, "VITALS: fields wrong or missing: pulse"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        vitals(**changes)


def test_a_header_number_out_of_range_is_named() -> None:
    with pytest.raises(ValueError, match="HEADER.seq: -1"):
        packet.make(packet.PING, {"nonce": 1}, seq=-1)


def test_physical_values_are_integers_times_lsb() -> None:
    found = values.vitals(vitals())

    assert (found.respiration_rate_per_min, found.motion_db, found.distance_mm) == (14.25, pytest.approx(1.2), 830.0)
    assert (found.state, found.motion_class, found.confidence) == ("streaming", "still", pytest.approx(247 / 255))
    assert found.wave_um == (-300, -256, -131, -1, 0, 1, 140, 255, 256, 300)


@pytest.mark.parametrize(
    ("validity", "reason", "shown"),
    [
        ("respiration_validity", "respiration_reason", "respiration_rate_per_min"),
        ("motion_validity", "motion_reason", "motion_db"),
        ("distance_validity", "position_reason", "distance_mm"),
        ("direction_validity", "position_reason", "azimuth_deg"),
        ("direction_validity", "position_reason", "elevation_deg"),
        ("wave_validity", "wave_reason", "wave_um"),
    ],
)
def test_validity_0_hides_whatever_the_packet_carries(validity: str, reason: str, shown: str) -> None:
    found = values.vitals(vitals(**{validity: 0, reason: table.Reason["MOVING"]}))

    assert (getattr(found, shown), getattr(found, reason)) == (None, "moving")


def test_an_unknown_motion_class_is_unknown() -> None:
    assert values.vitals(vitals(motion_validity=0, motion_reason=1)).motion_class == "unknown"


def test_unknown_without_a_reason_says_so() -> None:
    assert values.vitals(vitals(respiration_validity=0)).respiration_reason == "no reason given"


def test_a_reason_of_a_later_version_names_its_number() -> None:
    assert values.vitals(vitals(respiration_validity=0, respiration_reason=200)).respiration_reason == "Reason 200"


def test_flags_are_told_apart() -> None:
    found = values.vitals(vitals(flags=values.FLAG_GAP))

    assert (found.saturated, found.gap_before) == (False, True)


def test_vitals_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="packet type 65, expected VITALS"):
        values.vitals(packet.make(packet.PING, {"nonce": 1}))


def transition(*states_and_reason: int, span: tuple[int, int] = (0, 0), why: int = 0) -> packet.Packet:
    fields = dict(zip(("from_state", "to_state", "reason"), states_and_reason, strict=True))
    fields |= {"silent_from_us": span[0], "silent_to_us": span[1], "silent_reason": why, "utc_us": 0}
    return packet.make(packet.TRANSITION, fields)


def test_a_transition_out_of_silence_says_from_when_to_when_and_why() -> None:
    found = values.transition(transition(2, 3, 9, span=(5, 9), why=8))

    assert found.silent_reason == "standby switch"
    assert (found.from_state, found.to_state, found.silent_from_us, found.silent_to_us) == (
        "monitoring",
        "streaming",
        5,
        9,
    )


def test_a_transition_into_silence_has_no_span() -> None:
    found = values.transition(transition(3, 2, 3, why=8))

    assert (found.reason, found.silent_from_us, found.silent_to_us) == ("nobody in the user's place", None, None)
    assert found.silent_reason is None


def test_a_silence_without_a_reason_has_none() -> None:
    assert values.transition(transition(2, 3, 9, span=(5, 9))).silent_reason is None
