"""The truth of a simulated night, as arrays. Rule: it comes as a file's content, never from the simulator's code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cloud.night import SECOND_US, Bools, Floats


class TruthError(Exception):
    """The content is no truth file; one line that names the key."""


@dataclass(frozen=True)
class Truth:
    """One entry per second from t0_utc_us on; NaN = undefined."""

    t0_utc_us: int
    rate_per_min: Floats  # at the end of each second, as a packet gives it
    in_place: Bools  # the user is in the user's place
    person_in_zone: Bools
    moving: Bools
    standby: Bools
    partner_in_bed: Bools
    pet_in_zone: Bools
    displacement_t0_utc_us: float  # of the first sample, its filter's delay subtracted
    displacement_rate_hz: float
    displacement_um: Floats

    @property
    def n_seconds(self) -> int:
        """Seconds of the night."""
        return len(self.in_place)


def parse(content: Mapping[str, Any]) -> Truth:
    """Truth from the JSON object of truth.json. Raises TruthError."""
    try:
        if content["step_s"] != 1:
            raise TruthError(f"truth.json: step_s {content['step_s']}, expected 1")
        flags = {k: np.array(content[k], bool) for k in ("in_place", "person_in_zone", "moving", "standby")}
        nobody = [0] * len(flags["in_place"])  # a scene of one person may leave the others out
        flags |= {k: np.array(content.get(k, nobody), bool) for k in ("partner_in_bed", "pet_in_zone")}
        displacement = content["displacement"]
        t0_utc_us = int(content["t0_utc_us"])
        rate_per_min = np.array(content["rate_per_min"], float)  # at i s after t0: the beginning of second i
        truth = Truth(
            t0_utc_us=t0_utc_us,
            rate_per_min=np.concatenate((rate_per_min[1:], rate_per_min[-1:])),
            displacement_t0_utc_us=t0_utc_us - float(displacement["delay_s"]) * SECOND_US,
            displacement_rate_hz=float(displacement["rate_hz"]),
            displacement_um=np.array(displacement["um"], float),
            **flags,
        )
    except KeyError as error:
        raise TruthError(f"truth.json: key {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise TruthError(f"truth.json: {error}") from error
    lengths = {name: len(column) for name, column in (*flags.items(), ("rate_per_min", truth.rate_per_min))}
    if len(set(lengths.values())) > 1:
        raise TruthError(f"truth.json: columns of unequal length: {lengths}")
    return truth


def seconds_since_start(mask: Bools) -> Floats:
    """For every second how long mask has been true without a break, 1 in its first second, 0 where it is false."""
    number = np.arange(1, len(mask) + 1)
    last_false = np.maximum.accumulate(np.where(mask, 0, number)) if len(mask) else number
    return np.where(mask, number - last_false, 0).astype(float)
