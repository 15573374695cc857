"""Register lists as radar tools export them: a C array of words `address << 25 | 1 << 24 | data`, with macros beside it.

Rule: the form is free (any spelling of numbers, any brackets, comments, prefixed macros, several lists in one file); the
words are not: a file without one clear list is refused in one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from front.env import InputError

WRITE = 1 << 24
FEWEST = 8  # shorter arrays of numbers are something else
COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
DISABLED = re.compile(r"^\s*#\s*if\s+0\b.*?^\s*#\s*(?:endif|else)\b[^\n]*", re.DOTALL | re.MULTILINE)
CAST = re.compile(r"\(\s*(?:const\s+)?u?int\w*\s*\)")
ARRAY = re.compile(r"(?:(\w+)\s*(?:\[[^\]\n]*\]\s*)?(?::[^=\n{]*)?=\s*&?\s*|)[\[{(]([^\[\]{}()]*)[\]})]")
NUMBER = re.compile(r"0[xX][0-9a-fA-F_']+|0[bB][01_']+|\d[\d_']*")
SUFFIX = re.compile(r"(?:_?u(?:32|64)|[uUlL]+)$")
MACRO = re.compile(r"^\s*#\s*define\s+(\w+)[ \t]+\(?\s*([-+.\w']+?)\s*\)?[ \t]*$", re.MULTILINE)
MACROS = (
    *("START_FREQ_HZ", "END_FREQ_HZ", "NUM_SAMPLES_PER_CHIRP", "NUM_CHIRPS_PER_FRAME", "NUM_RX_ANTENNAS"),
    *("SAMPLE_RATE", "CHIRP_REPETITION_TIME_S", "FRAME_REPETITION_TIME_S", "NUM_REGS"),
)
PREFIX = "XENSIV_BGT60TRXX_CONF_"


@dataclass(frozen=True)
class Listing:
    """words: 32 bit each, as they go over SPI. declared: what macros beside the list say, by MACROS, as written."""

    words: tuple[int, ...]
    name: str = ""
    declared: Mapping[str, str] = field(default_factory=dict)

    def registers(self) -> dict[int, int]:
        """Data by address; of several writes the last."""
        return {word >> 25: word & 0xFFFFFF for word in self.words if word & WRITE}


def load_list(path: Path, name: str | None = None) -> Listing:
    """The list of a file; name: of the array when there are several. Raises InputError."""
    found = find_lists(path.read_text("utf-8", "replace"))
    if name is not None:
        found = [one for one in found if one.name == name]
    if not found:
        wanted = f"an array {name} of" if name else "an array of"
        raise InputError(f"{path}: expected {wanted} 32-bit register words (address << 25 | 1 << 24 | data)")
    if len(found) > 1:
        names = ", ".join(one.name or "(no name)" for one in found)
        raise InputError(f"{path}: holds {len(found)} register lists: {names}; choose one with --array NAME")
    return found[0]


def find_lists(text: str) -> list[Listing]:
    """Every register list in a source text, each with the macros between the list before and its own end."""
    text = DISABLED.sub("", COMMENTS.sub(" ", text))
    text = CAST.sub("", text)
    found, after = [], 0
    for match in ARRAY.finditer(text):
        words = _words(match[2])
        if words is not None:
            found.append(Listing(words, match[1] or "", _macros(text[after : match.start()])))
            after = match.end()
    if not found and (words := _words(text)) is not None:
        return [Listing(words)]
    return found


def _words(text: str) -> tuple[int, ...] | None:
    """Numbers that may be register words, most of them writes; None for any other text."""
    numbers = []
    for token in re.split(r"[\s,;]+", text.strip(" \t\r\n,;")):
        bare = SUFFIX.sub("", token)
        if not NUMBER.fullmatch(bare):
            return None
        numbers.append(_integer(bare))
    if len(numbers) < FEWEST or max(numbers) >= 1 << 32 or sum(bool(n & WRITE) for n in numbers) * 2 < len(numbers):
        return None
    return tuple(numbers)


def _integer(text: str) -> int:
    bare = text.replace("_", "").replace("'", "")
    return int(bare, 0 if bare[:2].lower() in ("0x", "0b") else 10)


def _macros(text: str) -> dict[str, str]:
    """Known macros by the end of their name, whatever stands before or behind it."""
    found = {}
    for match in MACRO.finditer(text):
        for known in MACROS:
            if re.search(rf"(?:^|_){known}(?:_|$)", match[1]):
                found[known] = SUFFIX.sub("", match[2]).replace("'", "")
    return found


def as_header(words: Sequence[int], declared: Mapping[str, str], name: str = "register_list") -> str:
    """A C header in the form of exported ones. declared: by MACROS, without NUM_REGS."""
    macros = {"DEVICE": "XENSIV_DEVICE_BGT60TR13C", **declared, "NUM_TX_ANTENNAS": "1", "NUM_REGS": str(len(words))}
    lines = [f"#define {PREFIX}{key} ({value})" for key, value in macros.items()]
    body = ",\n".join(f"    0x{word:08x}UL" for word in words)
    guard = f"{PREFIX}H"
    return (
        f"/* Register list of the BGT60TR13C, written by stillwave config. */\n\n#ifndef {guard}\n#define {guard}\n\n"
        + "\n".join(lines)
        + f"\n\n#if defined({PREFIX}IMPL)\nconst uint32_t {name}[] = {{\n{body}\n}};\n#endif\n\n#endif\n"
    )
