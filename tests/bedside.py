"""A bedside device's alarm made of packets alone: what its flash holds, and an answer to every question."""

from __future__ import annotations

from dataclasses import dataclass, field

from wire import packet, table
from wire.packet import Packet


@dataclass
class Bedside:
    """A device's flash and its answers. clock: it knows the time; stores_after: questions until flash is written.

    flash_fails: what is set never gets into it; keeps: an alarm that is set cannot be cancelled; fault: present, SW_REASON_*.
    """

    set_for: int = 0
    sunrise_s: int = 0
    side: int = 0
    ring: int = 0
    window_s: int = 65535
    clock: bool = True
    stores_after: int = 0
    flash_fails: bool = False
    keeps: bool = False
    fault: int = 0
    heard: list[Packet] = field(default_factory=list)

    def answer(self, asked: Packet) -> Packet:
        self.heard.append(asked)
        f = {name: int(value) for name, value in asked.fields.items()}  # type: ignore[arg-type]
        reason = 0
        if asked.type == packet.HOST_HELLO:
            fields = dict.fromkeys((one.name for one in table.BY_NAME["HELLO"].fields), 0)
            fields |= {"host_nonce": f["nonce"], "protocol_oldest": 1, "protocol_newest": 1}
            return packet.make(packet.HELLO, fields | {"layout_digest": table.LAYOUT_DIGEST}, boot=7)
        if asked.type == packet.PING:
            return packet.make(
                packet.PONG,
                {
                    "nonce": f["nonce"],
                    "device_nonce": 5,
                    "oldest_seq": 0,
                    "newest_seq": 0,
                    "oldest_boot": 0,
                    "stored": 0,
                },
                boot=7,
            )
        if asked.type == packet.HEALTH_READ:
            lists = {"present": (self.fault, *(0,) * 15), "past": (0,) * 16}
            lists |= {f"chip_temperature{part}": 0 for part in ("", "_validity", "_reason")}
            return packet.make(packet.HEALTH, {"nonce": f["nonce"], "reset_cause": 0, "changes": 0, **lists}, boot=7)
        if asked.type == packet.WAKE_WINDOW:
            self.window_s = f["wake_window"]
        if asked.type in (packet.WAKE_WINDOW, packet.ORDERS_READ):
            orders = dict.fromkeys((one.name for one in table.BY_NAME["ORDERS"].fields), 0)
            orders |= {"nonce": f["nonce"], "stored": int(not self.flash_fails), "wake_window": self.window_s}
            return packet.make(packet.ORDERS, orders, boot=7)
        if asked.type == packet.SETTINGS_SET:
            self.side = f["side"]
        if asked.type in (packet.SETTINGS_SET, packet.SETTINGS_READ):
            return packet.make(
                packet.SETTINGS, {"nonce": f["nonce"], "side": self.side, "stored": 1, "bed_learnt": 0}, boot=7
            )
        if asked.type == packet.ALARM_SET and not self.clock:
            reason = table.Reason["CLOCK_UNKNOWN"]
        elif asked.type == packet.ALARM_SET:
            self.set_for, self.sunrise_s = f["set_for_utc_us"], f["sunrise_s"]
        elif asked.type == packet.RING and self.set_for:
            self.ring = f["utc_us"]
        elif asked.type == packet.ALARM_CANCEL and not self.keeps:
            self.set_for = 0
        if self.flash_fails and self.set_for:
            reason = table.Reason["FLASH_FAILED"]
        stored = self.set_for != 0 and self.stores_after == 0 and not self.flash_fails
        state = "OFF" if not self.set_for else "ARMED" if stored else "STORING"
        self.stores_after = max(self.stores_after - 1, 0)
        return packet.make(
            packet.ALARM_STATE,
            {
                "nonce": f["nonce"], "state": table.AlarmState[state], "stored": int(stored), "clock": 1,
                "reason": reason, "set_for_utc_us": self.set_for, "next_ring_utc_us": self.ring or self.set_for,
                "rang_at_utc_us": 0, "rung_by": 0, "sunrise_s": self.sunrise_s, "utc_us": 0,
            },
            boot=7,
        )  # fmt: skip
