import pytest

from promotions.engine.urls import (
    normalise_chart_url,
    normalise_git_url,
    normalise_image_url,
    sanitise,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/example/repo",
        "https://github.com/example/repo.git",
        "https://GitHub.com/Example/Repo/",
        "https://user:secret@github.com/example/repo.git/",
        "\ufeffhttps://github.com/example/repo\n",
    ],
)
def test_spellings_of_one_https_repository_are_equal(url: str) -> None:
    assert normalise_git_url(url) == "https://github.com/example/repo"


def test_an_scp_address_becomes_ssh() -> None:
    assert normalise_git_url("git@github.com:example/repo.git") == (
        "ssh://git@github.com/example/repo"
    )


@pytest.mark.parametrize("url", ["https://github.com/a/b?ref=main", "not a url", "/srv/repo.git"])
def test_a_git_url_that_is_not_understood_is_left_alone(url: str) -> None:
    assert normalise_git_url(url) == url


def test_docker_hub_has_one_spelling() -> None:
    spellings = ["nginx", "docker.io/nginx:1.27", "index.docker.io/library/nginx"]

    assert {normalise_image_url(it) for it in spellings} == {"nginx"}


def test_an_image_keeps_its_registry_and_loses_its_tag() -> None:
    assert normalise_image_url("GHCR.io/Team/App:v1") == "ghcr.io/team/app"


def test_a_chart_in_a_registry_loses_the_scheme() -> None:
    assert normalise_chart_url("oci://ghcr.io/Team/Chart") == "ghcr.io/team/chart"


def test_what_does_not_print_is_dropped() -> None:
    assert sanitise(" a\u200bb\tc ") == "abc"
