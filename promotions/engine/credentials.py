"""Which of several secrets holds the credentials for a repository?

Source: Kargo ``pkg/credentials``, getCredentialsSecret.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from common.errors import InvalidError
from promotions.engine.regexes import compile_regex
from promotions.engine.urls import normalise_chart_url, normalise_git_url, normalise_image_url

_NORMAL_FORMS: Mapping[str, Callable[[str], str]] = {
    "git": normalise_git_url,
    "helm": normalise_chart_url,
    "image": normalise_image_url,
}


class RepositorySecret(Protocol):
    """What of a secret decides whether it is for a repository."""

    @property
    def name(self) -> str:
        """Its name, which ranks it among others."""
        ...

    @property
    def repo_url(self) -> str | None:
        """The repository's address or a regular expression; ``None`` fits no repository."""
        ...

    @property
    def repo_url_is_regex(self) -> bool:
        """Whether ``repo_url`` is a regular expression."""
        ...


SecretT = TypeVar("SecretT", bound=RepositorySecret)


def matching_secret(secrets: Iterable[SecretT], *, kind: str, repo_url: str) -> SecretT | None:
    """Return the secret to use, or ``None``.

    The first by name that matches: an exact address does not beat a regular expression.

    Args:
        secrets: Of the right kind and namespace.
        kind: ``git``, ``helm`` or ``image``; says what the normal form of an address is. With any
            other kind addresses are compared as they are.
        repo_url: The repository, in any form.
    """
    normal_form = _NORMAL_FORMS.get(kind, str)
    normal = normal_form(repo_url)
    by_name = sorted(secrets, key=lambda secret: secret.name)
    return next((it for it in by_name if _matches(it, normal_form, repo_url, normal)), None)


def _matches(
    secret: RepositorySecret, normal_form: Callable[[str], str], raw: str, normal: str
) -> bool:
    if secret.repo_url is None:
        return False
    if not secret.repo_url_is_regex:
        return normal_form(secret.repo_url) == normal
    try:
        pattern = compile_regex(secret.repo_url)
    except InvalidError:
        return False
    # An expression has no normal form, so it may be meant for either form of the address.
    return bool(pattern.search(raw) or pattern.search(normal))
