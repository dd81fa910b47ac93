import os
from dataclasses import replace
from pathlib import Path

import pytest

from promotions.ports.git import Remote
from promotions.ports.workspaces import PushRequest, TreeChanges
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion, output

LIMIT = 64 * 1024


def changes(promotion: Promotion, *, limit: int = LIMIT) -> tuple[TreeChanges, ...]:
    return promotion.git.workspaces.changes(workdir=str(promotion.workdir), limit=limit)


def request(promotion: Promotion, branch: str = "") -> PushRequest:
    return PushRequest(
        workdir=str(promotion.workdir),
        path=str(promotion.workdir / "out"),
        remote=Remote(promotion.url, tenant_uid="tenant"),
        branch=branch,
    )


def test_committed_uncommitted_and_new_files_are_changes(
    promotion: Promotion, origin: Origin
) -> None:
    base = origin.commit({".gitignore": "*.tmp\n"}, "Ignore")
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.edit("n\n", "new/file")
    promotion.edit("i\n", "ignored.tmp")

    (found,) = changes(promotion)

    assert (found.path, found.url, found.branch, found.base) == (
        "out", promotion.url, "main", base,
    )  # fmt: skip
    assert found.files == ("apps/a/x.yaml", "new/file", "values.yaml")
    assert "-tag: v1\n+tag: v2\n" in found.patch
    assert "+++ b/new/file" in found.patch
    assert not found.truncated


def test_looking_changes_nothing(promotion: Promotion) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    before = git("status", "--porcelain", cwd=promotion.workdir / "out")

    changes(promotion)

    assert git("status", "--porcelain", cwd=promotion.workdir / "out") == before == "M values.yaml"
    assert not list(promotion.workdir.glob("repo-*/c*"))


def test_every_work_tree_is_told_in_the_order_of_the_paths(
    promotion: Promotion, origin: Origin
) -> None:
    promotion.clone({"branch": "main", "path": "b"}, {"commit": origin.branch("main"), "path": "a"})
    (promotion.workdir / "b/values.yaml").unlink()

    first, second = changes(promotion)

    assert (first.path, first.branch, first.files, first.patch) == ("a", "", (), "")
    assert (second.path, second.branch, second.files) == ("b", "main", ("values.yaml",))


def test_a_work_tree_that_a_step_removed_is_passed_over(promotion: Promotion) -> None:
    promotion.clone()
    (promotion.workdir / "out").rename(promotion.workdir / "gone")

    assert changes(promotion) == ()


def test_the_patch_is_cut_at_the_limit(promotion: Promotion) -> None:
    promotion.clone()
    promotion.edit("x" * 500_000, "large.txt")

    (found,) = changes(promotion, limit=1000)

    assert len(found.patch) == 1000
    assert found.truncated


def test_binary_and_oddly_encoded_files_are_told_safely(promotion: Promotion) -> None:
    promotion.clone()
    out = promotion.workdir / "out"
    (out / "bin").write_bytes(b"\0\1\2")
    (out / "latin").write_bytes("caf\u00e9\n".encode("latin-1"))
    Path(os.fsdecode(os.fsencode(out) + b"/caf\xe9")).write_text("x\n")
    (out / "crlf").write_bytes(b"a\r\nb\r\n")

    (found,) = changes(promotion)

    assert found.files == ("bin", "caf\ufffd", "crlf", "latin")
    assert "Binary files /dev/null and b/bin differ" in found.patch
    assert "+caf\ufffd\n" in found.patch
    assert "+a\r\n+b\r\n" in found.patch


def test_no_program_of_a_repository_is_run(promotion: Promotion, origin: Origin) -> None:
    marker = promotion.workdir / "owned"
    origin.commit({".gitattributes": "* diff=evil filter=evil textconv=evil merge=evil\n"}, "Evil")
    promotion.clone()
    promotion.edit("tag: v2\n")
    nested = promotion.workdir / "out/nested"
    nested.mkdir()
    git("init", "-q", cwd=nested)
    git("commit", "-q", "--allow-empty", "-m", "x", cwd=nested)
    git("config", "core.fsmonitor", f"touch {marker}", cwd=nested)
    git("config", "diff.external", f"touch {marker}", cwd=nested)

    (found,) = changes(promotion)

    assert "values.yaml" in found.files
    assert not marker.exists()


def test_configuration_that_a_step_wrote_is_refused(promotion: Promotion) -> None:
    promotion.clone()
    (config,) = promotion.workdir.glob("repo-*/repo/config")
    config.write_text(config.read_text() + "[diff]\n\texternal = touch /tmp/x\n")

    with pytest.raises(Exception, match="tampered with"):
        changes(promotion)


