"""What the cloud has seen, one row type per table of the store.

Rule: a value that is not known is None, and its reason says why; physical units are in the names.
"""

from __future__ import annotations

from typing import NamedTuple

#: A value is valid when its validity probability is at least one half (LSB 1/255 on the wire).
VALID_FROM = 128


class Boot(NamedTuple):
    """One boot of the device and what its line cost: lost = gaps in the sequence, duplicates = dropped."""

    boot: int
    device_id: int | None
    config_hash: int | None
    parameters_hash: int | None
    last_seq: int
    lost: int
    duplicates: int


class Anchor(NamedTuple):
    """Device time and UTC of one instant, in us: the host asked, the device answered."""

    boot: int
    t_us: int
    utc_us: int


class DataPacket(NamedTuple):
    """One data packet as it came: n_bytes is its length on the line, delimiter included."""

    boot: int
    seq: int
    type: int
    t_us: int
    utc_us: int
    n_bytes: int
    payload: bytes


class Vitals(NamedTuple):
    """About one second of one sleeper. Validities 0..1; wave: int16 little-endian, um, 10 samples/s."""

    boot: int
    seq: int
    utc_us: int
    frame: int
    state: str
    saturated: int
    gap_before: int
    confidence: float
    respiration_rate_per_min: float | None
    respiration_validity: float
    respiration_reason: str
    moving: int | None
    motion_db: float | None
    motion_validity: float
    motion_reason: str
    distance_mm: float | None
    distance_validity: float
    azimuth_deg: float | None
    elevation_deg: float | None
    position_reason: str
    wave: bytes | None
    wave_utc_us: int
    wave_validity: float
    wave_reason: str
    quality_breathing: float
    quality_motion: float


class Transition(NamedTuple):
    """The uplink policy changed its state; silent_* are set when this packet ends a silence, its reason if told."""

    boot: int
    seq: int
    utc_us: int
    from_state: str
    to_state: str
    reason: str
    silent_from_utc_us: int | None
    silent_to_utc_us: int | None
    silent_reason: str | None


class AlarmEvent(NamedTuple):
    """What became of the alarm, told by the device. device_utc_us: by its own clock, None when it has none."""

    boot: int
    seq: int
    utc_us: int
    event: str
    by: str
    reason: str
    device_utc_us: int | None
    set_for_utc_us: int | None


class Room(NamedTuple):
    """Temperature, humidity and light of the room; a reason is empty where the value is known."""

    boot: int
    seq: int
    utc_us: int
    temperature_c: float | None
    temperature_reason: str
    humidity_pct: float | None
    humidity_reason: str
    light_lux: float | None
    light_reason: str


class Fault(NamedTuple):
    """The device noticed a fault, or that one is over. times: in this boot; to_utc_us: seen last, None while present."""

    boot: int
    seq: int
    utc_us: int
    reason: str
    present: int
    times: int
    from_utc_us: int
    to_utc_us: int | None


class Gap(NamedTuple):
    """The device no longer has these packets of of_boot, or their waveforms. utc_us: it was said then, or where nobody
    knows, heard then."""

    boot: int
    seq: int
    utc_us: int
    of_boot: int
    first_seq: int
    last_seq: int
    what: str  # "packets" | "waveforms"
    reason: str


class Untimed(NamedTuple):
    """A data packet of a boot that never answered this host and never told its clock: nobody knows when it was."""

    boot: int
    seq: int
    type: int
    t_us: int
    payload: bytes


class Health(NamedTuple):
    """What the device answered when asked for faults, from the first to the last of equal answers on end.

    present: reasons, the most important first, past: those over, the latest first; both one a line.
    """

    from_utc_us: int
    to_utc_us: int
    boot: int
    reset_cause: str
    changes: int
    present: str
    past: str


class Incident(NamedTuple):
    """Something that befell the cloud process itself, or its line. to_utc_us: None while it lasts."""

    from_utc_us: int
    what: str
    to_utc_us: int | None
    detail: str


class Occupancy(NamedTuple):
    """From utc_us on, the bed is in this state."""

    utc_us: int
    state: str
    reason: str


class User(NamedTuple):
    """From utc_us on, the one who is measured is: user, other, or unknown."""

    utc_us: int
    who: str
    reason: str


class Session(NamedTuple):
    """A night in bed. out_of_bed_utc_us is None while it is open."""

    in_bed_utc_us: int
    opened_utc_us: int
    last_present_utc_us: int
    out_of_bed_utc_us: int | None
    state: str
    reason: str


class Absence(NamedTuple):
    """The user was out of bed within a session."""

    from_utc_us: int
    to_utc_us: int
    reason: str


class Epoch(NamedTuple):
    """Half a minute as it was concluded when it was over. stage: 0 wake 1 light 2 deep 3 REM."""

    utc_us: int
    stage: int | None
    p_wake: float | None
    p_light: float | None
    p_deep: float | None
    p_rem: float | None
    respiration_rate_per_min: float | None
    movement: float | None  # share of the known seconds, 0..1
    confidence: float | None
    distance_mm: float | None
    occupied: str  # user, away, unknown
    reason: str  # why the stage is unknown; else why seconds are missing


class IntentChange(NamedTuple):
    """From utc_us on the user tries to sleep, or is awake again; concluded at told_utc_us."""

    utc_us: int
    state: str  # "trying to sleep" | "awake"
    told_utc_us: int
    reason: str


class Ring(NamedTuple):
    """The cloud's wish to ring early at utc_us, concluded at told_utc_us."""

    told_utc_us: int
    utc_us: int
    reason: str


class Setting(NamedTuple):
    """What the user has set, and what the device said about it: the last word under each name."""

    name: str
    value: str
    utc_us: int


class Rewound(NamedTuple):
    """No row of a table: what was concluded from these times on is taken back, other rows come in its place.

    from_utc_us: of bed, user and session; epochs_...: of the half minutes; absences_...: of what the open session left.
    """

    from_utc_us: int
    epochs_from_utc_us: int
    absences_from_utc_us: int


Observation = Vitals | Transition | AlarmEvent | Room | Fault | Gap
Row = (
    Boot
    | Anchor
    | DataPacket
    | Observation
    | Occupancy
    | User
    | Session
    | Absence
    | Epoch
    | IntentChange
    | Ring
    | Setting
    | Health
    | Incident
    | Untimed
    | Rewound
)
