"""No file that a result or a page can depend on escapes the fingerprint: over all files of the repository, by kind."""

import shutil
import subprocess
from pathlib import Path

import pytest

from advlab.edition import EDITION
from advlab.engine.cache import fingerprint as module
from advlab.engine.cache.fingerprint import files, fingerprint
from advlab.engine.cache.profile import DRAFT, STANDARD
from advlab.engine.cache.source import SNAPSHOT

#: Files below advlab/ and snippets/ on which no page can depend, reviewed one by one. None is known.
WITHOUT_EFFECT: frozenset[str] = frozenset()


def tracked() -> list[str]:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "advlab", "snippets"]
    done = subprocess.run(listed, cwd=EDITION.root, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.splitlines() if (EDITION.root / name).is_file()]


def test_every_file_of_the_repository_is_covered() -> None:
    covered = {path.relative_to(EDITION.root).as_posix() for path in files(EDITION.root)}
    assert set(tracked()) - covered == WITHOUT_EFFECT
    assert {Path(name).suffix for name in covered} >= {
        ".py",
        ".yml",
        ".json",
        ".j2",
        ".txt",
        ".gz",
        ".safetensors",
        ".sh",
    }


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file of each ending in each top folder, laid out as in the repository."""
    root = tmp_path_factory.mktemp("root")
    kinds: dict[tuple[str, str], str] = {}
    for name in tracked():
        kinds.setdefault((name.partition("/")[0], Path(name).suffix), name)
    for name in kinds.values():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EDITION.root / name, root / name)
    return root


def test_a_byte_more_in_a_file_of_any_kind_is_another_fingerprint(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SNAPSHOT, "packages", {"advlab": copy / "advlab"})
    before = fingerprint(copy, STANDARD)
    assert fingerprint(copy, STANDARD) == before
    changed = [path for path in copy.rglob("*") if path.is_file()]
    assert len(changed) >= 10
    for path in changed:
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert fingerprint(copy, STANDARD) != before, path
        path.write_bytes(content)
    (copy / "snippets" / "new.py").write_text("")
    assert fingerprint(copy, STANDARD) != before
    (copy / "snippets" / "new.py").unlink()
    assert fingerprint(copy, STANDARD) == before


def test_what_running_leaves_behind_is_no_change(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SNAPSHOT, "packages", {"advlab": copy / "advlab"})
    before = fingerprint(copy, STANDARD)
    (copy / "advlab" / "__pycache__").mkdir()
    (copy / "advlab" / "__pycache__" / "x.pyc").write_bytes(b"compiled")
    assert fingerprint(copy, STANDARD) == before


def test_profile_device_and_versions_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "files", lambda root: [])
    before = fingerprint(EDITION.root, STANDARD)
    assert fingerprint(EDITION.root, DRAFT) != before
    monkeypatch.setenv("ADVLAB_DEVICE", "cuda")
    assert fingerprint(EDITION.root, STANDARD) != before
