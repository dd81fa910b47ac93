"""Where can a person look at a commit in the browser?

Source: Kargo ``pkg/gitprovider``, GetCommitURL of each provider.
"""

from promotions.engine.scm.providers import AZURE_HOST, GitProvider
from promotions.engine.scm.repositories import normal_url, parse_repository


def commit_url(repo_url: str, commit: str, *, provider: GitProvider) -> str:
    """Return the page of ``commit``, always over HTTPS and with the path in lower case.

    Raises:
        InvalidError: The provider cannot have a repository with such a path.
    """
    url = normal_url(repo_url)
    match provider:
        case GitProvider.GITHUB:
            parse_repository(repo_url, provider=provider)
            return f"https://{url.host}{url.path}/commit/{commit}"
        case GitProvider.GITLAB:
            return f"https://{url.host}{url.path}/-/commit/{commit}"
        case GitProvider.GITEA:
            return f"https://{url.host}{url.path}/commit/{commit}"
        case GitProvider.BITBUCKET:
            return f"https://{url.host}{url.path}/commits/{commit}"
        case GitProvider.AZURE:
            return f"https://{AZURE_HOST}{url.path.removeprefix('/v3')}/commit/{commit}"
