"""A device made of packets alone: answers the handshake, streams what a script says, second by second.

It keeps every data packet until it is acknowledged, and hands over what is pulled; it sends nothing again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from cloud.app import Cloud, seeded
from cloud.store import Store
from wire import codec, packet, table
from wire.table import LAYOUT_DIGEST, LAYOUTS, AlarmDeed, AlarmMaker, MotionClass, Reason, ResetCause, UplinkState

SECOND_US = 1_000_000
T0_UTC_US = 1_770_000_000_000_000 - 1_770_000_000_000_000 % (30 * SECOND_US)

Script = Callable[["FakeDevice", int], bytes]


class FakeDevice:
    """One boot. The methods give bytes for the line; seq counts data packets."""

    def __init__(self, boot: int = 7, booted_us: int = 0) -> None:
        self.boot = boot
        self.seq = 0
        self.acknowledged = 0
        self.booted_us = booted_us
        self.device_id = 2**63 + 5
        self.earlier = 0  # a boot of which it says that it keeps something
        self.kept: tuple[int, int] | None = None  # oldest and newest packet, as it tells them; None: as it is
        self.keeps: dict[int, packet.Packet] = {}
        self._pulled: list[int] = []
        self._decoder = codec.Decoder()
        self._questions: list[packet.Packet] = []
        self.heard: list[packet.Packet] = []
        self.present: tuple[str, ...] = ()  # names of reasons
        self.past: tuple[str, ...] = ()
        self.changes = 0
        self.reset_cause = "POWER"

    def hello(self, t_us: int, host_nonce: int = 0) -> bytes:
        return self._packet(
            packet.HELLO, t_us, device_id=self.device_id, nonce=99, config_hash=1, parameters_hash=2,
            protocol_oldest=1, protocol_newest=1, layout_digest=LAYOUT_DIGEST, host_nonce=host_nonce, **self._kept(),
        )  # fmt: skip

    def _kept(self) -> dict[str, int]:
        oldest, newest = self.kept or (min(self.keeps, default=0), self.seq)
        boot = self.earlier or (self.boot if oldest else 0)
        return {"oldest_seq": oldest, "newest_seq": newest, "oldest_boot": boot, "stored": len(self.keeps)}

    def hear(self, chunk: bytes) -> None:
        """Bytes of the host: acknowledgements count at once, questions wait for `answers`."""
        for one in self._decoder.feed(chunk):
            if one.type == packet.ACK:
                self._acknowledged(one)
            elif one.type == packet.PULL and one.fields["boot"] == self.boot:
                first, n = int(one.fields["seq"]), int(one.fields["count"])  # type: ignore[arg-type]
                self._pulled = [seq for seq in sorted(self.keeps) if seq >= first][:n]
            elif "nonce" in one.fields:
                self._questions.append(one)
            self.heard.append(one)

    def _acknowledged(self, ack: packet.Packet) -> None:
        boot, seq, sack = (int(ack.fields[name]) for name in ("boot", "seq", "sack"))  # type: ignore[arg-type]
        if boot == self.boot:
            self.acknowledged = seq
            self.keeps = {
                n: one for n, one in self.keeps.items() if n > seq and not (n > seq + 1 and sack >> n - seq - 2 & 1)
            }

    def answers(self, t_us: int) -> bytes:
        """What a device says to the questions it has heard."""
        asked, self._questions = self._questions, []
        pulled, self._pulled = [self.keeps[seq] for seq in self._pulled if seq in self.keeps], []
        said = b"".join(codec.encode(one._replace(flags=one.flags | table.FLAG_RESENT)) for one in pulled)
        for one in asked:
            nonce = int(one.fields["nonce"])  # type: ignore[arg-type]
            if one.type == packet.HOST_HELLO:
                said += self.hello(t_us, nonce)
            elif one.type == packet.HEALTH_READ:
                said += self.health(t_us, nonce)
            else:
                said += self._packet(packet.PONG, t_us, nonce=nonce, **self._kept())
        return said

    def health(self, t_us: int, nonce: int) -> bytes:
        """What `present`, `past`, `changes` and `reset_cause` say now."""
        lists = {name: _sixteen(getattr(self, name)) for name in ("present", "past")}
        cause = ResetCause[self.reset_cause]
        return self._packet(packet.HEALTH, t_us, nonce=nonce, reset_cause=cause, changes=self.changes, **lists)

    def room(self, t_us: int, **fields: int) -> bytes:
        """19.5 degrees, 48 percent, 0.4 lux; fields as on the line."""
        self.seq += 1
        known = {"temperature": 1950, "humidity": 4800, "light": 40}
        known |= {f"{name}_validity": 255 for name in known}
        return self._packet(packet.ROOM, t_us, seq=self.seq, **(known | fields))

    def fault(self, t_us: int, reason: str, from_us: int, to_us: int = 0, times: int = 1) -> bytes:
        """It was noticed; with to_us it is over."""
        self.seq += 1
        return self._packet(
            packet.FAULT, t_us, seq=self.seq, reason=Reason[reason], present=int(not to_us), times=times,
            from_us=from_us, to_us=to_us,
        )  # fmt: skip

    def gap(self, t_us: int, boot: int, first: int, last: int, reason: str, what: str = "PACKETS") -> bytes:
        """These of that boot are gone."""
        self.seq += 1
        return self._packet(
            packet.GAP, t_us, seq=self.seq, boot=boot, first=first, last=last, reason=Reason[reason],
            what=table.Gap[what],
        )  # fmt: skip

    def vitals(self, t_us: int, wave_um: Sequence[int] = (), **fields: int) -> bytes:
        """A confident second of breathing at 14 per minute; fields as on the line."""
        known: dict[str, int] = {
            "state": UplinkState["STREAMING"], "confidence": 250, "respiration_rate": 1400,
            "respiration_validity": 255, "motion_class": MotionClass["STILL"], "motion_validity": 255,
            "distance": 600, "distance_validity": 255, "direction_validity": 255,
            "wave_validity": 255 if wave_um else 0, "wave_n": len(wave_um), "wave_t_us": t_us,
            "wave_reason": 0 if wave_um else Reason["STARTING"],
        }  # fmt: skip
        wave = tuple(wave_um) + (0,) * (16 - len(wave_um))
        self.seq += 1
        return self._packet(packet.VITALS, t_us, seq=self.seq, wave=wave, **(known | fields))

    def moving(self, t_us: int) -> bytes:
        """A confident second with movement: breathing unknown."""
        return self.vitals(
            t_us, respiration_rate=0, respiration_validity=0, respiration_reason=Reason["MOVING"],
            motion_class=MotionClass["MOVING"], motion=200,
        )  # fmt: skip

    def transition(
        self,
        t_us: int,
        before: str,
        after: str,
        reason: str,
        silent: tuple[int, int] = (0, 0),
        why: str = "NONE",
        utc_us: int = 0,
    ) -> bytes:
        """silent, why: the silence that ends with it and its reason. utc_us: by the device's own clock."""
        self.seq += 1
        return self._packet(
            packet.TRANSITION, t_us, seq=self.seq, from_state=UplinkState[before], to_state=UplinkState[after],
            reason=Reason[reason], silent_from_us=silent[0], silent_to_us=silent[1], silent_reason=Reason[why],
            utc_us=utc_us,
        )  # fmt: skip

    def alarm_event(self, t_us: int, event: str, by: str, reason: str) -> bytes:
        self.seq += 1
        return self._packet(
            packet.ALARM_EVENT, t_us, seq=self.seq, event=AlarmDeed[event], by=AlarmMaker[by], reason=Reason[reason]
        )

    def _packet(self, kind: int, t_us: int, seq: int = 0, **fields: int | Sequence[int]) -> bytes:
        every = {f.name: 0 if f.count == 1 else (0,) * f.count for f in LAYOUTS[kind].fields}
        made = packet.make(kind, {**every, **fields}, seq=seq, boot=self.boot, t_us=t_us)
        if seq:
            self.keeps[seq] = made
        return codec.encode(made)