def test_a_sparse_work_tree_shows_only_what_was_changed(
    promotion: Promotion, origin: Origin
) -> None:
    origin.commit({"apps/b/y.yaml": "b: 1\n"}, "More")
    promotion.clone({"branch": "main", "path": "out", "sparse": ["apps/a"]})
    promotion.edit("a: 2\n", "apps/a/x.yaml")

    (found,) = changes(promotion)

    assert found.files == ("apps/a/x.yaml",)


def test_the_files_of_the_start_can_be_had(promotion: Promotion) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()
    out, everything, some = (promotion.workdir / name for name in ("out", "base", "some"))
    write = promotion.git.workspaces.base_files

    write(workdir=str(promotion.workdir), path=str(out), target=str(everything))
    write(
        workdir=str(promotion.workdir), path=str(out), target=str(some),
        only=("apps", "missing", "../values.yaml"),
    )  # fmt: skip

    assert (everything / "values.yaml").read_text() == "tag: v1\n"
    assert (everything / "apps/a/x.yaml").read_text() == "a: 1\n"
    assert sorted(it.name for it in everything.iterdir()) == ["apps", "values.yaml"]
    assert [it.name for it in some.rglob("*") if it.is_file()] == ["x.yaml"]
    assert (out / "values.yaml").read_text() == "tag: v2\n"
    assert git("status", "--porcelain", cwd=out) == ""


def test_the_files_of_a_sparse_start_are_those_that_were_checked_out(
    promotion: Promotion, origin: Origin
) -> None:
    origin.commit({"apps/b/y.yaml": "b: 1\n"}, "More")
    promotion.clone({"branch": "main", "path": "out", "sparse": ["apps/a"]})
    target = promotion.workdir / "base"

    promotion.git.workspaces.base_files(
        workdir=str(promotion.workdir), path=str(promotion.workdir / "out"), target=str(target)
    )

    found = sorted(it.relative_to(target).as_posix() for it in target.rglob("*") if it.is_file())
    assert found == ["apps/a/x.yaml", "values.yaml"]


def test_remote_changes_are_integrated_without_a_push(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.commit("Mine")
    theirs = origin.commit({"values.yaml": "tag: v9\n"}, "Theirs")

    done = promotion.git.workspaces.integrate(request(promotion))

    here = promotion.workdir / "out"
    assert git("log", "--format=%s", cwd=here).splitlines() == ["Mine", "Theirs", "Start"]
    assert done.commit == git("rev-parse", "HEAD", cwd=here)
    assert (done.branch, origin.branch("main")) == ("main", theirs)


def test_integrating_a_branch_that_is_not_there_changes_nothing(promotion: Promotion) -> None:
    promotion.clone()
    before = git("rev-parse", "HEAD", cwd=promotion.workdir / "out")

    done = promotion.git.workspaces.integrate(request(promotion, "absent"))

    assert (done.commit, done.branch) == (before, "absent")


def test_a_work_tree_adopts_what_the_remote_has(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    promotion.edit("tag: mine\n")
    promotion.commit("Mine")
    theirs = origin.commit({"values.yaml": "tag: v9\n"}, "Theirs")

    done = promotion.git.workspaces.adopt(request(promotion))

    here = promotion.workdir / "out"
    assert done.commit == theirs == git("rev-parse", "HEAD", cwd=here)
    assert (here / "values.yaml").read_text() == "tag: v9\n"
    assert git("symbolic-ref", "HEAD", cwd=here) == "refs/heads/main"


def test_a_hidden_ref_is_pushed_and_deleted_twice(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()
    ref = "refs/kargo/staging/promo"
    pushing = replace(request(promotion, ref), force=True)

    promotion.git.workspaces.push(pushing)
    there = git("for-each-ref", ref, cwd=origin.path)
    promotion.git.workspaces.delete_ref(pushing)
    promotion.git.workspaces.delete_ref(pushing)

    assert there
    assert git("for-each-ref", ref, cwd=origin.path) == ""


def test_authors_are_told_and_unsigned_commits_are_n(promotion: Promotion) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    mine = output(promotion.commit(author={"name": "B", "email": "b@example.com"}), "commit")
    start = git("rev-parse", "HEAD~1", cwd=promotion.workdir / "out")

    found = promotion.git.workspaces.signatures(
        workdir=str(promotion.workdir),
        path=str(promotion.workdir / "out"),
        commits=(start, mine),
    )

    assert [(found[it].state, found[it].signer) for it in (start, mine)] == [("N", ""), ("N", "")]
    assert found[start].author == "Bob <bob@example.com>"
    assert found[mine].author == "B <b@example.com>"


def test_signatures_are_looked_up_by_full_id_only(promotion: Promotion) -> None:
    promotion.clone()

    with pytest.raises(Exception, match="full commit id"):
        promotion.git.workspaces.signatures(
            workdir=str(promotion.workdir),
            path=str(promotion.workdir / "out"),
            commits=("--output=/tmp/x",),
        )
