from pathlib import Path

import pytest

from promotions.engine.runner import StepError, StepStatus
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion, output


def test_a_change_is_cloned_committed_and_pushed(promotion: Promotion, origin: Origin) -> None:
    start = origin.branch("main")

    cloned = promotion.clone()
    promotion.edit("tag: v2\n")
    committed = promotion.commit("Use v2")
    pushed = promotion.push()

    assert cloned.output == {"commits": {"out": start}}
    assert output(committed, "commit") == output(pushed, "commit") == origin.branch("main")
    assert output(pushed, "branch") == "main"
    assert origin.show("values.yaml") == "tag: v2"
    assert origin.subjects() == ["Use v2", "Start"]
    author = git("log", "-1", "--format=%an <%ae> %cn <%ce>", "main", cwd=origin.path)
    assert author == "Kargo <no-reply@kargo.io> Kargo <no-reply@kargo.io>"


def test_the_clone_borrows_objects_and_says_where_it_is(promotion: Promotion) -> None:
    promotion.clone()

    (repository,) = promotion.workdir.glob("repo-*/repo")
    assert not [path for path in (repository / "objects").rglob("*") if path.suffix == ".pack"]
    here = promotion.workdir / "out"
    assert git("config", "kargo.repoDir", cwd=here) == str(repository)
    assert git("config", "kargo.repoHomeDir", cwd=here) == str(repository.parent)
    assert git("config", "kargo.repoOriginalURL", cwd=here) == promotion.url
    assert git("fsck", "--connectivity-only", cwd=here) == ""


def test_without_a_ref_the_default_branch_is_checked_out(
    promotion: Promotion, origin: Origin
) -> None:
    origin.commit({"only": "here"}, "Side", branch="trunk")
    git("symbolic-ref", "HEAD", "refs/heads/trunk", cwd=origin.path)

    cloned = promotion.clone({"path": "out"})

    assert (promotion.workdir / "out/only").read_text() == "here"
    assert cloned.output == {"commits": {"out": origin.branch("trunk")}}


def test_branch_tag_and_commit_are_checked_out_side_by_side(
    promotion: Promotion, origin: Origin
) -> None:
    first = origin.branch("main")
    origin.tag("v1", message="One")
    second = origin.commit({"values.yaml": "tag: v2\n"}, "Two")

    cloned = promotion.clone(
        {"branch": "main", "path": "a"},
        {"tag": "v1", "path": "b", "as": "tagged"},
        {"commit": first[:10], "path": "c/deep"},
    )

    assert cloned.output == {"commits": {"a": second, "tagged": first, "c/deep": first}}
    assert (promotion.workdir / "b/values.yaml").read_text() == "tag: v1\n"
    assert git("status", "--porcelain", cwd=promotion.workdir / "c/deep") == ""


def test_a_commit_that_no_branch_leads_to_is_still_found(
    promotion: Promotion, origin: Origin
) -> None:
    lost = origin.commit({"lost": "1"}, "Lost")
    git("update-ref", "refs/heads/main", f"{lost}~1", cwd=origin.path)
    git("update-ref", "refs/pull/1/head", lost, cwd=origin.path)

    cloned = promotion.clone({"commit": lost, "path": "out"})

    assert cloned.output == {"commits": {"out": lost}}


@pytest.mark.parametrize(
    ("checkout", "words"),
    [
        ({"branch": "nope"}, 'no branch "nope"; set create: true'),
        ({"tag": "nope"}, 'no tag or commit "nope"'),
        ({"commit": "0" * 40}, f'no tag or commit "{"0" * 40}"'),
    ],
)
def test_a_ref_that_is_missing_is_named(
    promotion: Promotion, checkout: dict[str, str], words: str
) -> None:
    with pytest.raises(StepError, match="no ") as caught:
        promotion.clone({**checkout, "path": "out"})

    assert words in caught.value.message or "no such branch, tag or commit" in caught.value.message
    assert not caught.value.terminal
    assert not list(promotion.workdir.glob("repo-*"))


@pytest.mark.parametrize("name", ["--upload-pack=touch x", "a..b", "a b", "x.lock", "@{1}", "/a"])
def test_a_ref_that_git_could_not_have_ends_the_step(promotion: Promotion, name: str) -> None:
    for key in ("branch", "tag", "commit"):
        with pytest.raises(StepError, match="cannot be the name") as caught:
            promotion.clone({key: name, "path": "out"})
        assert caught.value.failed
        assert caught.value.terminal


def test_a_missing_branch_is_created_empty_when_asked(promotion: Promotion, origin: Origin) -> None:
    promotion.clone({"branch": "stage/test", "create": True, "path": "out"})
    promotion.edit("tag: v1\n")
    promotion.commit("First")
    promotion.push()

    assert origin.subjects("stage/test") == ["First", "Initial commit"]
    assert git("ls-tree", "-r", "--name-only", "stage/test", cwd=origin.path) == "values.yaml"


def test_a_branch_can_be_checked_out_only_once(promotion: Promotion) -> None:
    with pytest.raises(StepError, match="only once"):
        promotion.clone({"branch": "main", "path": "a"}, {"path": "b"})


