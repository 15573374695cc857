"""Ten minutes that are compared by their bytes: what host, user, body and a stranger do, second by second. Frozen.

The device is paired, by the published key: what either end says bears a tag, so that a home which makes or checks one
wrongly says other bytes.
Rule: a change of these tables changes every digest, and what is compared over the versions; add a further one instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hw_sim.levers import Levers
from hw_sim.scenario import Breathing, Clutter, Person, Scenario
from hw_sim.scene import Scene
from wire import codec, handshake, packet, trust
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
FORGED: tuple[tuple[int, str, str, int], ...] = (
    # second, what is wrong with it, what it says, with what
    (66, "another key", "settings_set", 1),
    (72, "no tag", "alarm_set", ALARM_S + 200),
    (78, "changed on the way", "order", 0),  # to 1
    (82, "said before", "settings_set", 0),
    (104, "of the session before", "alarm_cancel", 0),
    (208, "thrown back", "ping", 0),
    (214, "another key", "ping", 0),
    (320, "no tag", "pull", 40),
    (410, "said before", "alarm_cancel", 0),  # a minute ago
    (415, "another key", "alarm_cancel", 0),
    (422, "no tag", "snooze", 0),  # while it rings
)
"""What a stranger on the line says. None of it may change anything or be answered."""
LEVERS = ("standby", "button")
STRANGERS_KEY: Final = trust.Key(bytes(range(trust.KEY_BYTES)))
STRANGERS_NONCES = range(9000, 9000 + SECONDS)


def scene(seed: int) -> Scene:
    """The room of the ten minutes."""
    return Scene(SCENARIO, seed=seed, duration_s=float(SECONDS))


class ScriptHost:
    """Says what the table says, answers PONG with TIME, and acknowledges what it hears unless it is deaf.

    Whatever it says bears the tag of its session; what the stranger says is among it. heard: every packet, in order.
    """

    def __init__(self) -> None:
        self.heard: list[Packet] = []
        self._decoder = codec.Decoder()
        self._second = 0
        self._nonce = 1000
        self._boot = 0
        self._newest = 0
        self._deaf = False
        self._sessions: list[trust.Key] = []
        self._said: dict[int, Packet] = {}
        self._seq = 0

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        """The end of a second."""
        said = [self._answer(one, utc_us) for one in self._decoder.feed(data)]
        said += [self._speak(what, value) for second, what, value in SCRIPT if second == self._second]
        if self._newest and not self._deaf:
            said.append(self._seal(packet.make(packet.ACK, self._ack())))
        said += [self._forge(how, what, value) for second, how, what, value in FORGED if second == self._second]
        self._second += 1
        return b"".join(said)

    def _answer(self, one: Packet, utc_us: int) -> bytes:
        self.heard.append(one)
        self._boot = one.boot
        if one.seq:
            self._newest = max(self._newest, one.seq)
        if one.type == packet.HELLO and one.fields["host_nonce"]:
            nonces = (int(str(one.fields[name])) for name in ("nonce", "host_nonce"))
            self._sessions.append(trust.session_key(trust.TEST, *nonces, one.boot))
        if one.type != packet.PONG:
            return b""
        time: dict[str, Any] = {"device_nonce": one.fields["device_nonce"], "utc_us": utc_us}
        return self._seal(packet.make(packet.TIME, time))

    def _ack(self) -> dict[str, int]:
        return {"boot": self._boot, "seq": self._newest, "sack": 0, "credit": handshake.CREDIT}

    def _seal(self, one: Packet) -> bytes:
        """The line's bytes, with number and tag of the newest session."""
        if not self._sessions:
            return b""
        self._seq += 1
        self._said[one.type] = trust.seal(self._sessions[-1], one._replace(seq=self._seq))
        return codec.encode(self._said[one.type])

    def _packet(self, what: str, value: int, nonce: int) -> Packet:
        if what in QUESTIONS:
            fields = {"utc_us": T0_UTC_US + self._second * 1_000_000} if what == "hello" else {}
            return packet.make(QUESTIONS[what], {"nonce": nonce, **fields})
        if what == "pull":
            first = max(1, self._newest - value)
            return packet.make(packet.PULL, {"boot": self._boot, "seq": first, "count": value})
        kind, ordered = ORDERS[what](value)
        return packet.make(kind, {"nonce": nonce, **ordered})

    def _speak(self, what: str, value: int) -> bytes:
        self._nonce += 1
        if what == "deaf":
            self._deaf = bool(value)
        if what == "deaf" or what in LEVERS:
            return b""
        one = self._packet(what, value, self._nonce)
        return codec.encode(one) if what == "hello" else self._seal(one)

    def _forge(self, how: str, what: str, value: int) -> bytes:
        plain = self._packet(what, value, STRANGERS_NONCES[self._second])._replace(seq=self._seq + 1)
        session = self._sessions[-1]
        forged = {
            "no tag": plain,
            "another key": trust.seal(STRANGERS_KEY, plain),
            "changed on the way": changed(trust.seal(session, plain)),
            "of the session before": trust.seal(self._sessions[max(len(self._sessions) - 2, 0)], plain),
            "said before": self._said.get(plain.type, plain),
            "thrown back": self.heard[-1],
        }
        return codec.encode(forged[how])


def changed(one: Packet) -> Packet:
    """The last bit of its payload is another one; its checksum is right."""
    return one._replace(payload=one.payload[:-1] + bytes([one.payload[-1] ^ 1]))


def pull_levers(rig: Levers) -> None:
    """What the user does, half a second after the second of the table."""
    for second, what, value in SCRIPT:
        if what in LEVERS:
            lever = rig.set_standby if what == "standby" else rig.button
            rig.at(second * 1_000_000 + 500_000, lambda lever=lever, on=bool(value): lever(on))  # type: ignore[misc]
