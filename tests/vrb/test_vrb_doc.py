"""docs/virtual-board.md says what the C says: example, keys, statuses, ops."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from front.env import ROOT
from hw_sim.chip.core import ffi, lib
from tests.vrb.build_c import CHIP, run

PAGE = (ROOT / "docs" / "virtual-board.md").read_text("utf-8")


def table(first_column: str) -> list[list[str]]:
    """Rows of the page's table whose first column has this title."""
    lines = PAGE[PAGE.index(f"| {first_column} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").replace("\\|", "&#124;").split("|")] for line in lines]


def code(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_prints_what_the_page_says(tmp_path: Path, library: Path) -> None:
    (tmp_path / "example.c").write_text(code("c"))
    program = tmp_path / "example"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{library}", f"-L{library}", f"-Wl,-rpath,{library}"]
    run("gcc", tmp_path / "example.c", *flags, "-lvrb", "-o", program)
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == code("text")


def test_the_example_is_short() -> None:
    assert code("c").count("\n") <= 36


def test_every_key_is_in_the_table_with_its_range_and_default() -> None:
    rows = []
    row = ffi.new("vrb_key_info *")
    for index in range(lib.vrb_key_count()):
        lib.vrb_key_describe(index, row)
        cells = [ffi.string(cell).decode() for cell in (row.path, row.expected, row.standard)]
        rows.append([f"`{cells[0]}`", cells[1], f"`{cells[2]}`"])
    assert table("key") == rows


def test_what_holds_without_a_key_is_what_the_table_says() -> None:
    for path, _, standard in table("key"):
        group, _, key = path.strip("`").rpartition(".")
        text = f'"{key}": {standard.strip("`")}'
        board = lib.vrb_open(("{" + (f'"{group}": {{{text}}}' if group else text) + "}").encode())
        assert board != ffi.NULL, ffi.string(lib.vrb_why())
        lib.vrb_close(board)


def test_every_status_is_in_the_table() -> None:
    declared = re.findall(r"(VRB_[A-Z_]+) = (-?\d+)", (CHIP / "vrb.h").read_text())
    assert [row[:2] for row in table("status")] == [[f"`{name}`", value] for name, value in declared]


@pytest.mark.parametrize("title", ["op", "flag"])
def test_every_number_of_the_protocol_is_in_its_table(title: str) -> None:
    body = re.search(rf"enum spi_socket_{title} \{{(.*?)\}}", (CHIP / "spi_socket.h").read_text(), re.DOTALL)
    assert body is not None
    declared = re.findall(r"SPI_SOCKET_([A-Z_]+) = (\d+)", body[1])
    assert [row[:2] for row in table(title)] == [[value, name] for name, value in declared]
