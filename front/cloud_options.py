"""The options of `stillwave cloud`: thin, and light to import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def cloud(
    serial: Annotated[str, typer.Option("--serial", metavar="PORT", help="Serial port of the device.")],
    db: Annotated[Path, typer.Option("--db", help="The night's store; one that exists is gone on with.")] = Path(
        "night.sqlite"
    ),
    alarm: Annotated[str | None, typer.Option(metavar="HH:MM", help="Set time of every day, local.")] = None,
    side: Annotated[
        Literal["left", "right"] | None, typer.Option("--side", help="The user's side of the bed; default left.")
    ] = None,
    tz: Annotated[
        str | None, typer.Option("--tz", help="Time zone, e.g. Europe/Berlin; default the computer's.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the port, and for its return; unix: always does.")
    ] = False,
    protocol: Annotated[str | None, typer.Option(help="A module: seeed-mr60bha1, seeed-mr60bha2.")] = None,
    baud: Annotated[int | None, typer.Option("--baud", metavar="N", help="Of the port; default 460800.")] = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="FILE", help="Record the line into a new file, for `replay`.")
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Heed an emulated board, whose key is published.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML file over environment and user configuration.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")] = False,
) -> int:
    """The live cloud process: nights from a serial port."""
    from front import commands

    return commands.cloud(serial, db, alarm, side, tz, wait, protocol, baud, record, simulated, config, json)
