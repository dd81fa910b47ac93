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
    """A user name and a secret; neither appears in ``repr``."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ssh_private_key: str = field(default="", repr=False)


class CredentialStore(Protocol):
    """Finds credentials by project and repository."""

    def find(
        self, *, tenant_uid: str, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        """Return the first match by Kargo's look-up rules, or ``None`` for anonymous access."""
        ...
