"""I2C after the manner of smbus2, on the parts of an emulated board.

Rule: names, arguments and errors are those of smbus2; what nobody acknowledges is the error of a Pi's controller; on a
stuck bus a transfer blocks for the adapter's timeout of virtual time.
Only i2c_rdwr and the simple byte calls are there.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from typing import Any

from hw_sim.raspberry_pi.i2c_parts import I2cParts

BUS = 1
"""The Pi's bus on the pin header: /dev/i2c-1."""
MESSAGES_MAX = 42
I2C_TIMEOUT = 0x0702
FD = 1_000_000
"""Stands for the open device file; no number of a real one."""


class Message:
    """i2c_msg: made by read() or write(); iterates over its bytes."""

    def __init__(self, address: int, content: bytes, reads: bool) -> None:
        self.addr = address
        self.content = content
        self.reads = reads

    @staticmethod
    def read(address: int, length: int) -> Message:
        return Message(address, bytes(length), True)

    @staticmethod
    def write(address: int, buf: Iterable[int]) -> Message:
        return Message(address, bytes(buf), False)

    def __iter__(self) -> Iterator[int]:
        return iter(self.content)

    def __bytes__(self) -> bytes:
        return self.content

    def __len__(self) -> int:
        return len(self.content)


class SMBus:
    """One bus. parts: None when I2C is not enabled. Errors: OSError as the kernel's."""

    def __init__(self, parts: I2cParts | None, bus: int | str | None = None) -> None:
        self._parts = parts
        self._open = False
        self.fd: int | None = None
        if bus is not None:
            self.open(bus)

    def open(self, bus: int | str) -> None:
        path = bus if isinstance(bus, str) else f"/dev/i2c-{bus}"
        if self._parts is None or path != f"/dev/i2c-{BUS}":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        self._open, self.fd = True, FD

    def close(self) -> None:
        self._open, self.fd = False, None

    def __enter__(self) -> SMBus:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def i2c_rdwr(self, *messages: Message) -> None:
        """One transaction; what is read stands in the messages afterwards. A write and a read share a repeated start."""
        if not self._open or self._parts is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if not 0 < len(messages) <= MESSAGES_MAX:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if self._parts.stuck:
            self._parts.wait_out()
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        at = 0
        while at < len(messages):
            first = messages[at]
            follows = messages[at + 1] if at + 1 < len(messages) else None
            joined = follows is not None and not first.reads and follows.reads and follows.addr == first.addr
            reader = follows if joined else first if first.reads else None
            tx = b"" if first.reads else first.content
            found = self._parts.transfer(first.addr, tx, 0 if reader is None else len(reader))
            if found is None:
                raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
            if reader is not None:
                reader.content = found
            at += 2 if joined else 1

    def write_byte(self, i2c_addr: int, value: int, force: Any = None) -> None:
        self.i2c_rdwr(Message.write(i2c_addr, [value]))

    def read_byte(self, i2c_addr: int, force: Any = None) -> int:
        message = Message.read(i2c_addr, 1)
        self.i2c_rdwr(message)
        return message.content[0]

    def read_byte_data(self, i2c_addr: int, register: int, force: Any = None) -> int:
        message = Message.read(i2c_addr, 1)
        self.i2c_rdwr(Message.write(i2c_addr, [register]), message)
        return message.content[0]

    def write_byte_data(self, i2c_addr: int, register: int, value: int, force: Any = None) -> None:
        self.i2c_rdwr(Message.write(i2c_addr, [register, value]))


class Smbus2:
    """The module as an object that knows the parts. parts: None when I2C is not enabled."""

    i2c_msg = Message

    def __init__(self, parts: I2cParts | None) -> None:
        self._parts = parts

    def ioctl(self, fd: int, request: int, argument: int) -> int:
        """I2C_TIMEOUT on an open bus, in units of 10 ms."""
        if fd != FD or self._parts is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if request != I2C_TIMEOUT:
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        self._parts.timeout_10ms = argument
        return 0

    def SMBus(self, bus: int | str | None = None, force: bool = False) -> SMBus:
        return SMBus(self._parts, bus)
