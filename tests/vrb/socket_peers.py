"""A client of the socket protocol, and libvrb's server as a process."""

from __future__ import annotations

import socket
import struct
import subprocess
import time
from pathlib import Path

CS, XFER, RST, IRQ, ADVANCE, WAIT_IRQ, TIME, HELLO = range(1, 9)
KEEP_CS, NO_MISO, READ = 1, 2, 4
CHIP_ID = bytes([2 << 1, 0, 0, 0])


class Client:
    """One connection."""

    def __init__(self, address: str) -> None:
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(address[5:])
        else:
            self.socket = socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])))
        self.socket.settimeout(20)

    def send(self, op: int, payload: bytes = b"") -> None:
        self.socket.sendall(struct.pack("<IB", len(payload) + 1, op) + payload)

    def take(self) -> tuple[int, bytes]:
        n, status = struct.unpack("<Ii", self.exactly(8))
        return status, self.exactly(n - 4)

    def exactly(self, n: int) -> bytes:
        got = b""
        while len(got) < n:
            part = self.socket.recv(n - len(got))
            if not part:
                raise EOFError
            got += part
        return got

    def ask(self, op: int, payload: bytes = b"") -> tuple[int, bytes]:
        self.send(op, payload)
        return self.take()

    def is_cut_off(self) -> bool:
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self) -> None:
        self.socket.close()


class Server:
    """The process: up when this is made, gone at the end of the `with`; end() ends it in order."""

    def __init__(self, program: Path, address: str, json: str = "{}") -> None:
        self.address = address
        self.process = subprocess.Popen([program, address, json], stderr=subprocess.PIPE, text=True)
        self.client().close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def client(self) -> Client:
        while True:
            try:
                return Client(self.address)
            except (FileNotFoundError, ConnectionRefusedError):
                assert self.process.poll() is None
                time.sleep(0.01)

    def line(self) -> str:
        """The next line on stderr."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self) -> list[str]:
        """Lines on stderr that nobody has read."""
        self.process.terminate()
        assert self.process.stderr is not None
        lines = self.process.stderr.read().splitlines()
        assert self.process.wait() == 0
        return lines