def test_two_checkouts_cannot_share_an_alias(promotion: Promotion) -> None:
    with pytest.raises(StepError, match=r'duplicate checkout alias "x" at checkout\[1\]') as caught:
        promotion.clone(
            {"branch": "main", "path": "a", "as": "x"}, {"tag": "v", "path": "b", "as": "x"}
        )

    assert caught.value.terminal


def test_cloning_again_replaces_what_an_earlier_attempt_left(promotion: Promotion) -> None:
    promotion.clone()
    promotion.edit("half done")

    promotion.clone()

    assert (promotion.workdir / "out/values.yaml").read_text() == "tag: v1\n"
    assert len(list(promotion.workdir.glob("repo-*"))) == 1


def test_a_path_that_is_taken_is_left_alone(promotion: Promotion) -> None:
    (promotion.workdir / "out").mkdir()
    (promotion.workdir / "out/mine").write_text("keep")

    with pytest.raises(StepError, match="already exists and is not an empty directory"):
        promotion.clone()

    assert (promotion.workdir / "out/mine").read_text() == "keep"


def test_a_sparse_checkout_has_its_directories_and_nothing_else(
    promotion: Promotion, origin: Origin
) -> None:
    origin.commit({"apps/b/y.yaml": "b: 1\n", "apps/top.yaml": "t\n"}, "More")

    promotion.clone({"branch": "main", "path": "out", "sparse": ["apps/a"]})

    found = sorted(
        path.relative_to(promotion.workdir / "out").as_posix()
        for path in (promotion.workdir / "out").rglob("*")
        if path.is_file() and path.name != ".git"
    )
    assert found == ["apps/a/x.yaml", "apps/top.yaml", "values.yaml"]
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.edit("new\n", "elsewhere/new.yaml")
    promotion.commit("Sparse")
    promotion.push()
    assert origin.show("apps/b/y.yaml") == "b: 1"
    assert origin.show("elsewhere/new.yaml") == "new"
    assert origin.show("apps/a/x.yaml") == "a: 2"


@pytest.mark.parametrize("folder", ["../x", "/abs", "a*b", "a/../.."])
def test_a_sparse_directory_must_be_a_plain_path(promotion: Promotion, folder: str) -> None:
    with pytest.raises(StepError, match="cannot be a sparse directory"):
        promotion.clone({"branch": "main", "path": "out", "sparse": [folder]})

    assert not (promotion.workdir / "out").exists() or not any(
        (promotion.workdir / "out").iterdir()
    )


def test_nothing_to_commit_is_skipped_with_the_commit(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()

    result = promotion.commit()

    assert result.status is StepStatus.SKIPPED
    assert output(result, "commit") == origin.branch("main")


def test_committing_again_after_a_crash_is_skipped_with_the_same_commit(
    promotion: Promotion,
) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    first = promotion.commit()
    (lock,) = (path / "index.lock" for path in promotion.workdir.glob("repo-*/repo/worktrees/0"))
    lock.touch()

    second = promotion.commit()

    assert second.status is StepStatus.SKIPPED
    assert second.output == first.output


def test_the_author_comes_from_the_commit_or_the_clone(promotion: Promotion) -> None:
    promotion.clone(author={"name": 'A "quoted" \\ name', "email": "a@example.com"})
    promotion.edit("tag: v2\n")
    promotion.commit("One")
    promotion.edit("tag: v3\n")
    promotion.commit("Two\n\n# kept", author={"name": "B", "email": "b@example.com"})

    log = git("log", "-2", "--format=%an <%ae>|%cn|%B", cwd=promotion.workdir / "out")
    assert 'A "quoted" \\ name <a@example.com>' in log
    assert "B <b@example.com>|B|Two\n\n# kept" in log


def test_a_work_tree_is_cleared_but_for_what_is_ignored(
    promotion: Promotion, origin: Origin
) -> None:
    origin.commit({".gitignore": "cache\n"}, "Ignore")
    promotion.clone()
    promotion.edit("x", "cache")
    promotion.edit("x", "untracked")

    promotion.clear()

    left = sorted(path.name for path in (promotion.workdir / "out").iterdir())
    assert left == [".git", "cache"]


def test_a_subdirectory_of_a_work_tree_is_accepted(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.edit("tag: v2\n")

    promotion.commit(path="out/apps")
    promotion.push(path="out/apps/a")

    assert origin.show("apps/a/x.yaml") == "a: 2"
    assert origin.show("values.yaml") == "tag: v1"


def test_submodules_are_checked_out_when_asked(
    promotion: Promotion, origin: Origin, tmp_path: Path
) -> None:
    part = Origin.create(tmp_path / "part.git", {"part.yaml": "p: 1\n"})
    allow = ("-c", "protocol.file.allow=always")
    git(*allow, "submodule", "add", "-q", part.url, "vendor/part", cwd=origin.bobs)
    origin.commit({}, "Add a submodule")

    promotion.clone(recurseSubmodules=True)

    assert (promotion.workdir / "out/vendor/part/part.yaml").read_text() == "p: 1\n"
    assert promotion.commit().status is StepStatus.SKIPPED
    promotion.edit("tag: v2\n")
    promotion.commit()
    promotion.push()
    assert origin.show("values.yaml") == "tag: v2"
