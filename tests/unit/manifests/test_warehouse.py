from typing import Any

import pytest
from pytest_django import Settings

from tests.unit.manifests.reading import problems, read, stored

GIT = {"repoURL": "https://github.com/example/app"}
IMAGE = {"repoURL": "ghcr.io/example/app"}
CHART = {"repoURL": "https://charts.example.com", "name": "app"}


def wrong(*subscriptions: Any) -> list[str]:
    return problems("Warehouse", {"subscriptions": list(subscriptions)})


def kept(subscription: dict[str, Any]) -> Any:
    (written,) = stored("Warehouse", {"subscriptions": [subscription]})["subscriptions"]
    return written


def test_defaults_are_filled_in() -> None:
    spec = stored(
        "Warehouse", {"subscriptions": [{"git": GIT}, {"image": IMAGE}, {"chart": CHART}]}
    )

    assert spec == {
        "interval": "5m0s",
        "freightCreationPolicy": "Automatic",
        "subscriptions": [
            {
                "git": {
                    **GIT,
                    "commitSelectionStrategy": "NewestFromBranch",
                    "strictSemvers": True,
                    "discoveryLimit": 20,
                }
            },
            {
                "image": {
                    **IMAGE,
                    "imageSelectionStrategy": "SemVer",
                    "strictSemvers": True,
                    "discoveryLimit": 20,
                }
            },
            {"chart": {**CHART, "discoveryLimit": 20}},
        ],
    }


def test_what_is_given_is_kept() -> None:
    given = {
        **GIT,
        "branch": "release/1.x",
        "commitSelectionStrategy": "SemVer",
        "semverConstraint": "^1.0.0",
        "strictSemvers": False,
        "discoveryLimit": 3,
        "blobless": False,
    }

    assert kept({"name": "code", "git": given}) == {"name": "code", "git": given}


def test_empty_texts_and_nulls_count_as_absent() -> None:
    assert "branch" not in kept({"git": {**GIT, "branch": "", "since": None}})["git"]


def test_a_warehouse_without_subscriptions_is_refused() -> None:
    assert wrong() == ["spec.subscriptions: must have at least 1 item(s)"]
    assert problems("Warehouse", {}) == ["spec.subscriptions: is required"]
    assert problems("Warehouse") == ["spec: is required"]


@pytest.mark.parametrize(
    ("subscription", "reason"),
    [
        ({}, "must have exactly one type (git, image, chart) beside name; found none"),
        ({"name": "x"}, "must have exactly one type (git, image, chart) beside name; found none"),
        ({"git": GIT, "image": IMAGE}, "beside name; found git and image"),
        ({"git": GIT, "oci": {}}, "beside name; found git and oci"),
        ("git", "must be an object"),
        ([GIT], "must be an object"),
        (7, "must be an object"),
        ({"name": "x", "gti": {}}, 'no subscriber is registered for the type "gti"; did you mean'),
        ({"name": "x", "zzz": {}}, 'no subscriber is registered for the type "zzz"'),
    ],
)
def test_a_subscription_has_exactly_one_known_type(subscription: Any, reason: str) -> None:
    (problem,) = wrong(subscription)

    assert problem.startswith("spec.subscriptions[0]: ")
    assert reason in problem


@pytest.mark.parametrize("name", ["Code", "a.b", "-a", "a" * 64, ""])
def test_a_subscription_name_is_a_label(name: str) -> None:
    assert "spec.subscriptions[0].name: must be a name" in wrong({"name": name, "git": GIT})[0]


