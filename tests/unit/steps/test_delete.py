"""The ``delete`` step."""

import os
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepRunner
from promotions.engine.schema import ConfigSchema
from promotions.steps.delete import SCHEMA, Delete
from tests.unit.steps.contexts import context

STEP: StepRunner = Delete()


def delete(workdir: Path, **config: bool | str | list[str]) -> None:
    STEP.run(context(workdir, config))


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    for path in ("a/x.yaml", "a/y.txt", "a/b/z.yaml", ".hidden/h.yaml", "top"):
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(path)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/precious.yaml").write_text("keep")
    (work / "out").symlink_to(tmp_path / "outside")
    (work / "in").symlink_to("a")
    return work


def files(workdir: Path) -> list[str]:
    return sorted(str(it.relative_to(workdir)) for it in workdir.rglob("*") if not it.is_dir())


def test_files_and_directories_are_removed_and_twice_is_like_once(workdir: Path) -> None:
    for _ in range(2):
        delete(workdir, paths=["a", "a/x.yaml", "top"])

    assert not (workdir / "a").exists()
    assert not (workdir / "top").exists()


@pytest.mark.parametrize("path", ["out", "out/", "in", "./in"])
def test_a_link_is_removed_and_its_target_stays(workdir: Path, path: str) -> None:
    delete(workdir, path=path)

    assert not (workdir / path.strip("./")).is_symlink()
    assert (workdir / "a/x.yaml").exists()
    assert (workdir.parent / "outside/precious.yaml").exists()


def test_a_link_on_the_way_is_followed_inside(workdir: Path) -> None:
    delete(workdir, path="in/x.yaml")

    assert not (workdir / "a/x.yaml").exists()


@pytest.mark.parametrize("path", ["..", ".", "../outside", "a/../../outside", "out/precious.yaml"])
def test_a_path_that_leads_outside_is_an_error_and_nothing_is_removed(
    workdir: Path, path: str
) -> None:
    before = files(workdir)

    with pytest.raises(StepError, match="path attempts to traverse outside the working directory"):
        delete(workdir, paths=["top", path])

    assert files(workdir) == before
    assert (workdir.parent / "outside/precious.yaml").exists()


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("a/*.yaml", ["a/x.yaml"]),
        ("./a/?.*", ["a/x.yaml", "a/y.txt"]),
        ("**/*.yaml", [".hidden/h.yaml", "a/b/z.yaml", "a/x.yaml"]),
        ("a/{x.yaml,b/z.yaml}", ["a/b/z.yaml", "a/x.yaml"]),
        ("a/[xy].*", ["a/x.yaml", "a/y.txt"]),
        ("a/[!x].*", ["a/y.txt"]),
        ("../outside/*", []),
        ("nothing*", []),
        ("a/**", ["a/b/z.yaml", "a/x.yaml", "a/y.txt"]),
        ("a/**/z.yaml", ["a/b/z.yaml"]),
        ("**/b/**/z.*", ["a/b/z.yaml"]),
        ("a/*/", ["a/b/z.yaml"]),
        ("top/", []),
        ("a//./x.yaml", ["a/x.yaml"]),
        ("in/x.yaml", ["a/x.yaml"]),
        ("**/in/*.txt", ["a/y.txt"]),
        ("a/\\x.yaml", ["a/x.yaml"]),
        ("a/[w-y].y*", ["a/x.yaml"]),
        ("a/[\\]x].yaml", ["a/x.yaml"]),
        ("a/x.yaml/*", []),
    ],
)
def test_patterns_choose_what_goes(workdir: Path, pattern: str, gone: list[str]) -> None:
    before = files(workdir)

    delete(workdir, path=pattern, pathsAreGlobs=True)

    assert [it for it in before if it not in files(workdir)] == gone


