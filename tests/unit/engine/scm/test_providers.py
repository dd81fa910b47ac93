import pytest

from common.errors import InvalidError
from promotions.engine.scm.commit_urls import commit_url
from promotions.engine.scm.providers import GitProvider, detect_provider, matching_providers
from promotions.engine.scm.repositories import Repository, parse_repository


@pytest.mark.parametrize(
    ("repo_url", "provider"),
    [
        ("https://github.com/a/b", GitProvider.GITHUB),
        ("https://github.acme.example:8443/a/b", GitProvider.GITHUB),
        ("https://acme.ghe.com/a/b", GitProvider.GITHUB),
        ("https://acme.ghe.com:8443/a/b", None),
        ("https://ghe.com/a/b", None),
        ("ssh://git@gitlab.example.com:2222/g/r", GitProvider.GITLAB),
        ("https://user:token@gitea.example.com/a/b", GitProvider.GITEA),
        ("https://bitbucket.org:443/team/repo", GitProvider.BITBUCKET),
        ("https://bitbucket.example.com/team/repo", None),
        ("https://dev.azure.com/o/p/_git/r", GitProvider.AZURE),
        ("https://dev.azure.com:443/o/p/_git/r", None),
        ("https://o.visualstudio.com/p/_git/r", GitProvider.AZURE),
        ("https://GitHub.com/a/b", None),
        ("git@github.com:a/b.git", None),
        ("https://[broken/a", None),
        ("https://example.com/github/b", None),
        ("", None),
    ],
)
def test_a_host_gives_its_provider_away(repo_url: str, provider: GitProvider | None) -> None:
    assert detect_provider(repo_url) is provider


def test_a_host_may_bear_the_signs_of_several() -> None:
    found = matching_providers("https://gitlab.github-mirror.example.com/a/b")

    assert found == (GitProvider.GITHUB, GitProvider.GITLAB)


@pytest.mark.parametrize(
    ("provider", "repo_url", "repository"),
    [
        (
            GitProvider.GITHUB,
            "git@github.com:Acme/Shop.git",
            Repository("github.com", "https", owner="acme", name="shop"),
        ),
        (
            GitProvider.GITEA,
            "http://gitea.local:3000/acme/shop/",
            Repository("gitea.local:3000", "http", owner="acme", name="shop"),
        ),
        (
            GitProvider.GITLAB,
            "ssh://git@gitlab.com:22/group/sub/shop.git",
            Repository("gitlab.com:22", "https", project="group/sub/shop"),
        ),
        (
            GitProvider.BITBUCKET,
            "https://bitbucket.org:443/team/shop",
            Repository("bitbucket.org", owner="team", name="shop"),
        ),
        (
            GitProvider.AZURE,
            "https://me@dev.azure.com/org/my%20project/_git/shop",
            Repository(owner="org", project="my project", name="shop"),
        ),
        (
            GitProvider.AZURE,
            "https://org.visualstudio.com/project/_git/shop",
            Repository(owner="org", project="project", name="shop"),
        ),
    ],
)
def test_a_repository_is_read_in_its_providers_terms(
    provider: GitProvider, repo_url: str, repository: Repository
) -> None:
    assert parse_repository(repo_url, provider=provider) == repository


@pytest.mark.parametrize(
    ("provider", "repo_url"),
    [
        (GitProvider.GITHUB, "https://github.com/acme"),
        (GitProvider.GITHUB, "https://github.com/acme/shop/tree"),
        (GitProvider.GITEA, "https://gitea.com/"),
        (GitProvider.BITBUCKET, "git@bitbucket.org:team"),
        (GitProvider.AZURE, "https://dev.azure.com/org/project"),
        (GitProvider.AZURE, "https://org.visualstudio.com/org/project/_git/shop"),
        (GitProvider.AZURE, "git@ssh.dev.azure.com:v3/org/project/shop"),
        (GitProvider.GITLAB, "https://[broken/a"),
    ],
)
def test_an_address_that_the_provider_cannot_have_is_refused(
    provider: GitProvider, repo_url: str
) -> None:
    with pytest.raises(InvalidError):
        parse_repository(repo_url, provider=provider)


@pytest.mark.parametrize(
    ("provider", "repo_url", "page"),
    [
        (
            GitProvider.GITHUB,
            "git@github.com:Acme/Shop.git",
            "https://github.com/acme/shop/commit/c1",
        ),
        (
            GitProvider.GITLAB,
            "http://gitlab.local:81/group/sub/shop",
            "https://gitlab.local:81/group/sub/shop/-/commit/c1",
        ),
        (GitProvider.GITEA, "https://gitea.com/a/b/c", "https://gitea.com/a/b/c/commit/c1"),
        (
            GitProvider.BITBUCKET,
            "https://user@bitbucket.org/team/shop.git",
            "https://bitbucket.org/team/shop/commits/c1",
        ),
        (
            GitProvider.AZURE,
            "git@ssh.dev.azure.com:v3/org/project/shop",
            "https://dev.azure.com/org/project/shop/commit/c1",
        ),
        (GitProvider.GITLAB, "https://gitlab.com", "https://gitlab.com/-/commit/c1"),
    ],
)
def test_a_commit_has_a_page(provider: GitProvider, repo_url: str, page: str) -> None:
    assert commit_url(repo_url, "c1", provider=provider) == page


@pytest.mark.parametrize("repo_url", ["https://github.com/a/b/c", "https://[broken/a"])
def test_a_commit_of_no_repository_has_no_page(repo_url: str) -> None:
    with pytest.raises(InvalidError):
        commit_url(repo_url, "c1", provider=GitProvider.GITHUB)
