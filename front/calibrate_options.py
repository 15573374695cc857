"""The options of `stillwave calibrate`: thin, and light to import."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Action = Literal["empty-room", "corner", "show", "forget"]


def calibrate(
    port: Annotated[str, typer.Argument(metavar="PORT", help="Serial port of the device.")],
    action: Annotated[Action, typer.Argument(metavar="empty-room|corner|show|forget")],
    distance: Annotated[float | None, typer.Option(help="Of the corner reflector, m; default 1.")] = None,
    azimuth: Annotated[float, typer.Option(help="... degrees, + towards RX1.")] = 0.0,
    elevation: Annotated[float, typer.Option(help="... degrees, + towards RX2.")] = 0.0,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="The device is an emulated board, whose key is published.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Calibrate the device at a port: its antennas, the empty room.

    First the empty room, then the corner reflector. Nothing may move within 3 m meanwhile: 20 s each.
    """
    from front import commands

    commands.calibrate(action, port, (distance, azimuth, elevation), simulated, json)
