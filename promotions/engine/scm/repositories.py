"""Which repository, in its provider's terms, does an address mean?

Source: Kargo ``pkg/gitprovider``, parseRepoURL of each provider.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.errors import InvalidError
from promotions.engine.gourl import GoURL, parse_url
from promotions.engine.scm.providers import AZURE_HOST, AZURE_LEGACY_HOST, GitProvider
from promotions.engine.urls import normalise_git_url

_WEB_SCHEMES = frozenset({"http", "https"})
_OWNER_AND_NAME = 2
_AZURE_PARTS = 5
_AZURE_LEGACY_PARTS = 4


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as its provider's API addresses it; what a provider has no use for is empty.

    Attributes:
        scheme: Of the API: ``http`` only if the repository's address says so.
        host: With the port; of Bitbucket, without.
        owner: A user, an organisation, or on Bitbucket a workspace.
        project: On GitLab the whole path, groups and all; on Azure DevOps the project.
        name: The repository's own name; on Bitbucket its slug.
    """

    host: str = ""
    scheme: str = ""
    owner: str = ""
    project: str = ""
    name: str = ""


def parse_repository(repo_url: str, *, provider: GitProvider) -> Repository:
    """Return the repository that an address of any form means; everything is in lower case.

    Raises:
        InvalidError: The provider cannot have a repository at such an address.
    """
    return _PARSERS[provider](normal_url(repo_url))


def normal_url(repo_url: str) -> GoURL:
    """Return the parts of a repository URL's normal form.

    Raises:
        InvalidError: It cannot be read.
    """
    return parse_url(normalise_git_url(repo_url))


def _github(url: GoURL) -> Repository:
    owner, name = _owner_and_name(url)
    return Repository(host=url.host, scheme=_api_scheme(url), owner=owner, name=name)


def _gitlab(url: GoURL) -> Repository:
    path = url.path.removeprefix("/")
    return Repository(host=url.host, scheme=_api_scheme(url), project=path)


def _bitbucket(url: GoURL) -> Repository:
    owner, name = _owner_and_name(url)
    return Repository(host=url.hostname, owner=owner, name=name)


def _azure(url: GoURL) -> Repository:
    """Read ``/<organisation>/<project>/_git/<name>``; old hosts begin with the organisation."""
    parts = url.path.split("/")
    if url.host == AZURE_HOST and len(parts) == _AZURE_PARTS:
        _, organisation, project, _, name = parts
        return Repository(owner=organisation, project=project, name=name)
    is_legacy = url.host != AZURE_HOST and url.host.endswith(AZURE_LEGACY_HOST)
    if is_legacy and len(parts) == _AZURE_LEGACY_PARTS:
        _, project, _, name = parts
        organisation = url.host.removesuffix(f".{AZURE_LEGACY_HOST}")
        return Repository(owner=organisation, project=project, name=name)
    raise InvalidError(
        f'"{url}" is not an Azure DevOps repository; '
        "it should be https://dev.azure.com/organization/project/_git/repository."
    )


def _owner_and_name(url: GoURL) -> tuple[str, str]:
    names = url.path.removeprefix("/").split("/")
    if len(names) != _OWNER_AND_NAME:
        raise InvalidError(f'"{url}" does not end in owner/repository.')
    owner, name = names
    return owner, name


def _api_scheme(url: GoURL) -> str:
    return url.scheme if url.scheme in _WEB_SCHEMES else "https"


_PARSERS: Mapping[GitProvider, Callable[[GoURL], Repository]] = {
    GitProvider.AZURE: _azure,
    GitProvider.BITBUCKET: _bitbucket,
    GitProvider.GITEA: _github,
    GitProvider.GITHUB: _github,
    GitProvider.GITLAB: _gitlab,
}
