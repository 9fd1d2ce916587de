"""The content store: whole or not at all, checked at each reading, safe beside others."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advlab.engine.cache.store import CorruptEntry, Store, default_root, write_atomically

FILES = {"a.json": b"{}", "b.bin": bytes(range(256))}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_what_is_written_is_read(store: Store) -> None:
    store.write("kind", "chapter:name", "k" * 64, FILES, {"seconds": 1.5})
    entry = store.read("kind", "chapter:name", "k" * 64)
    assert entry is not None
    assert {name: entry.read(name) for name in entry.files} == FILES
    assert entry.meta == {"seconds": 1.5}
    assert [one.key for one in store.entries()] == ["k" * 64]


def test_nothing_is_there_at_first(store: Store) -> None:
    assert store.read("kind", "name", "0" * 64) is None
    assert list(store.entries()) == []


@given(content=st.binary(max_size=200))
@settings(max_examples=25, deadline=None)
def test_any_content_comes_back(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    entry = store.write("kind", "name", "1" * 64, {"file": content}, {})
    assert entry.read("file") == content


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "manifest", "empty manifest", "no manifest"])
def test_damage_is_noticed_reported_and_made_again(store: Store, damage: str) -> None:
    place = store.write("kind", "name", "2" * 64, FILES, {}).path
    file = place / "b.bin"
    if damage == "flip":
        file.write_bytes(bytes([1]) + FILES["b.bin"][1:])
    elif damage == "truncate":
        file.write_bytes(FILES["b.bin"][:-1])
    elif damage == "remove":
        file.unlink()
    elif damage == "manifest":
        manifest = json.loads((place / "entry.json").read_text())
        manifest["files"]["a.json"] = "0" * 64
        (place / "entry.json").write_text(json.dumps(manifest))
    elif damage == "empty manifest":
        (place / "entry.json").write_text("")
    else:
        (place / "entry.json").unlink()
    with pytest.warns(CorruptEntry, match="will be made again"):
        assert store.read("kind", "name", "2" * 64) is None
    assert not place.exists()
    assert store.write("kind", "name", "2" * 64, FILES, {}).read("b.bin") == FILES["b.bin"]


def test_keys_that_begin_alike_do_not_meet(store: Store) -> None:
    store.write("kind", "name", "3" * 64, FILES, {})
    with pytest.warns(CorruptEntry):
        assert store.read("kind", "name", "3" * 63 + "4") is None


def test_the_second_writer_keeps_the_first_ones_entry(store: Store) -> None:
    first = store.write("kind", "name", "5" * 64, {"x": b"first"}, {})
    assert store.write("kind", "name", "5" * 64, {"x": b"second"}, {}).read("x") == b"first"
    assert first.path.exists()
    assert not list((store.root / "unfinished").iterdir())


def _write_for_ever(root: Path) -> None:
    store, number = Store(root), 0
    while True:
        number += 1
        store.write("kind", f"name{number}", f"{number:064d}", {"big": os.urandom(200_000), "small": b"x"}, {})


def test_a_killed_writer_leaves_nothing_half_written(store: Store) -> None:
    process = multiprocessing.get_context("fork").Process(target=_write_for_ever, args=(store.root,))
    process.start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and len(list(store.root.glob("kind/*"))) < 5:
        time.sleep(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    entries = list(store.entries())  # a damaged one would warn, and warnings are errors
    assert len(entries) >= 5
    assert all(set(entry.files) == {"big", "small"} for entry in entries)


def test_removed_entries_are_gone(store: Store) -> None:
    entry = store.write("kind", "name", "6" * 64, FILES, {})
    store.remove(entry)
    assert store.read("kind", "name", "6" * 64) is None


def test_a_failed_atomic_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book.json"
    write_atomically(path, b"old")

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["book.json"]


def test_the_root_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ADVLAB_STORE", str(tmp_path / "elsewhere"))
    assert default_root() == tmp_path / "elsewhere"
    monkeypatch.delenv("ADVLAB_STORE")
    assert default_root() == Path(__file__).resolve().parents[3] / ".store"
