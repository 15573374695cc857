"""Ten minutes that are compared by their bytes: what host, user and body do, second by second. Frozen.

Rule: a change of this table changes every digest, and what is compared over the versions; add a second table instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hw_sim.levers import Levers
from hw_sim.scenario import Breathing, Clutter, Person, Scenario
from hw_sim.scene import Scene
from wire import codec, handshake, packet
from wire.packet import Packet

SECONDS = 600
T0_UTC_US = 1_700_000_000_400_000
"""True UTC at virtual time 0; not a whole second."""
ALARM_S = 420
"""The set time, seconds after T0."""

SCENARIO = Scenario(
    description="somebody restless sits in front of the device for ten minutes",
    person=Person(
        centre_m=(0.0, 0.435, 0.0),
        pose="sitting",
        movements_per_hour=90.0,
        movement_s=(3.0, 8.0),
        breathing=Breathing(rate_per_min=(12.0, 17.0), chest_mm=7.0, abdomen_mm=7.5),
    ),
    clutter={"chair": Clutter(at_m=(0.1, 0.62, -0.1), rcs_m2=0.004)},
)

SCRIPT: tuple[tuple[int, str, int], ...] = (
    # second, what, with what
    (2, "hello", 0),
    (4, "ping", 0),
    (7, "alarm_read", 0),
    (8, "settings_read", 0),
    (10, "settings_set", 1),
    (14, "settings_read", 0),
    (16, "alarm_set", ALARM_S),
    (20, "alarm_read", 0),
    (30, "settings_set", 0),
    (60, "ping", 0),
    (90, "hello", 0),
    (120, "ping", 0),
    (150, "deaf", 1),  # hears, and acknowledges nothing
    (180, "ping", 0),
    (200, "standby", 1),
    (205, "ping", 0),
    (207, "order", 1),
    (210, "pull", 20),
    (212, "window", 1800),
    (215, "hello", 0),
    (217, "radar_read", 0),
    (220, "alarm_read", 0),
    (222, "order", 0),  # the switch goes on
    (224, "deaf", 0),
    (225, "standby", 0),
    (270, "ping", 0),
    (300, "pull", 12),
    (330, "ping", 0),
    (360, "alarm_cancel", 0),
    (364, "alarm_set", ALARM_S),
    (370, "alarm_read", 0),
    (390, "ping", 0),
    (425, "button", 1),  # snooze
    (426, "button", 0),
    (430, "alarm_read", 0),
    (435, "snooze", 0),  # it is snoozed already
    (440, "light", 40),
    (445, "orders_read", 0),
    (450, "ring", 0),
    (455, "alarm_read", 0),
    (460, "button", 1),  # dismissal
    (463, "button", 0),
    (470, "alarm_read", 0),
    (510, "ping", 0),
    (540, "hello", 0),
    (570, "ping", 0),
)
QUESTIONS = {
    "hello": packet.HOST_HELLO,
    "ping": packet.PING,
    "alarm_read": packet.ALARM_READ,
    "alarm_cancel": packet.ALARM_CANCEL,
    "settings_read": packet.SETTINGS_READ,
    "snooze": packet.SNOOZE,
    "orders_read": packet.ORDERS_READ,
    "radar_read": packet.RADAR_READ,
}
ORDERS: dict[str, Callable[[int], tuple[int, dict[str, int]]]] = {
    "alarm_set": lambda s: (packet.ALARM_SET, {"set_for_utc_us": T0_UTC_US + s * 1_000_000, "sunrise_s": 60}),
    "ring": lambda utc_us: (packet.RING, {"utc_us": utc_us}),
    "settings_set": lambda side: (packet.SETTINGS_SET, {"side": side}),
    "order": lambda on: (packet.STANDBY, {"on": on}),
    "window": lambda seconds: (packet.WAKE_WINDOW, {"wake_window": seconds}),
    "light": lambda level: (packet.NIGHT_LIGHT, {"night_light": level, "duration": 60}),
}
LEVERS = ("standby", "button")


def scene(seed: int) -> Scene:
    """The room of the ten minutes."""
    return Scene(SCENARIO, seed=seed, duration_s=float(SECONDS))


class ScriptHost:
    """Says what the table says, answers PONG with TIME, and acknowledges what it hears unless it is deaf.

    heard: every packet, in order.
    """

    def __init__(self) -> None:
        self.heard: list[Packet] = []
        self._decoder = codec.Decoder()
        self._second = 0
        self._nonce = 1000
        self._boot = 0
        self._newest = 0
        self._deaf = False

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        """The end of a second."""
        said = [self._answer(one, utc_us) for one in self._decoder.feed(data)]
        said += [self._speak(what, value) for second, what, value in SCRIPT if second == self._second]
        if self._newest and not self._deaf:
            said.append(handshake.ack(self._boot, self._newest))
        self._second += 1
        return b"".join(said)

    def _answer(self, one: Packet, utc_us: int) -> bytes:
        self.heard.append(one)
        self._boot = one.boot
        if one.seq:
            self._newest = max(self._newest, one.seq)
        if one.type != packet.PONG:
            return b""
        time: dict[str, Any] = {"device_nonce": one.fields["device_nonce"], "utc_us": utc_us}
        return codec.encode(packet.make(packet.TIME, time))

    def _speak(self, what: str, value: int) -> bytes:
        self._nonce += 1
        if what in QUESTIONS:
            fields = {"utc_us": T0_UTC_US + self._second * 1_000_000} if what == "hello" else {}
            return codec.encode(packet.make(QUESTIONS[what], {"nonce": self._nonce, **fields}))
        if what in ORDERS:
            kind, ordered = ORDERS[what](value)
            return codec.encode(packet.make(kind, {"nonce": self._nonce, **ordered}))
        if what == "pull":
            first = max(1, self._newest - value)
            return codec.encode(packet.make(packet.PULL, {"boot": self._boot, "seq": first, "count": value}))
        self._deaf = bool(value) if what == "deaf" else self._deaf
        return b""


def pull_levers(rig: Levers) -> None:
    """What the user does, half a second after the second of the table."""
    for second, what, value in SCRIPT:
        if what in LEVERS:
            lever = rig.set_standby if what == "standby" else rig.button
            rig.at(second * 1_000_000 + 500_000, lambda lever=lever, on=bool(value): lever(on))  # type: ignore[misc]