def test_a_pattern_through_a_link_that_escapes_removes_nothing(workdir: Path) -> None:
    with pytest.raises(StepError, match="traverse"):
        delete(workdir, paths=["a/*", "out/*"], pathsAreGlobs=True)

    assert (workdir / "a/x.yaml").exists()
    assert (workdir.parent / "outside/precious.yaml").exists()


@pytest.mark.parametrize("pattern", ["a/[x", "a/{b", "a}", "a\\", "[]"])
def test_a_malformed_pattern_ends_the_step(workdir: Path, pattern: str) -> None:
    with pytest.raises(StepError, match="invalid glob pattern") as caught:
        delete(workdir, path=pattern, pathsAreGlobs=True)

    assert caught.value.terminal


def test_a_pattern_cannot_ask_for_endless_alternatives(workdir: Path) -> None:
    with pytest.raises(StepError, match="alternatives"):
        delete(workdir, path="{a,b}" * 11, pathsAreGlobs=True)


@pytest.mark.parametrize(
    "pattern", ["*a" * 100 + "b", "**/" * 90 + "x", "**/a/" * 40 + "x", "[!b]" * 255]
)
def test_a_pattern_cannot_take_long(workdir: Path, pattern: str) -> None:
    deep = workdir / "/".join("a" * 40)
    deep.mkdir(parents=True)
    (deep / ("a" * 255)).touch()

    delete(workdir, path=pattern, pathsAreGlobs=True)

    assert deep.exists()


def test_a_pattern_has_so_many_parts_at_most(workdir: Path) -> None:
    with pytest.raises(StepError, match="more than 100 parts") as caught:
        delete(workdir, path="*/" * 101, pathsAreGlobs=True)

    assert caught.value.terminal


def test_names_may_be_no_utf8_and_have_line_breaks(workdir: Path) -> None:
    for name in (b"a/caf\xe9.log", b"a/two\nlines.log"):
        (workdir / os.fsdecode(name)).touch()

    delete(workdir, path="a/*.log", pathsAreGlobs=True)

    assert sorted(it.name for it in (workdir / "a").iterdir()) == ["b", "x.yaml", "y.txt"]


def test_without_patterns_a_star_is_only_a_star(workdir: Path) -> None:
    (workdir / "a/*").write_text("")

    delete(workdir, path="a/*")

    assert not (workdir / "a/*").exists()
    assert (workdir / "a/x.yaml").exists()


def test_strict_makes_what_is_missing_an_error(workdir: Path) -> None:
    with pytest.raises(StepError, match='path "no/such" does not exist'):
        delete(workdir, path="no/such", strict=True)
    with pytest.raises(StepError, match=r'no paths matched pattern "no\*"'):
        delete(workdir, path="no*", strict=True, pathsAreGlobs=True)


def test_the_repositories_of_a_promotion_cannot_be_deleted(workdir: Path) -> None:
    (workdir / "repo-1/repo").mkdir(parents=True)
    (workdir / "repo-1/repo/HEAD").write_text("")
    (workdir / "repo-mine").mkdir()

    with pytest.raises(StepError, match="belongs to the platform"):
        delete(workdir, path="repo-1")
    delete(workdir, path="*", pathsAreGlobs=True)

    assert [it.name for it in workdir.iterdir()] == ["repo-1"]


@pytest.mark.parametrize(
    ("config", "valid"),
    [
        ({"path": "a"}, True),
        ({"paths": ["a"]}, True),
        ({"path": "a", "paths": []}, True),
        ({"path": "", "paths": ["a"]}, True),
        ({}, False),
        ({"path": ""}, False),
        ({"paths": []}, False),
        ({"paths": [""]}, False),
        ({"path": "a", "paths": ["b"]}, False),
        ({"path": "a", "unknown": 1}, False),
    ],
)
def test_exactly_one_of_path_and_paths_is_wanted(config: JSONObject, valid: bool) -> None:  # noqa: FBT001 - a table
    problems = ConfigSchema("delete", SCHEMA).problems(config)

    assert (not problems) is valid
