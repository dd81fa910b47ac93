from dataclasses import dataclass

import pytest

from promotions.engine.credentials import matching_secret


@dataclass(frozen=True)
class Kept:
    name: str
    repo_url: str | None
    repo_url_is_regex: bool = False


def chosen(*secrets: Kept, kind: str, repo_url: str) -> str:
    found = matching_secret(secrets, kind=kind, repo_url=repo_url)
    return found.name if found else ""


@pytest.mark.parametrize(
    ("kind", "kept", "repo_url", "fits"),
    [
        ("git", "https://github.com/Acme/Shop.git", "https://user@github.com/acme/shop", True),
        ("git", "git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop", True),
        ("git", "https://github.com/acme/shop", "git@github.com:acme/shop", False),
        ("image", "docker.io/library/nginx", "nginx:1.27", True),
        ("image", "ghcr.io/acme/shop", "ghcr.io/acme/shop2", False),
        ("helm", "oci://GHCR.io/acme/charts", "ghcr.io/acme/charts", True),
        ("helm", "https://charts.example.com", "https://charts.example.com/", False),
        ("generic", "https://github.com/acme/shop", "https://github.com/acme/shop.git", False),
    ],
)
def test_addresses_are_compared_in_the_normal_form_of_their_kind(
    kind: str,
    kept: str,
    repo_url: str,
    fits: bool,  # noqa: FBT001 - a table
) -> None:
    assert bool(chosen(Kept("a", kept), kind=kind, repo_url=repo_url)) is fits


def test_the_first_by_name_wins_and_an_exact_address_has_no_precedence() -> None:
    exact = Kept("b", "https://github.com/acme/shop")
    pattern = Kept("a", "^https://github", repo_url_is_regex=True)

    assert chosen(exact, pattern, kind="git", repo_url="https://github.com/acme/shop") == "a"


def test_an_expression_may_match_either_form_anywhere() -> None:
    raw, normal = Kept("a", r"\.git$", True), Kept("b", "^ssh://", True)  # noqa: FBT003 - short

    assert chosen(raw, kind="git", repo_url="git@h:a.git") == "a"
    assert chosen(normal, kind="git", repo_url="git@h:a.git") == "b"


def test_secrets_that_cannot_match_are_passed_over() -> None:
    broken, absent = Kept("a", "(", repo_url_is_regex=True), Kept("b", None)
    good = Kept("c", "nginx")

    assert chosen(broken, absent, good, kind="image", repo_url="nginx") == "c"
    assert chosen(broken, absent, kind="image", repo_url="nginx") == ""
