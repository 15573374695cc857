"""The options of `stillwave replay`: thin, and light to import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording of a serial line.")],
    to: Annotated[
        str, typer.Option("--to", metavar="pty:LINK|PORT|cloud", help="Where the device's bytes go.")
    ] = "cloud",
    speed: Annotated[
        str | None, typer.Option("--speed", metavar="X|max", help="Of time; default max to cloud, else 1.")
    ] = None,
    start: Annotated[float | None, typer.Option("--start", metavar="S", help="From this second on.")] = None,
    end: Annotated[float | None, typer.Option("--end", metavar="S", help="Up to this second.")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Again and again, until Ctrl-C.")] = False,
    baud: Annotated[int | None, typer.Option("--baud", metavar="N", help="Of a PORT; default 460800.")] = None,
    what_if: Annotated[
        list[str] | None,
        typer.Option("--what-if", metavar="KEY=VALUE", help="To cloud: another setting, repeatable; `help` lists all."),
    ] = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", metavar="NAME", help="To cloud: seeed-mr60bha1 or seeed-mr60bha2.")
    ] = None,
    tz: Annotated[str | None, typer.Option("--tz", help="To cloud: time zone, where the recording names none.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="To cloud: folder of report, picture, table and store.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the run that --out holds.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Play a recorded line again: a port or the cloud.

    To cloud: outputs are disarmed; the report is that of the live run. With --what-if also the difference.
    """
    from front import replay as work
    from front.output import Folder

    asked = work.Asked(file, speed, start, end, loop, tuple(what_if or ()), tz, baud, protocol)
    if to == "cloud":
        work.to_cloud(asked, Folder(out, force), config, json)
    else:
        work.to_port(asked, to, json)
