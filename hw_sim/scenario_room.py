"""What a scenario may say of the room and the radio: fans, draughts, walls, chargers, other radars, antennas, converter.

Rule: everything here is absent or ideal unless a file names it, so that old scenes keep their samples.
"""

from __future__ import annotations

from typing import Literal

from hw_sim.scenario_table import Table


class Corner(Table, frozen=True):
    """A metal corner of three triangles at right angles (trihedral), open towards the device; still.

    It stands there from from_s (None: from the start) until to_s (None: to the end).
    """

    distance_m: float  # of its inner corner, from the device
    azimuth_deg: float = 0.0  # to the right positive
    elevation_deg: float = 0.0  # upwards positive
    edge_m: float = 0.06  # from the inner corner to a tip
    from_s: float | None = None  # none: from the start
    to_s: float | None = None  # none: to the end


class BladeFan(Table, frozen=True):
    """A fan with whole blades, a grille or a hub, and a head that may swing. What is left out goes by its kind."""

    distance_m: float  # along the floor
    azimuth_deg: float  # to the right positive
    kind: Literal["desk", "floor", "ceiling"] = "desk"  # decides what is left out
    height_m: float | None = None  # of the hub, above the device
    turns_per_s: float | None = None  # none: drawn from the kind's range
    blades: int | None = None  # how many; none: drawn from the kind's range
    radius_m: float | None = None  # of the blades; none: drawn from the kind's range
    facing_deg: float = 40.0  # between the axis and the line to the radar; not for ceiling fans
    swing_deg: float = 0.0  # the head swings so far to either side; not for ceiling fans
    swing_s: float = 12.0  # there and back
    rcs_m2: float | None = None  # of one blade that faces the radar


class Draught(Table, frozen=True):
    """A curtain that hangs in moving air: it swings as a hanging sheet does, and gusts blow it out."""

    distance_m: float  # from the device
    azimuth_deg: float  # to the right positive
    width_m: float = 0.9  # across the line of sight
    drop_m: float = 2.0  # from rail to lower edge
    draught_mm: float = 8.0  # rms at the lower edge between gusts
    gusts_per_hour: float = 20.0  # how often
    gust_mm: float = 60.0  # how far a middling gust carries the lower edge
    rcs_m2: float = 0.02  # radar cross-section of the whole


class Wall(Table, frozen=True):
    """A flat wall or ceiling that reflects what bodies scatter. Its own echo is clutter, and not in it."""

    azimuth_deg: float  # of the line from the device that meets it at right angles
    distance_m: float  # from the device
    elevation_deg: float = 0.0  # 90: a ceiling
    material: Literal["plasterboard", "concrete", "glass", "wood"] = "plasterboard"  # decides what a bounce costs
    extra_loss_db: float = 0.0  # at each bounce: roughness, wallpaper, furniture


class Radar(Table, frozen=True):
    """Another device that sweeps the same band and can be heard."""

    distance_m: float  # from the device
    azimuth_deg: float  # to the right positive
    elevation_deg: float = 0.0  # upwards positive
    start_ghz: float = 59.0  # where its sweep begins
    sweep_ghz: float = 3.5  # below 0: downwards; 0: a steady carrier
    sweep_us: float = 70.0  # how long a sweep takes
    chirp_us: float = 400.0  # from chirp to chirp
    chirps: int = 32  # in a frame
    frames_per_s: float = 10.0  # how often it sends a frame
    clock_ppm: float = 17.0  # against this device's clock
    eirp_dbm: float = 7.5  # in its main direction
    aim_db: float = -10.0  # what of that goes this way
    from_s: float | None = None  # none: from the start
    to_s: float | None = None  # none: to the end


class Charger(Table, frozen=True):
    """A switching supply whose tone gets into the IF."""

    khz: float = 100.0  # switching frequency
    counts: float = 1.0  # amplitude of its first tone at an IF gain of 23 dB
    harmonics: int = 3  # the n-th is n times weaker
    jitter_pct: float = 2.0  # of the frequency, to either side, against interference
    jitter_hz: float = 250.0  # how often it goes to and fro
    from_s: float | None = None  # none: from the start
    to_s: float | None = None  # none: to the end


class Antennas(Table, frozen=True):
    """How far each antenna is from ideal; drawn per seed, evenly, to either side."""

    gain_db: float = 0.0  # of each antenna
    phase_deg: float = 0.0  # of each antenna
    squint_deg: float = 0.0  # of each beam's middle, in azimuth and elevation
    skew: float = 0.0  # how much wider a beam is on one side, share
    leakage_db: float = 0.0  # of what leaks from the transmitter


class FrontEnd(Table, frozen=True):
    """Receivers and converter beyond the ideal."""

    noise_shape_db: float = 0.0  # by how much the noise falls from 200 kHz to 1 MHz (at 2 MHz)
    flicker_khz: float = 0.0  # where flicker equals white noise
    first_chirp_counts: float = 0.0  # of the first chirp of a frame, at its first sample
    first_chirp_us: float = 20.0  # it decays with this time constant
    ramp_bend_pct: float = 0.0  # the sweep leaves its straight line by so much of its width, in the middle
    offset_counts: float = 0.0  # of all converters, beside their own
