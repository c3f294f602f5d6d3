"""Keys of persons: wrapped at rest, destroyed for good, outliving a rotation of the master key."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.eventlog.encryption import (
    KEY_SIZE,
    KeyDestroyed,
    KeyStore,
    MasterKeyMissing,
    MasterKeys,
    Tampered,
    UnknownKey,
    index,
    seal,
    unseal,
)

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
Open = Callable[..., KeyStore]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/keys.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")


@pytest.fixture
def open_store(url: str) -> Iterator[Open]:
    stores: list[KeyStore] = []

    def make(*masters: bytes) -> KeyStore:
        stores.append(KeyStore(url, MasterKeys(masters or (OLD,))))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def test_a_key_comes_back_after_a_restart(open_store: Open) -> None:
    first = open_store()
    key = first.create("ann")
    assert len(key) == KEY_SIZE
    assert first.key("ann") == key
    first.close()
    again = open_store()
    assert again.key("ann") == key
    assert again.index_secret == first.index_secret


def test_many_keys_at_once(open_store: Open) -> None:
    store = open_store()
    with store.creating() as batch:
        made = {f"m{n}": batch.create(f"m{n}") for n in range(1100)}
    assert store.keys([*made, "nobody"]) == made
    store.close()
    assert open_store().keys([*made, "nobody"]) == made


def test_an_exception_keeps_no_key_of_the_batch(open_store: Open) -> None:
    store = open_store()

    def interrupted() -> None:
        with store.creating() as batch:
            batch.create("ann")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    with pytest.raises(UnknownKey):
        store.key("ann")


def test_nobody_gets_a_second_key(open_store: Open) -> None:
    store = open_store()
    key = store.create("ann")
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.create("ann")
    assert store.key("ann") == key, "the store works on after the failure"


def test_a_destroyed_key_is_gone_for_ever(open_store: Open) -> None:
    store = open_store()
    store.create("ann")
    kept = store.create("bob")
    store.destroy("ann")
    for each in (store, open_store()):
        with pytest.raises(KeyDestroyed):
            each.key("ann")
        assert each.keys(["ann", "bob"]) == {"bob": kept}
        assert each.destroyed(["ann", "bob", *map(str, range(600))]) == {"ann"}
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.create("ann")


def test_destroying_leaves_no_trace_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    store = KeyStore(f"sqlite:///{path}", MasterKeys([OLD]))
    store.create("ann")
    reader = sqlite3.connect(path)
    ((wrapped,),) = reader.execute("SELECT wrapped FROM keys WHERE subject = 'ann'").fetchall()
    reader.close()
    assert any(wrapped in file.read_bytes() for file in tmp_path.iterdir())
    store.destroy("ann")
    assert not any(wrapped[8:] in file.read_bytes() for file in tmp_path.iterdir())
    store.close()


def test_keys_are_wrapped_and_their_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    store = KeyStore(f"sqlite:///{path}", MasterKeys([OLD]))
    key = store.create("ann")
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
        assert key not in file.read_bytes()
        assert store.index_secret not in file.read_bytes()
    store.close()


def test_rotation_leaves_keys_and_indexes_as_they_are(open_store: Open) -> None:
    before = open_store(OLD)
    with before.creating() as batch:
        made = {f"m{n}": batch.create(f"m{n}") for n in range(600)}
    before.create("gone")
    before.destroy("gone")
    before.close()
    both = open_store(OLD, NEW)
    assert both.rotate() == 601, "600 keys and the secret of the indexes"
    assert both.rotate() == 0
    both.close()
    after = open_store(NEW)
    assert after.keys(made) == made
    assert after.index_secret == before.index_secret
    with pytest.raises(KeyDestroyed):
        after.key("gone")
    with pytest.raises(MasterKeyMissing):
        open_store(OLD)


def test_another_master_key_opens_nothing(open_store: Open) -> None:
    open_store(OLD).create("ann")
    with pytest.raises(MasterKeyMissing):
        open_store(NEW)


def test_exchanged_rows_are_noticed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/keys.db"
    store = KeyStore(url, MasterKeys([OLD]))
    store.create("ann")
    store.create("bob")
    store.close()
    with sqlite3.connect(tmp_path / "keys.db") as thief:
        thief.execute(
            "UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE subject = 'bob') WHERE subject = 'ann'"
        )
    store = KeyStore(url, MasterKeys([OLD]))
    with pytest.raises(Tampered):
        store.key("ann")
    store.close()


def test_threads_share_a_store(open_store: Open) -> None:
    store = open_store()

    def work(number: int) -> bool:
        made = {f"{number}-{n}": store.create(f"{number}-{n}") for n in range(20)}
        return store.keys(made) == made

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(4)))


def test_the_file_of_master_keys(tmp_path: Path) -> None:
    path = tmp_path / "master"
    path.write_text(f"# first\n{OLD.hex()}\n\n{NEW.hex().upper()}\n")
    path.chmod(0o640)
    with pytest.raises(PermissionError):
        MasterKeys.read(path)
    path.chmod(0o600)
    read = MasterKeys.read(path)
    assert read.newest == MasterKeys([NEW]).newest
    assert read.unwrap("ann", MasterKeys([OLD]).wrap("ann", NEW)) == NEW
    for wrong in ("", "# nothing\n", OLD.hex()[:-2], f"{OLD.hex()} {NEW.hex()}"):
        path.write_text(wrong)
        with pytest.raises(ValueError, match="hex digits") as caught:
            MasterKeys.read(path)
        assert OLD.hex()[:20] not in str(caught.value)


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens_only_where_it_belongs(plaintext: bytes, aad: bytes) -> None:
    sealed = seal(OLD, plaintext, aad)
    assert unseal(OLD, sealed, aad) == plaintext
    assert seal(OLD, plaintext, aad) != sealed
    for key, text, place in ((NEW, sealed, aad), (OLD, sealed, aad + b"x"), (OLD, sealed[:-1], aad), (OLD, b"", aad)):
        with pytest.raises(Tampered):
            unseal(key, text, place)


def test_an_index_is_blind() -> None:
    assert index(OLD, "email", "ann@example.org") == index(OLD, "email", "ann@example.org")
    others = {
        index(OLD, "reference", "ann@example.org"),
        index(NEW, "email", "ann@example.org"),
        index(OLD, "email", "bob@example.org"),
    }
    assert len(others) == 3
    assert index(OLD, "email", "ann@example.org") not in others
