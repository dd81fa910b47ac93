"""Looks up the credentials for a repository."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class CredentialType(StrEnum):
    """What kind of repository a credential opens."""

    GIT = "git"
    IMAGE = "image"
    HELM = "helm"


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a secret; neither appears in ``repr``.

    Attributes:
        name: Stable name of what the password is made from, if the password itself changes all
            the time, as a GitHub App's installation token does; else empty.
    """

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ssh_private_key: str = field(default="", repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class GitHubApp:
    """A GitHub App as it is installed in one account.

    Attributes:
        id: The App's client id, or its older numeric id.
        private_key: PEM, or the base64 of PEM.
        owner: Names the tenant and the secret; tokens are never shared between owners.
    """

    id: str
    installation_id: int
    private_key: str = field(repr=False)
    owner: str


class InstallationTokens(Protocol):
    """Obtains tokens that act as a GitHub App."""

    def token(self, app: GitHubApp, *, repo_url: str) -> str:
        """Return a token for one repository that is valid for some minutes more.

        Raises:
            InvalidError: The private key or the address cannot be read.
            UpstreamError: GitHub did not give one.
        """
        ...


class CredentialStore(Protocol):
    """Finds credentials by project and repository."""

    def find(
        self, *, tenant_uid: str, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        """Return the first match by Kargo's look-up rules, or ``None`` for anonymous access."""
        ...
