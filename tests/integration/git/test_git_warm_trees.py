from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from promotions.gateways.git.gateway import GitGateway
from promotions.ports.control_plane import GitIdentity
from promotions.ports.credentials import Credential
from promotions.ports.git import Remote
from promotions.ports.workspaces import Checkout, CloneRequest
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion
from tests.integration.git.warm import Warmth, fresh, listing, make_origin, with_trees


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return make_origin(tmp_path / "origin.git")


@pytest.fixture
def warmth(gateway: GitGateway, origin: Origin, short_path: Path) -> Warmth:
    return Warmth(git=with_trees(gateway), url=origin.url, base=short_path)


def inode(path: Path) -> int:
    return path.lstat().st_ino


def test_the_next_promotion_gets_the_files_of_the_last(warmth: Warmth) -> None:
    with warmth.promotion() as first:
        first.clone()
        before = inode(first.workdir / "out/apps/a/x.yaml")

    with warmth.promotion() as second:
        second.clone()

        assert inode(second.workdir / "out/apps/a/x.yaml") == before
        assert git("status", "--porcelain", "--ignored", cwd=second.workdir / "out") == ""
    assert len(warmth.idle()) == 1
    assert warmth.left() == []


def test_only_what_differs_is_written(warmth: Warmth, origin: Origin) -> None:
    with warmth.promotion() as first:
        first.clone()
        kept, changed = (inode(first.workdir / "out" / name) for name in ("values.yaml", "link"))
    new = origin.commit({"apps/a/x.yaml": "a: 2\n", "new/file": "n\n"}, "Two")

    with warmth.promotion() as second:
        cloned = second.clone()

        assert cloned.output == {"commits": {"out": new}}
        assert listing(second.workdir / "out") == fresh(origin.url, second.workdir)
        assert inode(second.workdir / "out/values.yaml") == kept
        assert inode(second.workdir / "out/link") == changed


def test_a_warm_work_tree_is_edited_committed_and_pushed_like_any_other(
    warmth: Warmth, origin: Origin
) -> None:
    for tag in ("v2", "v3", "v4"):
        with warmth.promotion() as promotion:
            promotion.clone()
            promotion.edit(f"tag: {tag}\n")
            promotion.commit(f"Use {tag}")
            promotion.push()

    assert origin.subjects()[:3] == ["Use v4", "Use v3", "Use v2"]
    assert origin.show("values.yaml") == "tag: v4"


def test_a_repository_of_few_files_is_not_kept(gateway: GitGateway, origin: Origin) -> None:
    warmth = Warmth(git=gateway, url=origin.url, base=origin.path.parent)

    with warmth.promotion() as promotion:
        promotion.clone()

    assert warmth.idle() == []
    assert warmth.left() == []


def test_nothing_is_kept_where_the_operator_wants_none(
    gateway: GitGateway, origin: Origin, short_path: Path
) -> None:
    warmth = Warmth(git=with_trees(gateway, warm_trees=0), url=origin.url, base=short_path)

    with warmth.promotion() as promotion:
        promotion.clone()

    assert not warmth.pool.exists()


def test_a_sparse_work_tree_is_not_kept(warmth: Warmth) -> None:
    with warmth.promotion() as promotion:
        promotion.clone({"branch": "main", "path": "out", "sparse": ["apps/a"]})

    assert warmth.idle() == []


def test_another_branch_gets_a_work_tree_of_its_own_and_a_commit_takes_any(
    warmth: Warmth, origin: Origin
) -> None:
    side = origin.commit({"only": "here"}, "Side", branch="stage/test")
    with warmth.promotion() as first:
        first.clone()
    with warmth.promotion() as second:
        second.clone({"branch": "stage/test", "path": "out"})

    assert len(warmth.idle()) == 2
    with warmth.promotion() as third:
        third.clone({"commit": side, "path": "out"}, {"branch": "main", "path": "two/out"})
        assert listing(third.workdir / "out") == fresh(origin.url, third.workdir, ref="stage/test")
        assert listing(third.workdir / "two/out") == fresh(origin.url, third.workdir)
        assert warmth.idle() == []
    assert len(warmth.idle()) == 2


def test_other_attributes_are_never_met_half_way(
    warmth: Warmth, origin: Origin, tmp_path: Path
) -> None:
    with warmth.promotion() as first:
        first.clone()
    origin.commit({".gitattributes": "*.yaml text eol=crlf\n"}, "Windows")

    with warmth.promotion() as second:
        second.clone()

        assert (second.workdir / "out/values.yaml").read_bytes() == b"tag: v1\r\n"
        assert listing(second.workdir / "out") == fresh(origin.url, tmp_path)


def test_files_become_folders_and_links_become_files_between_commits(
    warmth: Warmth, origin: Origin, tmp_path: Path
) -> None:
    with warmth.promotion() as first:
        first.clone()
    for name in ("values.yaml", "link", "apps/a/x.yaml"):
        (origin.bobs / name).unlink()
    (origin.bobs / "apps/a/y.yaml").unlink()
    (origin.bobs / "apps/a").rmdir()
    (origin.bobs / "apps/a").symlink_to("b")
    origin.commit({"values.yaml/inner": "x\n", "link": "a file\n"}, "Turn around")

    with warmth.promotion() as second:
        second.clone()

        assert listing(second.workdir / "out") == fresh(origin.url, tmp_path)


