from collections.abc import Iterator

import pytest

from common.jsontypes import JSONObject
from promotions.engine.runner import StepError
from promotions.ports.credentials import Credential
from promotions.ports.git import IntegrationPolicy
from promotions.steps.github_push import GitHubPushPolicy
from tests.fakes.git_origin import git
from tests.fakes.github_site import GitHubSite
from tests.fakes.scm_server import Fault, Reply
from tests.integration.git.conftest import output
from tests.integration.github.pushes import STAGING, GitHubPromotion, promotion_at


@pytest.fixture
def promotion(site: GitHubSite) -> Iterator[GitHubPromotion]:
    with promotion_at(site) as running:
        yield running


def prepared(promotion: GitHubPromotion, *checkout: JSONObject) -> None:
    promotion.clone(*checkout)
    promotion.edit("tag: v2\n")
    promotion.commit("Promote")


def others_push(promotion: GitHubPromotion, name: str = "r", *, branch: str = "main") -> str:
    origin = promotion.site.repository.origin
    return origin.commit({f"{name}.txt": name}, name.upper(), branch=branch)


def failure(promotion: GitHubPromotion, **more: str | bool | int) -> StepError:
    with pytest.raises(StepError) as caught:
        promotion.github_push(**more)
    assert "ghs_" not in caught.value.message
    assert STAGING not in promotion.refs()
    return caught.value


def test_unsigned_commits_keep_their_author_committer_date_and_words(
    promotion: GitHubPromotion,
) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    bob: JSONObject = {"name": "Bób", "email": "bob@example.com"}
    promotion.commit("Sübject\n\nBody\nof two lines", author=bob)
    before = git("log", "-1", "--format=%T%an%ae%aI%cn%ce%cI%B", cwd=promotion.workdir / "out")

    promotion.github_push()

    after = promotion.site.repository.git("log", "-1", "--format=%T%an%ae%aI%cn%ce%cI%B", "main")
    assert after == before
    assert promotion.verified() == []


def test_a_generated_branch_is_replaced_when_the_promotion_starts_anew(
    promotion: GitHubPromotion, site: GitHubSite
) -> None:
    prepared(promotion)
    promotion.github_push(generateTargetBranch=True)
    others_push(promotion)

    with promotion_at(site) as again:
        prepared(again)
        result = again.github_push(generateTargetBranch=True)

    assert output(result, "branch") == "kargo/promotion/promo"
    assert promotion.commits("kargo/promotion/promo") == ["Promote", "R"]


def test_pushing_again_changes_nothing(promotion: GitHubPromotion) -> None:
    prepared(promotion)
    first = promotion.github_push()

    assert promotion.github_push() == first
    assert promotion.commits() == ["Promote"]


@pytest.mark.parametrize("policy", IntegrationPolicy)
def test_a_promotion_that_starts_anew_after_the_push_adds_nothing(
    site: GitHubSite, policy: IntegrationPolicy
) -> None:
    with promotion_at(site, policy=policy) as first:
        prepared(first)
        first.github_push()

    with promotion_at(site, policy=policy) as second:
        prepared(second)
        second.github_push()

    assert second.commits() == ["Promote"]


@pytest.mark.parametrize("policy", IntegrationPolicy)
def test_a_move_whose_answer_is_lost_is_not_made_twice(
    site: GitHubSite, policy: IntegrationPolicy
) -> None:
    with promotion_at(site, policy=policy) as promotion:
        promotion.policy = GitHubPushPolicy(verify_untrusted=True)
        prepared(promotion)
        site.server.fail(Fault("PATCH", "/git/refs/", after=Reply(500)))
        assert not failure(promotion).terminal

        result = promotion.github_push()

        assert promotion.commits() == ["Promote"]
        assert output(result, "commit") == promotion.head == site.repository.origin.branch("main")


def test_a_branch_that_moves_meanwhile_is_integrated_and_tried_again(
    promotion: GitHubPromotion,
) -> None:
    prepared(promotion)
    promotion.site.server.fail(
        Fault("PATCH", "/git/refs/", hold=lambda: void(others_push(promotion)))
    )

    promotion.github_push()

    assert promotion.commits() == ["Promote", "R"]
    assert promotion.pauses == [1.0]


def void(_value: str) -> None:
    """Do nothing with what a push returned."""


def test_a_branch_that_never_stands_still_is_given_up(promotion: GitHubPromotion) -> None:
    prepared(promotion)
    names = iter(("r1", "r2", "r3"))
    promotion.site.server.fail(
        *[Fault("PATCH", "/git/refs/", hold=lambda: void(others_push(promotion, next(names))))] * 3
    )

    error = failure(promotion, maxAttempts=3)

    assert '"main" kept moving on the remote; gave up after 3 attempts' in error.message
    assert not error.terminal
    assert promotion.pauses == [1.0, 1.5]


def test_a_branch_that_is_created_meanwhile_is_integrated(promotion: GitHubPromotion) -> None:
    prepared(promotion)
    origin = promotion.site.repository.origin
    promotion.site.server.fail(
        Fault(
            "POST",
            "/git/refs",
            hold=lambda: void(git("branch", "env/new", "main", cwd=origin.path)),
        )
    )

    promotion.github_push(targetBranch="env/new")

    assert promotion.commits("env/new") == ["Promote"]


def test_a_new_branch_is_made_although_the_one_it_came_from_has_moved(
    promotion: GitHubPromotion,
) -> None:
    prepared(promotion)
    others_push(promotion)

    promotion.github_push(targetBranch="env/new")

    assert promotion.commits("env/new") == ["Promote"]


