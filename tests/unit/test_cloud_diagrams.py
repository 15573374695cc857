"""The diagrams in the document are those of the tables."""

from __future__ import annotations

import pytest

from cloud.diagrams import DOCUMENT, diagrams, placed


def test_the_document_is_up_to_date() -> None:
    document = DOCUMENT.read_text()
    assert placed(document) == document, "run: python -m cloud.diagrams"


def test_an_arrow_is_a_cell_that_changes_the_state() -> None:
    assert "    occupied --> empty: nobody\n" in diagrams()["occupancy"]
    assert "    arriving --> in_bed: present for more than five minutes [open]\n" in diagrams()["session"]
    assert "    up --> trying_to_sleep: slept [had not woken up]\n" in diagrams()["intent"]


def test_the_policy_is_a_table() -> None:
    rows = [line.split(" | ") for line in diagrams()["alarm policy"].splitlines()]
    assert rows[0][3] == "light sleep"
    assert [row[3] for row in rows[2:]] == ["–", "–", "ring", "–"]


def test_a_missing_mark_is_named() -> None:
    with pytest.raises(ValueError, match="expected the marks of occupancy"):
        placed("# nothing")