def test_subscription_names_and_repositories_are_unique() -> None:
    other = {"repoURL": "https://GITHUB.com/example/app.git"}

    assert wrong({"name": "a", "git": GIT}, {"name": "a", "git": other}) == [
        'spec.subscriptions[1].name: "a" is already the name of spec.subscriptions[0]',
        (
            "spec.subscriptions[1].git.repoURL: subscribes to the same repository as "
            "spec.subscriptions[0]"
        ),
    ]


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ({"image": {"repoURL": "nginx"}}, {"image": {"repoURL": "docker.io/library/nginx"}}, True),
        ({"image": {"repoURL": "nginx"}}, {"image": {"repoURL": "ghcr.io/nginx"}}, False),
        ({"chart": CHART}, {"chart": {**CHART, "name": "other"}}, False),
        ({"chart": CHART}, {"chart": CHART}, True),
        ({"chart": {"repoURL": "oci://h/a"}}, {"chart": {"repoURL": "oci://h/A"}}, True),
        ({"image": {"repoURL": "h.io/a"}}, {"chart": {"repoURL": "oci://h.io/a"}}, False),
    ],
)
def test_repositories_are_compared_in_normal_form(
    first: dict[str, Any], second: dict[str, Any], *, clash: bool
) -> None:
    assert bool(wrong(first, second)) is clash


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("git", {}, "repoURL: is required"),
        ("git", {"repoURL": "ext::sh -c x"}, "repoURL: must be an address"),
        ("git", {"repoURL": "-oProxyCommand=x"}, "repoURL: must be an address"),
        ("git", {"repoURL": "file:///srv/x"}, "repoURL: must be an address"),
        ("git", {**GIT, "branch": "-x"}, "branch: must be a branch name"),
        ("git", {**GIT, "branch": "a" * 256}, "branch: must be a branch name"),
        ("git", {**GIT, "semverConstraint": "not one"}, "semverConstraint: "),
        ("git", {**GIT, "commitSelectionStrategy": "Newest"}, "must be one of"),
        ("git", {**GIT, "discoveryLimit": 0}, "discoveryLimit: must be at least 1"),
        ("git", {**GIT, "discoveryLimit": 101}, "discoveryLimit: must be at most 100"),
        ("git", {**GIT, "discoveryLimit": "5"}, "discoveryLimit: must be a whole number"),
        ("git", {**GIT, "since": "yesterday"}, "since: must be a time"),
        ("image", {"repoURL": "https://ghcr.io/x"}, "repoURL: must be an image repository"),
        ("image", {"repoURL": "ghcr.io/x:v1"}, "repoURL: must be an image repository"),
        ("image", {**IMAGE, "constraint": "not one"}, "constraint: "),
        ("image", {**IMAGE, "imageSelectionStrategy": "Digest"}, "constraint: is required"),
        ("image", {**IMAGE, "platform": "linux"}, "platform: "),
        ("chart", {"repoURL": "charts.example.com", "name": "x"}, "repoURL: must be an address"),
        ("chart", {"repoURL": "https://charts.example.com"}, "name: is required"),
        ("chart", {"repoURL": "oci://h/a", "name": "a"}, "name: must be empty"),
        ("chart", {**CHART, "semverConstraint": "not one"}, "semverConstraint: "),
    ],
)
def test_fields_of_a_subscription_are_checked(
    kind: str, fields: dict[str, Any], reason: str
) -> None:
    (problem,) = wrong({kind: fields})

    assert problem.startswith(f"spec.subscriptions[0].{kind}.")
    assert reason in problem


def test_a_constraint_is_free_text_for_other_strategies_than_semver() -> None:
    image = {**IMAGE, "imageSelectionStrategy": "Digest", "constraint": "latest"}

    assert wrong({"image": image}) == []


def test_local_repositories_are_allowed_only_where_the_operator_says_so(
    settings: Settings,
) -> None:
    local = {"git": {"repoURL": "file:///srv/git/app"}}

    settings.GIT_ALLOW_LOCAL = True

    assert wrong(local) == []
    assert wrong({"git": {"repoURL": "ext::sh"}}) != []


def test_an_installation_may_demand_caching_by_tag(settings: Settings) -> None:
    settings.CACHE_BY_TAG_POLICY = "Require"

    assert wrong({"image": IMAGE}) == [
        "spec.subscriptions[0].image.cacheByTag: must be true on this installation"
    ]
    assert wrong({"image": {**IMAGE, "cacheByTag": True}}) == []
    assert wrong({"image": {**IMAGE, "imageSelectionStrategy": "Digest", "constraint": "x"}}) == []


def test_the_old_name_of_an_image_constraint_is_read_with_a_warning() -> None:
    spec = {"subscriptions": [{"image": {**IMAGE, "semverConstraint": "^1"}}]}

    found = read("Warehouse", spec)

    assert stored("Warehouse", spec)["subscriptions"][0]["image"]["constraint"] == "^1"
    assert 'it is now "constraint"' in found.warnings[0]
