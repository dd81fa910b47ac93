"""Which Warehouses a push concerns, and which Promotions a pull request."""

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.webhooks.decisions import RefreshWarehouses
from promotions.engine.webhooks.pull_requests import awaited_pull_requests
from promotions.engine.webhooks.warehouse_matching import is_concerned, subscribed_urls

GIT = "https://github.com/acme/shop"
IMAGE = "ghcr.io/acme/shop"


def git(**fields: JSONValue) -> JSONObject:
    return {"git": {"repoURL": "git@github.com:Acme/Shop.git", **fields}}


def image(**fields: JSONValue) -> JSONObject:
    return {"image": {"repoURL": "ghcr.io/Acme/Shop", **fields}}


def chart(**fields: JSONValue) -> JSONObject:
    return {"chart": {"repoURL": "oci://ghcr.io/acme/shop", **fields}}


def pushed(*qualifiers: str, files: tuple[str, ...] = ()) -> RefreshWarehouses:
    return RefreshWarehouses((IMAGE, "ssh://git@github.com/acme/shop"), qualifiers, files)


def test_a_warehouse_is_found_by_the_normal_forms_of_its_repositories() -> None:
    found = subscribed_urls([git(), image(), chart(), {"name": "x", "gizmo": {"repoURL": "y"}}])

    assert found == {"ssh://git@github.com/acme/shop", IMAGE}


def test_other_repositories_are_no_concern() -> None:
    other: JSONObject = {"git": {"repoURL": "https://github.com/acme/other"}}

    assert not is_concerned([other], pushed("refs/heads/main"))
    assert not is_concerned([], pushed())


@pytest.mark.parametrize("subscription", [git(branch="dev"), image(constraint="^9"), chart()])
def test_without_qualifiers_every_subscriber_is_concerned(subscription: JSONObject) -> None:
    assert is_concerned([subscription], pushed())


@pytest.mark.parametrize(
    ("subscription", "ref", "concerned"),
    [
        (git(), "refs/heads/main", True),
        (git(), "refs/heads/master", True),
        (git(), "refs/heads/dev", False),
        (git(branch="dev"), "refs/heads/dev", True),
        (git(branch="dev"), "dev", False),
        (git(branch="dev"), "refs/tags/dev", False),
        (git(commitSelectionStrategy="NewestFromBranch"), "refs/heads/main", True),
        (git(commitSelectionStrategy="NewestTag"), "refs/tags/anything", True),
        (git(commitSelectionStrategy="NewestTag"), "refs/heads/main", False),
        (git(commitSelectionStrategy="Lexical", allowTagsRegexes=["^v"]), "refs/tags/v1", True),
        (git(commitSelectionStrategy="Lexical", ignoreTagsRegexes=["^v"]), "refs/tags/v1", False),
        (git(commitSelectionStrategy="SemVer", semverConstraint="^1"), "refs/tags/v1.2.0", True),
        (git(commitSelectionStrategy="SemVer", semverConstraint="^1"), "refs/tags/2.0.0", False),
        (git(commitSelectionStrategy="SemVer"), "refs/tags/1.2", False),
        (git(commitSelectionStrategy="SemVer", strictSemvers=False), "refs/tags/1.2", True),
    ],
)
def test_a_git_subscription_waits_for_its_own_refs(
    subscription: JSONObject, ref: str, *, concerned: bool
) -> None:
    assert is_concerned([subscription], pushed(ref)) is concerned


@pytest.mark.parametrize(
    ("subscription", "tag", "concerned"),
    [
        (image(), "1.2.0", True),
        (image(), "latest", False),
        (image(constraint="^2"), "1.2.0", False),
        (image(imageSelectionStrategy="SemVer", strictSemvers=False), "1.2", True),
        (image(imageSelectionStrategy="Digest", constraint="latest"), "latest", True),
        (image(imageSelectionStrategy="Digest", constraint="latest"), "1.2.0", False),
        (image(imageSelectionStrategy="Lexical"), "nightly", True),
        (image(imageSelectionStrategy="NewestBuild", allowTagsRegexes=["^n"]), "nightly", True),
        (image(imageSelectionStrategy="NewestBuild", ignoreTagsRegexes=["^n"]), "nightly", False),
        (chart(), "1.2.0", True),
        (chart(), "latest", False),
        (chart(semverConstraint="^2"), "1.2.0", False),
        (chart(semverConstraint="^1"), "v1.2", True),
    ],
)
def test_an_image_or_chart_subscription_waits_for_its_own_tags(
    subscription: JSONObject, tag: str, *, concerned: bool
) -> None:
    assert is_concerned([subscription], pushed(tag)) is concerned


@pytest.mark.parametrize(
    ("files", "concerned"),
    [((), True), (("docs/a.md", "src/x"), True), (("README",), False), (("src/gen/x",), False)],
)
def test_known_files_must_pass_the_path_filter(files: tuple[str, ...], *, concerned: bool) -> None:
    subscription = git(includePaths=["src", "docs"], excludePaths=["glob:src/gen/**"])

    assert is_concerned([subscription], pushed("refs/heads/main", files=files)) is concerned


def test_the_right_files_on_the_wrong_branch_are_no_concern() -> None:
    subscription = git(includePaths=["src"])

    assert not is_concerned([subscription], pushed("refs/heads/dev", files=("src/x",)))


def test_one_subscription_that_accepts_is_enough() -> None:
    subscriptions = [git(branch="dev"), image(constraint="^2"), chart(semverConstraint="^1")]

    assert is_concerned(subscriptions, pushed("1.2.0"))


@pytest.mark.parametrize(
    "subscription",
    [
        git(commitSelectionStrategy="Whim"),
        git(commitSelectionStrategy="SemVer", semverConstraint="~~"),
        git(commitSelectionStrategy="Lexical", allowTagsRegexes=["("]),
        git(includePaths=["regex:("]),
        image(imageSelectionStrategy="Whim"),
        image(constraint="~~"),
        chart(semverConstraint="~~"),
    ],
)
def test_a_malformed_subscription_is_an_error(subscription: JSONObject) -> None:
    with pytest.raises(InvalidError):
        is_concerned([subscription], pushed("refs/heads/main", files=("x",)))


def test_a_promotion_waits_for_the_pull_requests_of_the_steps_it_has_reached() -> None:
    steps: list[JSONObject] = [
        {"uses": "git-open-pr", "as": "open"},
        {"uses": "git-wait-for-pr", "as": "first"},
        {"uses": "git-wait-for-pr", "as": "second"},
        {"uses": "git-wait-for-pr"},
        {"uses": "git-wait-for-pr", "as": "later"},
    ]
    state: JSONObject = {
        alias: {"pr": {"url": f"https://x.example/{alias}"}}
        for alias in ("open", "first", "second", "later", "")
    }

    found = awaited_pull_requests(steps, current_step=3, state=state)

    assert found == {"https://x.example/first", "https://x.example/second"}


@pytest.mark.parametrize(
    "output", [None, "x", {}, {"pr": None}, {"pr": {"url": 7}}, {"pr": {"url": ""}}, []]
)
def test_a_step_that_has_recorded_no_address_is_not_found(output: JSONValue) -> None:
    steps: list[JSONObject] = [{"uses": "git-wait-for-pr", "as": "wait"}]

    assert not awaited_pull_requests(steps, current_step=0, state={"wait": output})