def test_a_submodule_s_empty_folder_stays_empty(
    warmth: Warmth, origin: Origin, tmp_path: Path
) -> None:
    git(
        "update-index", "--add", "--cacheinfo", f"160000,{origin.branch('main')},vendor/part",
        cwd=origin.bobs,
    )  # fmt: skip
    (origin.bobs / "vendor/part").mkdir(parents=True)
    origin.commit({}, "A submodule")
    with warmth.promotion() as first:
        first.clone()
        (first.workdir / "out/vendor/part/evil").write_text("x")
    with warmth.promotion() as second:
        second.clone()

        assert listing(second.workdir / "out") == fresh(origin.url, tmp_path)


def test_tenants_and_credentials_never_share_a_work_tree(
    warmth: Warmth, origin: Origin, tmp_path: Path
) -> None:
    remotes = [
        Remote(origin.url, tenant_uid="one"),
        Remote(origin.url, tenant_uid="two"),
        Remote(origin.url, tenant_uid="one", credential=Credential(username="u", password="p")),
        Remote(origin.url, tenant_uid="one", insecure_skip_tls_verify=True),
    ]
    for number, remote in enumerate(remotes):
        workdir = tmp_path / f"work{number}"
        workdir.mkdir()
        warmth.git.workspaces.clone(
            CloneRequest(
                remote=remote,
                workdir=str(workdir),
                owner="clone",
                checkouts=(Checkout(path=str(workdir / "out"), branch="main"),),
                identity=GitIdentity(),
            )
        )
        assert warmth.idle() == []
        warmth.git.workspaces.release(workdir=str(workdir))
        for folder in warmth.idle():
            folder.rename(tmp_path / f"away{number}")


def test_only_so_many_are_kept_and_the_oldest_goes_first(
    gateway: GitGateway, origin: Origin, short_path: Path
) -> None:
    warmth = Warmth(git=with_trees(gateway, warm_trees=2), url=origin.url, base=short_path)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(warmth.promotion()).clone()

    assert len(warmth.idle()) == 2
    assert warmth.left() == []


@pytest.mark.parametrize("limit", [{"warm_bytes": 10}, {"warm_age": timedelta(seconds=-1)}])
def test_what_is_too_large_or_too_old_is_removed(
    limit: dict[str, object], gateway: GitGateway, origin: Origin, short_path: Path
) -> None:
    warmth = Warmth(git=with_trees(gateway, **limit), url=origin.url, base=short_path)

    with warmth.promotion() as promotion:
        promotion.clone()

    assert warmth.idle() == []
    assert warmth.left() == []


def test_what_a_step_wrote_takes_no_room_in_the_pool(warmth: Warmth) -> None:
    with warmth.promotion() as promotion:
        promotion.clone()
        with (promotion.workdir / "out/large").open("wb") as file:
            file.truncate(2**30)
        with (promotion.workdir / "out/values.yaml").open("wb") as file:
            file.truncate(2**30)

    (idle,) = warmth.idle()
    assert max(it.lstat().st_size for it in idle.rglob("*")) < 2**20


def test_cloning_again_takes_the_same_work_tree_cleaned(warmth: Warmth, origin: Origin) -> None:
    with warmth.promotion() as promotion:
        promotion.clone()
        before = inode(promotion.workdir / "out/link")
        promotion.edit("half done")

        promotion.clone()

        assert inode(promotion.workdir / "out/link") == before
        assert (promotion.workdir / "out/values.yaml").read_text() == "tag: v1\n"


@pytest.mark.parametrize("instead", ["nothing", "a link", "another folder", "a file"])
def test_a_work_tree_that_is_not_where_it_was_is_given_up(instead: str, warmth: Warmth) -> None:
    with warmth.promotion() as promotion:
        promotion.clone()
        out = promotion.workdir / "out"
        out.rename(promotion.workdir / "moved")
        match instead:
            case "a link":
                out.symlink_to("moved")
            case "another folder":
                out.mkdir()
                (out / "evil").write_text("x")
            case "a file":
                out.write_text("x")
            case _:
                pass

    assert warmth.idle() == []
    assert warmth.left() == []


def test_what_a_killed_process_left_is_thrown_away(warmth: Warmth, origin: Origin) -> None:
    with warmth.promotion() as first:
        first.clone()
    with warmth.promotion() as second:
        second.clone()
        (loan,) = warmth.pool.glob("lent/*/*")
        (loan / "note.json").unlink()
    assert warmth.idle() == []
    assert warmth.left() == []

    with warmth.promotion() as third:
        third.clone()
        (loan,) = warmth.pool.glob("lent/*/*")
        (loan / "index").write_bytes(b"DIRC garbage")
    assert warmth.idle() == []
    with warmth.promotion() as fourth:
        fourth.clone()
        assert (fourth.workdir / "out/values.yaml").read_text() == "tag: v1\n"


def test_loans_of_work_directories_that_are_gone_are_swept(warmth: Warmth) -> None:
    with TemporaryDirectory(dir=warmth.base) as folder:
        Promotion(git=warmth.git, workdir=Path(folder), url=warmth.url).clone()
    assert len(warmth.left()) == 1

    with warmth.promotion() as promotion:
        promotion.clone()

    assert warmth.left() == []


def test_an_index_that_was_damaged_in_the_pool_costs_only_time(
    warmth: Warmth, origin: Origin, tmp_path: Path
) -> None:
    with warmth.promotion() as first:
        first.clone()
    (idle,) = warmth.idle()
    (idle / "index").write_bytes((idle / "index").read_bytes()[:-40] + b"x" * 40)

    with warmth.promotion() as second:
        second.clone()

        assert listing(second.workdir / "out") == fresh(origin.url, tmp_path)
