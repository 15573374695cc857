"""A host that alternates between two questions every ten seconds, for runs that are compared by their bytes."""

from __future__ import annotations

from typing import Any

from hw_sim.rig import Rig
from hw_sim.scene import Scene
from wire import codec, packet

EVERY_S = 10.0


def question(n: int) -> bytes:
    """The n-th."""
    if n % 2:
        return codec.encode(packet.make(packet.PING, {"nonce": n}))
    return codec.encode(packet.make(packet.HOST_HELLO, {"nonce": n, "utc_us": 1_700_000_000_000_000 + n}))


def answered_digest(scene: Scene, seconds: float, *, seed: int = 5, **options: Any) -> str:
    """Of all bytes of a run of a rig with these options; it must have lost nothing, answered and streamed."""
    with Rig(scene, seed=seed, **options) as rig:
        for n in range(1, int(seconds / EVERY_S) + 1):
            rig.send(question(n))
            rig.run(EVERY_S)
        counters = rig.edge_counters()
        assert counters["overflows"] == 0 and counters["bytes_replied"] > 0 and rig.counts.packets_sent > 20
        return rig.counts.digest
