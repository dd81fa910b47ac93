import os
from pathlib import Path

import pytest

from promotions.gateways.git.refs import read_ref, read_refs, write_refs
from promotions.ports.git import CorruptRepositoryError

ONE, TWO = "1" * 40, "2" * 40


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "refs/heads").mkdir(parents=True)
    return tmp_path


def test_packed_and_loose_refs_are_read_and_loose_ones_win(repository: Path) -> None:
    (repository / "packed-refs").write_text(
        "# pack-refs with: peeled fully-peeled sorted\n"
        f"{ONE} refs/heads/a\n{ONE} refs/heads/a-b\n{ONE} refs/tags/v1\n^{TWO}\n"
    )
    (repository / "refs/heads/a").write_text(f"{TWO}\n")
    (repository / "refs/heads/head").write_text("ref: refs/heads/a\n")
    (repository / "refs/heads/a.lock").write_text("")

    refs = read_refs(repository)

    assert refs == {"refs/heads/a": TWO, "refs/heads/a-b": ONE, "refs/tags/v1": ONE}
    assert {name: read_ref(repository, name) for name in refs} == refs
    assert read_ref(repository, "refs/heads/b") == read_ref(repository, "refs/heads") == ""
    assert read_ref(repository, "refs/heads/a/b") == read_ref(repository, "heads/a") == ""


def test_names_that_are_not_utf8_come_through(repository: Path) -> None:
    name = os.fsdecode(b"refs/heads/caf\xe9")

    write_refs(repository, {name: ONE})

    assert (repository / "packed-refs").read_bytes() == f"{ONE} ".encode() + b"refs/heads/caf\xe9\n"
    assert read_refs(repository) == {name: ONE}
    assert read_ref(repository, name) == ONE


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("refs/heads/main", b""),
        ("refs/heads/main", b"\0\0\0"),
        ("refs/heads/main", ONE[:-1].encode()),
        ("packed-refs", b"nonsense"),
        ("packed-refs", f"{ONE[:-1]} refs/heads/main\n".encode()),
        ("packed-refs", b"\0" * 50),
    ],
)
def test_damage_is_told(repository: Path, file: str, content: bytes) -> None:
    (repository / file).write_bytes(content)

    with pytest.raises(CorruptRepositoryError):
        read_refs(repository)


def test_a_repository_that_is_not_there_has_no_refs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for repository in (tmp_path / "gone", tmp_path / "file"):
        assert read_refs(repository) == {}
        assert read_ref(repository, "refs/heads/main") == ""
