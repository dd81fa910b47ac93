"""Where the API of a repository is."""

import pytest

from common.errors import InvalidError
from promotions.engine.scm.providers import GitProvider
from promotions.gateways.scm.providers import HostedProviders
from promotions.ports.credentials import Credential
from promotions.ports.scm import (
    RepositoryAccess,
)
from tests.integration.scm.hosts import POLICY, Ours


def opened(url: str, provider: GitProvider | None = None, **urls: str) -> str:
    access = RepositoryAccess(url, provider=provider, credential=Credential("u", "t"))
    api_urls = {GitProvider(name): value for name, value in urls.items()}
    ours = HostedProviders(POLICY, api_urls).pull_requests(access)
    assert isinstance(ours, Ours)
    return f"{ours.api.base_url}{ours.path}"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://gitlab.com/a/b", "https://gitlab.com/api/v4/projects/a%2Fb/merge_requests"),
        ("http://gitlab.com/a/b.git", "https://gitlab.com/api/v4/projects/a%2Fb/merge_requests"),
        (
            "https://gitlab.example.com/a/b/c/d.git/",
            "https://gitlab.example.com/api/v4/projects/a%2Fb%2Fc%2Fd/merge_requests",
        ),
        (
            "http://gitlab.local:8080/a/b",
            "http://gitlab.local:8080/api/v4/projects/a%2Fb/merge_requests",
        ),
        ("https://gitea.example.com/o/r.x.git", "https://gitea.example.com/api/v1/repos/o/r.x"),
        ("http://gitea:3000/o/r", "http://gitea:3000/api/v1/repos/o/r"),
        ("https://bitbucket.org/w/r.git", "https://api.bitbucket.org/2.0/repositories/w/r"),
        (
            "https://dev.azure.com/org/my%20team/_git/app",
            "https://dev.azure.com/org/my%20team/_apis/git/repositories",
        ),
        (
            "https://old.visualstudio.com/team/_git/app",
            "https://dev.azure.com/old/team/_apis/git/repositories",
        ),
    ],
)
def test_the_api_is_found_from_the_repositorys_address(url: str, address: str) -> None:
    assert opened(url) == address


def test_the_operator_may_move_the_api_of_a_public_service() -> None:
    proxy = "http://127.0.0.1:1/api"

    assert opened("https://bitbucket.org/w/r", bitbucket=proxy) == f"{proxy}/repositories/w/r"
    assert opened("https://dev.azure.com/o/p/_git/r", azure=proxy).startswith(f"{proxy}/o/p/")
    assert opened("https://gitlab.com/a/b", gitlab=proxy).startswith(f"{proxy}/projects/")


def test_a_host_of_ones_own_is_not_moved() -> None:
    own = opened("https://gitlab.example.com/a/b", gitlab="http://127.0.0.1:1/api")

    assert own.startswith("https://gitlab.example.com/api/v4/")


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://gitlab.com/", None),
        ("https://gitlab.com/only", None),
        ("https://gitea.example.com/a/b/c", None),
        ("https://bitbucket.org/a", None),
        ("https://dev.azure.com/a/b", None),
        ("https://example.com/o/p/_git/r", GitProvider.AZURE),
    ],
)
def test_an_address_that_is_no_repository_is_refused(url: str, provider: GitProvider) -> None:
    with pytest.raises(InvalidError):
        opened(url, provider)


def test_a_host_that_nobody_knows_has_no_provider() -> None:
    with pytest.raises(InvalidError, match=r"no registered providers for https://example.com/a/b"):
        opened("https://example.com/a/b")


@pytest.mark.parametrize(
    ("url", "is_checked"),
    [
        ("https://gitlab.example.com/a/b", False),
        ("https://gitea.example.com/a/b", False),
        ("https://bitbucket.org/a/b", True),
        ("https://dev.azure.com/o/p/_git/r", True),
    ],
)
def test_certificates_may_go_unchecked_only_where_hosts_are_ones_own(
    url: str, *, is_checked: bool
) -> None:
    access = RepositoryAccess(url, credential=Credential("u", "t"), insecure_skip_tls_verify=True)
    ours = HostedProviders(POLICY).pull_requests(access)

    assert isinstance(ours, Ours)
    assert ours.api.verify_tls is is_checked
