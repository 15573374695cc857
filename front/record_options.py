"""The options of `stillwave record`, `recover` and `export`: thin, and light to import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Recorded = Annotated[Path, typer.Argument(metavar="FILE", help="A recording of a serial line.")]


def record(
    port: Annotated[str, typer.Argument(metavar="PORT", help="Whatever comes from there, in any language.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The recording, .mcap.")],
    pty: Annotated[
        Path | None, typer.Option("--pty", metavar="LINK", help="A port beside it: who opens it has the device.")
    ] = None,
    baud: Annotated[int | None, typer.Option("--baud", metavar="N", help="Of the port; default 460800.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", metavar="S", help="End after these.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the port, and for its return.")] = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Record a serial port, until Ctrl-C.

    Bytes of both directions with their times; packets as JSON beside them. With --pty, `stillwave cloud --serial LINK`
    or anybody else goes on using the device meanwhile.
    """
    from front import commands
    from front import record as work

    work.run(work.Asked(port, file, pty, baud, seconds, wait, force), json, commands.now_us)


def recover(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording, or any MCAP file.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The whole file.")],
    force: Force = False,
    json: Json = False,
) -> None:
    """Make a whole file of a recording that was cut or damaged."""
    from front import recordings

    recordings.recover(file, out, force, json)


def export(
    file: Recorded,
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Folder: one table for each kind of packet.")],
    format: Annotated[str, typer.Option("--format", metavar="csv|parquet", help="Parquet needs pyarrow.")] = "csv",
    force: Force = False,
    json: Json = False,
) -> None:
    """Export a recording as tables."""
    from front import recordings

    recordings.export(file, out, format, force, json)


COMMANDS = (record, recover, export)