def _sixteen(names: Sequence[str]) -> tuple[int, ...]:
    """Reasons as they stand in a HEALTH answer."""
    numbers = [int(Reason[name]) for name in names]
    return (*numbers, *(0 for _ in range(16 - len(numbers))))


def play(cloud: Cloud, device: FakeDevice, script: Script, seconds: range) -> bytes:
    """Run whole seconds in lock-step; returns every byte the device sent. Device time 0 is T0_UTC_US."""
    sent = b""
    for second in seconds:
        t_us = second * SECOND_US
        said = device.answers(t_us) + script(device, second)
        cloud.receive(said)
        device.hear(cloud.tick(T0_UTC_US + t_us + SECOND_US))
        sent += said
    return sent


def sleeper(device: FakeDevice, second: int) -> bytes:
    """Empty for a minute, then a sleeper with a movement every five minutes, gone in the last of 20 minutes."""
    t_us = second * SECOND_US + 900_000
    if second == 0:
        return device.hello(t_us)
    if second == 60:
        return device.transition(t_us, "MONITORING", "STREAMING", "CONFIDENT", (100_000, t_us), "NOBODY")
    if 60 < second < 1140:
        if second % 300 < 8:
            return device.moving(t_us)
        wave = np.round(800 * np.sin(2 * np.pi * 14 / 60 * (second + np.arange(10) / 10))).astype(int)
        return device.vitals(t_us, wave.tolist(), wave_t_us=second * SECOND_US)
    if second == 1140:
        return device.transition(t_us, "STREAMING", "MONITORING", "NOBODY")
    return b""


def stored_night(path: Path, script: Script = sleeper, n_seconds: int = 1200) -> bytes:
    """A night's store made by a fake device; returns the bytes of the line."""
    store = Store(path, durable=False)
    cloud = Cloud(store, seeded(1), "simulated")
    sent = play(cloud, FakeDevice(), script, range(n_seconds))
    cloud.finish()
    store.close()
    return sent
