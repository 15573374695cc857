"""Where `stillwave edge`, `first-light` and `doctor` find their pins: a real Pi, or an emulated one in real time.

Rule: what differs between the two is made here and nowhere else.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from front.output import say

EMULATED_TURN_US = 5_000
"""An emulated Pi looks at the line so often; it has no descriptor to wait for."""
DAY_S = 24 * 3600.0
SEED = 1
"""Of the emulated Pi, its entropy and what it calls itself."""


@dataclass
class Place:
    """modules: see edge.hal.raspberry_pi.modules. waiter: of the live loop. pause: waits so many us."""

    modules: Any
    waiter: Any
    pause: Callable[[int], None]
    world: Any
    real: bool


def real(stack: ExitStack, utc_us: Callable[[], int]) -> Place:
    """This machine's pins. Raises ModuleNotFoundError, OldGpiodError."""
    from edge.hal.raspberry_pi import kernel, modules
    from edge.hal.raspberry_pi.flash_file import Worker
    from edge.waiting import PollWaiter
    from wire.host_clock import synchronised

    found = modules.load()
    waiter = PollWaiter(tuple)
    stack.callback(waiter.close)
    worker = Worker()
    stack.callback(worker.close)
    world = _world(waiter.now_us, time.monotonic_ns, utc_us, synchronised, kernel.urandom, worker, kernel.boot_id())
    return Place(found, waiter, lambda us: time.sleep(us / 1e6), world, True)


def emulated(
    stack: ExitStack,
    scenario: str,
    seed: int = SEED,
    *,
    real_time: bool = True,
    utc_us: Callable[[], int] | None = None,
) -> Place:
    """A virtual Pi with a scenario in front of its radar. utc_us: its clock chip's time; None: a battery never charged.

    Raises SceneError, ModuleNotFoundError (numba).
    """
    from front import check
    from front.env import use_jit_cache

    check.installed("numba")
    use_jit_cache()
    from edge.hal.raspberry_pi.modules import Modules
    from hw_sim.bare_board import BareBoard
    from hw_sim.raspberry_pi.virtual_pi import VirtualPi
    from hw_sim.scene import Scene

    scene = Scene.load(scenario, seed=seed, duration_s=DAY_S)
    pi = stack.enter_context(VirtualPi(scene, seed, board=BareBoard(scene, seed, real_time=real_time)))
    pi.quantum_us = EMULATED_TURN_US if real_time else pi.quantum_us
    if utc_us is not None:
        pi.parts.set_clock(utc_us())
    world = _world(pi.now_us, pi.now_ns, lambda: 0, lambda: False, os.urandom, lambda work: work(), "emulated")
    return Place(
        Modules(pi.spi, pi.gpiod, pi.smbus2, pi.ioctl), pi, lambda us: pi.board.advance(1000 * us), world, False
    )


def _world(now_us: Any, now_ns: Any, utc_us: Any, synchronised: Any, entropy: Any, start: Any, boot_id: str) -> Any:
    from edge.hal.raspberry_pi.board import World
    from edge.hal.raspberry_pi.kernel import Notify
    from edge.hal.raspberry_pi.sound import spawn

    return World(
        now_us=now_us, now_ns=now_ns, utc_us=utc_us, synchronised=synchronised, entropy=entropy, start=start,
        spawn=spawn, notify=Notify(os.environ), say=say, boot_id=boot_id,
    )  # fmt: skip


def stop_on_signals(waiter: Any, stack: ExitStack) -> list[int]:
    """SIGTERM and Ctrl-C end the loop after its present step. Returns a list that then holds the signal's number."""
    caught: list[int] = []

    def stop(number: int, _frame: object) -> None:
        caught.append(number)
        end = getattr(waiter, "stop", None)
        if end is not None:
            end()
        waiter.stopped = True

    for number in (signal.SIGTERM, signal.SIGINT):
        stack.callback(signal.signal, number, signal.signal(number, stop))
    return caught


def watch(place: Place, filenos: Callable[[], Iterable[int]]) -> None:
    """The waiter wakes for these descriptors."""
    if place.real:
        place.waiter.filenos = filenos
