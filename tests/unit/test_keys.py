"""The host's keys on disk: its owner's alone, whole or not at all, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from wire import keys, trust

KEY, OTHER = trust.Key(bytes(range(32))), trust.Key(bytes(range(1, 33)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stillwave" / "keys"


def test_what_was_saved_is_loaded(path: Path) -> None:
    keys.save(path, 7, KEY)
    keys.save(path, 2**64 - 1, OTHER)

    assert keys.load(path) == {7: KEY, 2**64 - 1: OTHER}


def test_a_device_that_is_paired_anew_has_one_key(path: Path) -> None:
    keys.save(path, 7, KEY)
    keys.save(path, 7, OTHER)

    assert keys.load(path) == {7: OTHER}


def test_its_owner_alone_may_read_it(path: Path) -> None:
    keys.save(path, 7, KEY)

    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_no_file_is_no_keys(path: Path) -> None:
    assert keys.load(path) == {}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_use_is_refused(path: Path, mode: int) -> None:
    keys.save(path, 7, KEY)
    path.chmod(mode)

    with pytest.raises(keys.KeysError, match="chmod 600"):
        keys.load(path)


@pytest.mark.parametrize("line", ["7 8", f"{7:016x} {'0' * 63}", f"{7:016x}  {'0' * 64}", f"{7:016x} {'Z' * 64}"])
def test_a_line_that_is_none_is_named_and_not_shown(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(line + "\n")
    path.chmod(0o600)

    with pytest.raises(keys.KeysError, match="line 1") as raised:
        keys.load(path)
    assert line not in str(raised.value)


def test_the_published_key_is_refused(path: Path) -> None:
    keys.save(path, 7, trust.Key(trust.TEST_KEY))

    with pytest.raises(keys.KeysError, match="published"):
        keys.load(path)


def test_what_cannot_be_written_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.save(path, 7, KEY)

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(keys.KeysError, match="No space"):
        keys.save(path, 8, OTHER)

    assert (keys.load(path), [one.name for one in path.parent.iterdir()]) == ({7: KEY}, ["keys"])


def test_a_host_heeds_no_unpaired_device_with_keys_or_without(path: Path) -> None:
    before = keys.of_a_host(path)
    keys.save(path, 7, KEY)

    assert (before.unpaired, keys.of_a_host(path).unpaired) == (False, False)


def test_a_simulation_alone_heeds_the_published_key(path: Path) -> None:
    keys.save(path, 7, KEY)

    known = [keys.whose(simulated, path).key_of(trust.test_device(1)) for simulated in (True, False)]

    assert [key is not None and key.published for key in known] == [True, False]


def test_a_keyring_shows_no_key(path: Path) -> None:
    keys.save(path, 7, KEY)

    assert KEY.secret.hex() not in repr(keys.of_a_host(path))
    assert repr(KEY.secret) not in repr(keys.of_a_host(path))
