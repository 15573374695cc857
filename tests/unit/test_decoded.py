"""Packets beside the bytes of a recording: JSON that its own schema describes, and configuration when it changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mcap.reader import make_reader

from wire import codec, decoded, packet, recording, table
from wire.recording import CONFIG, EVENT, Recorder

T0_US = 1_770_000_000_000_000


def made(name: str, **fields: int) -> packet.Packet:
    """A packet of this type, other fields at their largest."""
    layout = table.BY_NAME[name]
    full = {f.name: [f.limits[1]] * f.count if f.count > 1 else f.limits[1] for f in layout.fields}
    return packet.make(layout.number, {**full, **fields}, seq=5, boot=7, t_us=9)


def agrees(value: Any, schema: dict[str, Any]) -> bool:
    """The little of JSON schema that is used."""
    kinds = {"integer": int, "number": (int, float), "string": str, "object": dict, "array": list, "null": type(None)}
    wanted = schema.get("type", [])
    names = wanted if isinstance(wanted, list) else [wanted]
    if not any(isinstance(value, kinds[name]) for name in names):
        return False
    if isinstance(value, list):
        return all(agrees(one, schema["items"]) for one in value)
    if isinstance(value, dict) and "properties" in schema:
        return set(value) == set(schema["required"]) and all(agrees(value[k], schema["properties"][k]) for k in value)
    return True


@pytest.mark.parametrize("name", sorted(table.BY_NAME))
def test_every_packet_agrees_with_its_schema(name: str) -> None:
    for fill in ({}, {value.validity: 0 for value in table.BY_NAME[name].values}):
        said = json.loads(decoded.as_bytes(decoded.content(made(name, **fill))))
        assert agrees(said, decoded.schema(name)), said


def test_what_is_unknown_is_null_with_its_reason() -> None:
    said = decoded.content(made("VITALS", respiration_validity=0, respiration_reason=int(table.Reason["GAP"])))
    assert said["respiration_rate"] is None
    assert said["reasons"]["respiration_rate"] == table.text_of(table.Reason, table.Reason["GAP"])


def test_a_nonce_keeps_its_64_bits() -> None:
    assert decoded.content(made("PING", nonce=(1 << 63) + 1))["nonce"] == "0x8000000000000001"


def test_no_field_hides_one_of_the_header() -> None:
    for layout in table.LAYOUTS.values():
        keys = list(decoded.schema(layout.name)["properties"])
        assert len(keys) >= 4 + len(layout.fields)


def test_a_recording_tells_configuration_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "l.mcap"
    with Recorder(path, {}, packets=True) as recorder:
        recorder.note(CONFIG, T0_US, {"what": "line", "baud": 460800})
        for second, boot in enumerate((1, 1, 2)):
            line = codec.encode(made("HELLO")._replace(boot=boot))
            recorder.from_device(T0_US + second * 1_000_000, line[:20])
            recorder.from_device(T0_US + second * 1_000_000 + 9, line[20:])
        recorder.note(EVENT, T0_US + 4_000_000, {"what": "port lost"})
    notes = recording.read(path).notes
    assert [(one.topic, one.said.get("what"), one.said.get("boot")) for one in notes] == [
        (CONFIG, "line", None),
        (CONFIG, "device", 1),
        (CONFIG, "device", 2),
        (EVENT, "port lost", None),
    ]
    assert notes[1].utc_us == T0_US + 9  # when the packet was complete


@pytest.mark.parametrize(
    ("name", "field", "momentary"), [("ORDERS", "wake_window", "light_left"), ("RADAR", "n_chirps", "stored")]
)
def test_what_was_ordered_is_configuration_told_when_it_changes(name: str, field: str, momentary: str) -> None:
    ear = decoded.Ear()
    said = [{field: 4}, {field: 4, momentary: 0}, {field: 8}]
    heard = [ear.hear(True, codec.encode(made(name, **fields)))[0].change for fields in said]
    assert [one and (one["said_by"], one[field]) for one in heard] == [(name, 4), None, (name, 8)]


def test_a_stock_reader_finds_json_and_schema(tmp_path: Path) -> None:
    path = tmp_path / "l.mcap"
    with Recorder(path, {}, packets=True) as recorder:
        recorder.from_device(T0_US, codec.encode(made("VITALS")))
        recorder.to_device(T0_US, codec.encode(made("PING")))
    with path.open("rb") as file:
        found = {
            channel.topic: (
                schema.encoding,
                json.loads(schema.data),
                channel.message_encoding,
                json.loads(message.data),
            )
            for schema, channel, message in make_reader(file).iter_messages()
            if schema is not None
        }
    assert sorted(found) == ["/packet/PING", "/packet/VITALS"]
    for encoding, schema, messages, said in found.values():
        assert (encoding, messages) == ("jsonschema", "json") and agrees(said, schema)


def test_foreign_bytes_make_no_packet_and_lose_nothing(tmp_path: Path) -> None:
    path, noise = tmp_path / "l.mcap", bytes(range(256)) * 30
    with Recorder(path, {}, packets=True) as recorder:
        recorder.from_device(T0_US, noise)
        assert recorder.ear is not None and recorder.ear.counters.packets == 0
    assert recording.read(path).bytes_of(recording.FROM_DEVICE) == noise


def test_a_note_elsewhere_is_our_mistake(tmp_path: Path) -> None:
    with Recorder(tmp_path / "l.mcap", {}) as recorder, pytest.raises(ValueError, match="/config, /event"):
        recorder.note("/uart/from_device", T0_US, {"what": "x"})
