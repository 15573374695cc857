"""The host's keys on disk: a text file that its owner alone can read, one device a line.

Rule: a key goes into this file and nowhere else; no error here shows a byte of one. The published key is never in it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from wire.trust import EMULATED, Key, Keyring

HEAD = "# Keys of paired devices. Whoever can read this file can speak as the host, and as each device.\n"
_LINE = re.compile(r"([0-9a-f]{16}) ([0-9a-f]{64})")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeysError(Exception):
    """The file cannot be used; one line that names it."""


def place(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the keys are: ~/.config/stillwave/keys, or below XDG_CONFIG_HOME."""
    return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "stillwave" / "keys"


def load(path: Path) -> dict[int, Key]:
    """device_id -> key; nothing where there is no file. Raises KeysError."""
    try:
        with path.open(encoding="ascii") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise KeysError(f"{path}: others may read or write it: expected mode 600 (chmod 600 {path})")
            lines = file.read().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"{path}: {getattr(error, 'strerror', None) or 'not text'}") from None
    keys = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise KeysError(f"{path}, line {number}: expected a device and its key, 16 and 64 hexadecimal digits")
        key = Key(bytes.fromhex(found[2]))
        if key.published:
            raise KeysError(
                f"{path}, line {number}: the published key of emulated boards; a real device is paired anew"
            )
        keys[int(found[1], 16)] = key
    return keys


def save(path: Path, device_id: int, key: Key) -> None:
    """Adds a device, or gives it another key; all or nothing, and on the disk when this returns. Raises KeysError."""
    keys = load(path) | {device_id: key}
    text = HEAD + "".join(f"{one:016x} {kept.secret.hex()}\n" for one, kept in sorted(keys.items()))
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise KeysError(f"{path}: {error.strerror}") from None


def of_a_host(path: Path) -> Keyring:
    """Whose packets a real host heeds: its devices, by their tags, and nobody's else. Raises KeysError."""
    return Keyring(load(path))


def whose(simulated: bool, path: Path | None = None) -> Keyring:
    """Whose packets a command heeds. simulated: an emulated board instead of a real device. Raises KeysError."""
    return EMULATED if simulated else of_a_host(path or place())
