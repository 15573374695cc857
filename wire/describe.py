"""The tables of docs/wire.md, made from packet.h, host_packet.h and words.h; this module renews them in place.

Use: python -m wire.describe docs/wire.md

Rule: a number in that file that a header or the codec knows is written by this module, and a test compares.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from wire import codec, table
from wire.packet import Packet

_SECTION = "<!-- {0} -->\n{1}<!-- end -->"
_HEX = re.compile(r"```hex\n([0-9a-f\s]+)```\n\n<!-- bytes -->\n(.*?)<!-- end -->", re.DOTALL)


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def _head(*cells: str) -> str:
    return _row(*cells) + _row(*("---" for _ in cells))


def _meaning(field: table.Field, layout: table.Layout) -> str:
    """Unit or words of the field, and when it is unknown."""
    texts = [field.unit] if field.unit else []
    texts += [f"unknown when {v.validity} is 0, why: {v.reason}" for v in layout.values if v.field == field.name]
    return "; ".join(texts)


def field_table(layout: table.Layout) -> str:
    """One packet's payload (or the header) as a Markdown table: offset, bytes, field, type, LSB, meaning."""
    out = _head("offset", "bytes", "field", "type", "LSB", "meaning")
    for field in layout.fields:
        type_ = field.type if field.count == 1 else f"{field.type} × {field.count}"
        out += _row(field.offset, field.n_bytes, f"`{field.name}`", type_, field.lsb, _meaning(field, layout))
    return out


def line_bytes(layout: table.Layout) -> int:
    """Bytes of the packet on the line: header, payload, crc, the one code byte of a short COBS block, delimiter."""
    return table.HEADER.n_bytes + layout.n_bytes + codec.CRC_BYTES + 2


def tables() -> str:
    """All packets and words."""
    out = "\n### Header\n\n" + field_table(table.HEADER)
    for layout in table.LAYOUTS.values():
        way = "host → device" if layout.from_host else "device → host"
        out += f"\n### {layout.name}: type {layout.number}, {way}\n\n"
        out += f"Payload {layout.n_bytes} bytes, {line_bytes(layout)} bytes on the line.\n\n" + field_table(layout)
    for macro, (_, prefix) in table.WORDS.items():
        out += f"\n### {prefix}_*\n\n" + _head("number", "name", "text")
        out += "".join(_row(value, f"`{name}`", text) for name, value, text in table.TABLES[macro])
    return out + "\n"


def _shown(value: int | tuple[int, ...], field: table.Field) -> str:
    if isinstance(value, tuple):
        return " ".join(str(one) for one in value)
    if field.lsb == 1:
        is_count = field.type not in ("u32", "u64") or field.unit.startswith("us") or value < 1 << 16
        return str(value) if is_count else hex(value)
    return f"{value} → {float(value * field.lsb):.4g}"


def worked(line: bytes) -> str:
    """Every byte of one intact packet on the line. Raises ValueError when line is not exactly one packet."""
    found = codec.Decoder().feed(line)
    body = codec.cobs_decode(line[:-1])
    if len(found) != 1 or body is None:
        raise ValueError("docs: a hex block is not one intact packet")
    packet: Packet = found[0]
    header = dict(zip((f.name for f in table.HEADER.fields), table.HEADER.codes.unpack_from(body), strict=True))
    out = f"{packet.layout.name}, without COBS and delimiter:\n\n" + _head("at", "bytes", "field", "value")
    for start, layout, values in ((0, table.HEADER, header), (table.HEADER.n_bytes, packet.layout, packet.fields)):
        for field in layout.fields:
            at = start + field.offset
            out += _row(at, f"`{body[at : at + field.n_bytes].hex()}`", field.name, _shown(values[field.name], field))
    at = len(body) - codec.CRC_BYTES
    return out + _row(at, f"`{body[at:].hex()}`", "crc32", hex(int.from_bytes(body[at:], "little")))


def renewed(text: str) -> str:
    """The document with its tables and the byte list under every hex block made anew."""
    text = re.sub(r"<!-- tables -->\n.*?<!-- end -->", lambda _: _SECTION.format("tables", tables()), text, flags=re.S)

    def bytes_of(match: re.Match[str]) -> str:
        return f"```hex\n{match[1]}```\n\n" + _SECTION.format("bytes", worked(bytes.fromhex(match[1])))

    return _HEX.sub(bytes_of, text)


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(renewed(document.read_text(encoding="utf-8")), encoding="utf-8")