def test_a_new_branch_without_new_commits_is_made(promotion: GitHubPromotion) -> None:
    promotion.clone()

    promotion.github_push(targetBranch="refs/heads/env/new")

    assert promotion.site.repository.origin.branch("env/new") == promotion.head


def test_a_new_branch_can_come_from_a_detached_head(promotion: GitHubPromotion) -> None:
    commit = promotion.site.repository.origin.branch("main")
    prepared(promotion, {"commit": commit, "path": "out"})
    assert "HEAD is detached" in failure(promotion).message

    promotion.github_push(targetBranch="env/new")

    assert promotion.commits("env/new") == ["Promote"]


def test_a_conflict_ends_it_and_leaves_everything_as_it_was(promotion: GitHubPromotion) -> None:
    prepared(promotion)
    before = promotion.head
    promotion.site.repository.origin.commit({"values.yaml": "tag: v3\n"}, "R")

    error = failure(promotion)

    assert error.message.startswith("merge conflict")
    assert (error.failed, error.terminal) == (True, True)
    assert (promotion.head, promotion.commits()) == (before, ["R"])


def test_more_commits_than_the_operator_allows_are_refused(promotion: GitHubPromotion) -> None:
    promotion.policy = GitHubPushPolicy(max_revisions=2)
    base = promotion.site.repository.origin.branch("main")
    promotion.clone()
    for number in range(3):
        promotion.edit(f"tag: v{number}\n")
        promotion.commit(f"Commit {number}")

    error = failure(promotion)

    assert error.message == (
        f"commit range {base}..{promotion.head} contains 3 commits, "
        "which exceeds the configured maximum of 2"
    )
    assert (error.failed, error.terminal) == (False, True)
    assert promotion.commits() == []


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        (None, "no credentials found for"),
        (Credential(ssh_private_key="key"), "are missing a password/token"),
        (Credential(username="x"), "are missing a password/token"),
    ],
)
def test_without_a_token_it_fails(
    promotion: GitHubPromotion, credential: Credential | None, words: str
) -> None:
    prepared(promotion)
    promotion.credentials.known = {promotion.url: credential} if credential else {}

    error = failure(promotion)

    assert words in error.message
    assert (error.failed, error.terminal) == (True, True)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("POST", "/git/commits", before=Reply(403, {"message": "No write"})), "No write"),
        (Fault("POST", "/git/commits", before=Reply(502)), "502"),
        (Fault("GET", "/git/ref/", before=Reply(401, {"message": "Bad credentials"})), "Bad cred"),
        (Fault("PATCH", "/git/refs", before=Reply(409, {"message": "Locked"})), "Locked"),
    ],
)
def test_what_github_refuses_may_be_tried_again(
    promotion: GitHubPromotion, fault: Fault, words: str
) -> None:
    prepared(promotion)
    promotion.site.server.fail(fault)

    error = failure(promotion)

    assert words in error.message
    assert (error.failed, error.terminal) == (False, False)
    promotion.github_push()
    assert promotion.commits() == ["Promote"]


@pytest.mark.parametrize(
    ("body", "words", "terminal"),
    [
        ({"status": "sideways", "commits": []}, 'unexpected comparison status "sideways"', True),
        ({"status": "ahead", "commits": [{"sha": "a"}]}, "missing tree information", False),
    ],
)
def test_a_comparison_that_makes_no_sense_is_an_error(
    promotion: GitHubPromotion, body: JSONObject, words: str, *, terminal: bool
) -> None:
    prepared(promotion)
    promotion.site.server.fail(Fault("GET", "/compare/", after=Reply(200, body)))

    error = failure(promotion)

    assert words in error.message
    assert (error.failed, error.terminal) == (False, terminal)


def test_a_staging_ref_that_cannot_be_deleted_fails_nothing(
    promotion: GitHubPromotion, caplog: pytest.LogCaptureFixture
) -> None:
    prepared(promotion)
    hook = promotion.site.repository.origin.path / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$3" in *[!0]*) ;; *) exit 1 ;; esac\n')
    hook.chmod(0o755)

    promotion.github_push()

    assert promotion.commits() == ["Promote"]
    assert "the staging ref could not be deleted" in caplog.text


def test_a_directory_below_the_work_tree_will_do_and_one_outside_will_not(
    promotion: GitHubPromotion,
) -> None:
    prepared(promotion)
    step = promotion.step()

    for path in ("../out", "/out", "out/apps/../../out"):
        promotion._run(step, {"path": path})
    for path in ("..", "/etc", "absent", "out/absent"):
        with pytest.raises(StepError):
            promotion._run(step, {"path": path})


@pytest.mark.slow
def test_hundreds_of_commits_are_compared_by_pages(promotion: GitHubPromotion) -> None:
    repository = promotion.site.repository
    base = head = repository.origin.branch("main")
    env = {
        f"GIT_{role}_{part}": "x" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
    }
    for number in range(260):
        head = repository.git("commit-tree", "main^{tree}", "-p", head, "-m", str(number), env=env)
    commits = promotion.site.gateway.commits(promotion.site.access())

    whole = commits.compare(base, head, limit=300)
    part = commits.compare(base, head, limit=10)

    assert [it.message for it in whole.commits] == [str(number) for number in range(260)]
    assert (whole.status, whole.total, whole.merge_base) == ("ahead", 260, base)
    assert (part.total, len(part.commits)) == (260, 10)
