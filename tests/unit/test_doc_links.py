"""Every file that a page of the documentation links to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LINK = re.compile(r"""\]\(([^)#:\s]+)(?:#[^)]*)?\)|(?:src|srcset|href)="([^"#:]+)""")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    linked = [one or other for one, other in LINK.findall(page.read_text("utf-8"))]
    assert [name for name in linked if not (page.parent / name).exists()] == []
