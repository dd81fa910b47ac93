"""The table of the reference: where the target is, who signs, and what the operator wants."""

from itertools import product

import pytest

from promotions.engine.runner import StepError
from promotions.ports.git import IntegrationPolicy
from promotions.steps.github_push import GitHubPushPolicy
from tests.fakes.github_site import GitHubSite
from tests.integration.git.conftest import output
from tests.integration.github.pushes import BOB, HAS_GPG, GitHubPromotion, promotion_at

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_GPG, reason="there is no gpg here"),
]

FORCE = "force"
MERGE = "Merge remote-tracking branch 'origin/main'"
UNSAFE = "rebase is unsafe and policy prohibits merge fallback"
REBASING = {
    IntegrationPolicy.ALWAYS_REBASE: {True, False},
    IntegrationPolicy.REBASE_OR_MERGE: {False},
    IntegrationPolicy.REBASE_OR_FAIL: {False},
    IntegrationPolicy.ALWAYS_MERGE: set(),
}
WAYS = (*IntegrationPolicy, FORCE)
CASES = [*product(WAYS, (True, False))]


def prepared(promotion: GitHubPromotion) -> None:
    """Clone, and commit A as Bob, unsigned, and B as the platform."""
    promotion.clone()
    promotion.edit("tag: a\n")
    promotion.commit("A", author={**BOB})
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.commit("B")


def remote_moves(promotion: GitHubPromotion) -> str:
    return promotion.site.repository.origin.commit({"r.txt": "r"}, "R")


def pushed(promotion: GitHubPromotion, way: str, *, target: str = "main") -> None:
    more = {} if target == "main" else {"targetBranch": target}
    result = promotion.github_push(force=way == FORCE, **more)

    assert output(result, "commit") == promotion.head
    assert promotion.head == promotion.site.repository.origin.branch(target)
    assert "refs/kargo/staging/promo" not in promotion.refs()
    assert output(result, "commitURL").endswith(f"/octo/config/commit/{promotion.head}")


def policy_of(way: str) -> IntegrationPolicy:
    return IntegrationPolicy.REBASE_OR_MERGE if way == FORCE else IntegrationPolicy(way)


@pytest.mark.parametrize(("way", "is_signing"), CASES)
@pytest.mark.parametrize("target", ["main", "env/new"])
def test_a_target_that_is_absent_or_has_not_moved_gets_the_commits(
    site: GitHubSite, target: str, way: str, *, is_signing: bool
) -> None:
    with promotion_at(site, policy=policy_of(way), is_signing=is_signing) as promotion:
        prepared(promotion)
        pushed(promotion, way, target=target)

        assert promotion.commits(target) == ["B", "A"]
        assert promotion.verified(target) == (["B"] if is_signing else [])


@pytest.mark.parametrize(("way", "is_signing"), CASES)
def test_a_target_that_has_diverged_is_integrated_by_policy(
    site: GitHubSite, way: str, *, is_signing: bool
) -> None:
    with promotion_at(site, policy=policy_of(way), is_signing=is_signing) as promotion:
        prepared(promotion)
        remote_moves(promotion)
        if way == IntegrationPolicy.REBASE_OR_FAIL and is_signing:
            with pytest.raises(StepError, match=UNSAFE) as caught:
                promotion.github_push()
            assert (caught.value.failed, caught.value.terminal) == (True, True)
            assert promotion.commits() == ["R"]
            return
        pushed(promotion, way)

        if way == FORCE:
            assert promotion.commits() == ["B", "A"]
            assert promotion.verified() == (["B"] if is_signing else [])
        elif is_signing in REBASING[policy_of(way)]:
            assert promotion.commits() == ["B", "A", "R"]
            assert promotion.verified() == (["B", "A"] if is_signing else [])
        else:
            assert sorted(promotion.commits()) == ["A", "B", MERGE, "R"]
            assert promotion.verified() == ([MERGE, "B"] if is_signing else [])


@pytest.mark.parametrize(("way", "is_signing"), CASES)
def test_a_target_that_is_ahead_of_us_is_taken_over_or_moved_back(
    site: GitHubSite, way: str, *, is_signing: bool
) -> None:
    with promotion_at(site, policy=policy_of(way), is_signing=is_signing) as promotion:
        promotion.clone()
        before = promotion.head
        ahead = remote_moves(promotion)
        pushed(promotion, way)

        assert promotion.head == (before if way == FORCE else ahead)
        assert promotion.verified() == []


@pytest.mark.parametrize("is_signing", [True, False])
@pytest.mark.parametrize("way", [IntegrationPolicy.ALWAYS_MERGE, FORCE])
@pytest.mark.parametrize("target", ["main", "env/new"])
def test_an_operator_can_have_everything_verified(
    site: GitHubSite, target: str, way: str, *, is_signing: bool
) -> None:
    with promotion_at(site, policy=policy_of(way), is_signing=is_signing) as promotion:
        promotion.policy = GitHubPushPolicy(verify_untrusted=True)
        prepared(promotion)
        remote_moves(promotion)
        pushed(promotion, way, target=target)

        merged = [MERGE] if (target, way) == ("main", IntegrationPolicy.ALWAYS_MERGE) else []
        assert promotion.verified(target) == [*merged, "B", "A"]
        trailers = promotion.site.repository.git(
            "log", "--format=%s: %(trailers:key=Co-authored-by,valueonly,separator=%x2C)", target
        )
        assert "A: Bob <bob@example.com>" in trailers
        assert ("B: Signer <signer@example.com>" in trailers) is not is_signing


def test_rebased_commits_of_others_name_them_as_co_authors(site: GitHubSite) -> None:
    policy = IntegrationPolicy.ALWAYS_REBASE
    with promotion_at(site, policy=policy, is_signing=True) as promotion:
        prepared(promotion)
        remote_moves(promotion)
        pushed(promotion, policy)

        shown = promotion.site.repository.git("log", "-2", "--format=%an|%cn|%B", "main")
        assert "kargo[bot]|GitHub|A\n\nCo-authored-by: Bob <bob@example.com>" in shown
        assert "kargo[bot]|GitHub|B\n" in shown
        assert shown.count("Co-authored-by") == 1
