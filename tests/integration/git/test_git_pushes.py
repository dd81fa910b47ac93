import subprocess
from dataclasses import replace

import pytest

from promotions.engine.runner import StepError
from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.pushing import Pusher
from promotions.gateways.git.settings import GitSettings
from promotions.ports.git import IntegrationPolicy
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion, output


def test_changes_that_others_pushed_are_taken_in(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.commit("Mine")
    origin.commit({"values.yaml": "tag: v9\n"}, "Theirs")

    pushed = promotion.push()

    assert origin.subjects() == ["Mine", "Theirs", "Start"]
    assert output(pushed, "commit") == origin.branch("main")


def test_a_conflict_ends_the_step_and_leaves_the_work_tree_as_it_was(
    promotion: Promotion, origin: Origin
) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    mine = output(promotion.commit(), "commit")
    origin.commit({"values.yaml": "tag: v9\n"}, "Theirs")

    with pytest.raises(StepError, match=r"merge conflict.* of values\.yaml") as caught:
        promotion.push()

    assert caught.value.failed
    assert caught.value.terminal
    here = promotion.workdir / "out"
    assert git("status", "--porcelain", cwd=here) == ""
    assert git("rev-parse", "HEAD", cwd=here) == mine
    assert git("symbolic-ref", "HEAD", cwd=here) == "refs/heads/main"
    assert origin.subjects() == ["Theirs", "Start"]


@pytest.mark.parametrize(
    "policy", [IntegrationPolicy.ALWAYS_MERGE, IntegrationPolicy.ALWAYS_REBASE]
)
def test_the_operator_chooses_between_merge_and_rebase(
    policy: IntegrationPolicy, settings: GitSettings, promotion: Promotion, origin: Origin
) -> None:
    promotion.git = open_git(replace(settings, integration=policy))
    promotion.clone()
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.commit("Mine")
    origin.commit({"values.yaml": "tag: v9\n"}, "Theirs")

    promotion.push()

    parents = git("rev-list", "--parents", "-1", "main", cwd=origin.path).split()[1:]
    assert len(parents) == (2 if policy is IntegrationPolicy.ALWAYS_MERGE else 1)
    assert origin.show("values.yaml") == "tag: v9"
    assert origin.show("apps/a/x.yaml") == "a: 2"


def test_a_merge_conflict_is_undone_too(
    settings: GitSettings, promotion: Promotion, origin: Origin
) -> None:
    promotion.git = open_git(replace(settings, integration=IntegrationPolicy.ALWAYS_MERGE))
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()
    origin.commit({"values.yaml": "tag: v9\n"}, "Theirs")

    with pytest.raises(StepError, match="merge conflict"):
        promotion.push()

    assert git("status", "--porcelain", cwd=promotion.workdir / "out") == ""


def test_pushing_again_after_a_crash_changes_nothing(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit("Mine")
    first = promotion.push()

    second = promotion.push()

    assert first.output == second.output
    assert origin.subjects() == ["Mine", "Start"]


def test_a_rebase_that_a_killed_worker_left_is_undone(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit("Mine")
    theirs = origin.commit({"values.yaml": "tag: v9\n"}, "Theirs")
    here = promotion.workdir / "out"
    git("fetch", "-q", "origin", cwd=here)
    with pytest.raises(subprocess.CalledProcessError):
        git("rebase", "-q", theirs, cwd=here)
    origin.commit({"values.yaml": "tag: v1\n"}, "Back")

    promotion.push()

    assert origin.subjects() == ["Mine", "Back", "Theirs", "Start"]
    assert git("status", "--porcelain", cwd=here) == ""


def test_a_generated_branch_is_named_for_the_promotion_and_replaced(
    promotion: Promotion, origin: Origin
) -> None:
    origin.commit({"other": "1"}, "Old", branch="kargo/promotion/promo")
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit("Mine")

    pushed = promotion.push(generateTargetBranch=True)

    assert output(pushed, "branch") == "kargo/promotion/promo"
    assert origin.subjects("kargo/promotion/promo") == ["Mine", "Start"]


def test_a_detached_head_goes_to_a_new_branch(promotion: Promotion, origin: Origin) -> None:
    promotion.clone({"commit": origin.branch("main"), "path": "out"})
    promotion.edit("tag: v2\n")
    promotion.commit("Mine")

    promotion.push(targetBranch="fresh")

    assert origin.subjects("fresh") == ["Mine", "Start"]
    with pytest.raises(StepError, match="HEAD is detached"):
        promotion.push()


def test_a_tag_is_pushed_once_and_never_moved(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    here = promotion.workdir / "out"
    git("tag", "v7", cwd=here)

    first = promotion.push(tag="v7")
    second = promotion.push(tag="v7")
    promotion.edit("tag: v2\n")
    promotion.commit()
    git("tag", "-f", "v7", cwd=here)

    assert first.output == second.output
    with pytest.raises(StepError, match="remote refused the push"):
        promotion.push(tag="v7")


def test_a_branch_that_never_stops_moving_ends_after_the_attempts_with_pauses(
    settings: GitSettings, promotion: Promotion, origin: Origin
) -> None:
    pauses: list[float] = []
    hook = origin.path / "hooks/update"
    hook.write_text("#!/bin/sh\ngit update-ref $1 $2 $1 2>/dev/null; rm -f x; exit 0\n")
    lock = origin.path / "refs/heads/main.lock"
    lock.touch()
    workspaces = replace(
        promotion.git.workspaces,
        pusher=Pusher(promotion.git.workspaces.runner, sleep=pauses.append, chance=lambda: 0.5),
    )
    promotion.git = replace(promotion.git, workspaces=workspaces)
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()

    with pytest.raises(StepError, match="kept moving on the remote; gave up after 3 attempts"):
        promotion.push(maxAttempts=3)

    assert pauses == [1.0, 1.5]


def test_the_commit_page_is_put_out_when_the_provider_is_known(promotion: Promotion) -> None:
    promotion.clone()

    pushed = promotion.push(provider="gitea")

    assert output(pushed, "commitURL").endswith(f"/commit/{output(pushed, 'commit')}")
    assert "commitURL" not in (promotion.push().output or {})


def test_an_unsafe_rebase_is_refused_or_merged_as_the_policy_says(
    settings: GitSettings, promotion: Promotion, origin: Origin
) -> None:
    promotion.clone()
    here = promotion.workdir / "out"
    signed = (
        "tree {}\nparent {}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\ngpgsig x\n\nS\n"
    )
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.commit("Mine")
    tree = git("rev-parse", "HEAD^{tree}", cwd=here)
    text = signed.format(tree, origin.branch("main"))
    (promotion.workdir / "text").write_text(text)
    forged = git("hash-object", "-t", "commit", "-w", str(promotion.workdir / "text"), cwd=here)
    git("reset", "-q", "--hard", forged, cwd=here)
    origin.commit({"values.yaml": "tag: v9\n"}, "Theirs")

    promotion.git = open_git(replace(settings, integration=IntegrationPolicy.REBASE_OR_FAIL))
    with pytest.raises(StepError, match="policy prohibits merge fallback") as caught:
        promotion.push()
    promotion.git = open_git(settings)
    promotion.push()

    assert caught.value.terminal
    assert len(git("rev-list", "--parents", "-1", "main", cwd=origin.path).split()) == 3
