"""Parameters: one table, the same numbers in C and in the reference."""

from __future__ import annotations

import re

import numpy as np
import pytest

from edge.blocks import parameters
from edge.core import load
from front.env import ROOT

FFI, LIB = load()
HEADER = ROOT / "native" / "include" / "sw_parameters.h"


def test_every_row_of_the_table_is_read() -> None:
    rows = re.findall(r"^    PARAMETER\(", HEADER.read_text(), re.MULTILINE)
    assert len(parameters.table()) == len(rows)


def test_a_parameter_is_an_attribute() -> None:
    assert parameters.table()["ZONE_FAR_M"][0] == parameters.ZONE_FAR_M


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(AttributeError, match="no parameter ZONE_WIDTH_M"):
        parameters.ZONE_WIDTH_M  # noqa: B018


def test_c_works_with_the_same_names_and_values() -> None:
    assert LIB.sw_parameters_hash() == parameters.hash32()


def test_another_value_is_another_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, before = parameters.table(), parameters.hash32()
    value, unit, meaning = rows["LEAKAGE"]
    rows["LEAKAGE"] = float(np.nextafter(np.float32(value), np.float32(np.inf))), unit, meaning
    monkeypatch.setattr(parameters, "table", lambda: rows)
    assert parameters.hash32() != before
