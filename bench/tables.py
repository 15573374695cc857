"""What the tables of evidence share: one command of the product per row, kept; Markdown.

Rule: a report is kept in the work folder under the digest of what made it, so that a run that was broken off goes on
where it stopped and a changed product starts anew.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from front.env import ROOT

SOURCES = ("native", "hw_sim", "edge", "wire", "cloud")
KINDS = ("py", "c", "h", "toml", "json")
Report = dict[str, Any]


def sources_digest() -> str:
    """Digest of every source that can change a figure."""
    files = sorted(p for s in SOURCES for e in KINDS for p in (ROOT / s).rglob(f"*.{e}"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files if path.name[0] != "_")).hexdigest()[:12]


def stillwave(work: Path, name: str, *args: str) -> Report:
    """The JSON of one command, from the work folder when it was run before."""
    kept = work / f"{name}.{sources_digest()}.json"
    if not kept.is_file():
        print(f"{name}: stillwave {' '.join(args)}", file=sys.stderr)
        command = [sys.executable, str(ROOT / "stillwave.py"), *args, "--json", "--out", str(work / name), "--force"]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        kept.write_text(done.stdout)
    result: Report = json.loads(kept.read_text())
    return result


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def figure(value: float | None, digits: int = 2) -> str:
    """A number, or that there is none."""
    return "–" if value is None else f"{value:.{digits}f}"
