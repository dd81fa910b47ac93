"""Looks up repository credentials among a tenant's secrets, by Kargo's rules.

Source: Kargo ``pkg/credentials/kubernetes``: the project's secrets, then the shared ones.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from common.errors import InvalidError
from common.jsontypes import JSONValue
from common.redaction import note_secrets
from projects.encryption import decrypt
from projects.models import Secret
from projects.models.secret import SHARED_NAMESPACE
from promotions.engine.credentials import matching_secret
from promotions.engine.urls import normalise_git_url
from promotions.ports.credentials import (
    Credential,
    CredentialType,
    GitHubApp,
    InstallationTokens,
)
from promotions.selectors import replicas

TOKEN_SCOPES = "kargo.akuity.io/github-token-scopes"  # noqa: S105 - an annotation's name
"""Annotation that limits which repositories each project may use a GitHub App for."""

_APP_USERNAME = "kargo"
SHOWN_KEYS = frozenset(
    {
        "githubAppClientID",
        "githubAppID",
        "githubAppInstallationID",
        "repoURL",
        "repoURLIsRegex",
        "username",
    }
)
"""Keys of a credential that are no secrets."""
_WEB = ("http://", "https://")
_SHORTEST_ADDRESS = 5
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class DatabaseCredentials:
    """Credentials kept in the database.

    Attributes:
        tokens: Where the tokens of GitHub Apps come from.
        allow_over_http: Whether a credential may be sent to an ``http://`` address.
    """

    tokens: InstallationTokens
    allow_over_http: bool = False

    def find(
        self, *, tenant_uid: str, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        """Return the first match, or ``None`` for anonymous access.

        Raises:
            InvalidError: The match is a GitHub App's and cannot be read.
            UpstreamError: The match is a GitHub App's and GitHub gave no token for it.
        """
        if repo_url.lower().startswith("http://") and not self.allow_over_http:
            return None
        for namespace in (project, SHARED_NAMESPACE):
            rows = replicas.credentials_in(namespace, kind.value, tenant_uid=tenant_uid)
            found = matching_secret(rows, kind=kind, repo_url=repo_url)
            if found is not None:
                return self._credential(found, project=project, kind=kind, repo_url=repo_url)
        return None

    def _credential(
        self, row: Secret, *, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        """Return what a secret holds; of several things in it, the first in Kargo's order."""
        values = decrypt(row.encrypted, tenant_uid=row.tenant.uid, bound_to=str(row.uid))
        note_secrets(it for key, it in values.items() if key not in SHOWN_KEYS)
        if values.get("username") and values.get("password"):
            return Credential(username=values["username"], password=values["password"])
        url = normalise_git_url(repo_url)
        if kind is CredentialType.GIT and url.startswith(_WEB) and _has_app(values):
            return self._app_credential(row, values, project=project, url=url)
        if values.get("sshPrivateKey"):
            return Credential(ssh_private_key=values["sshPrivateKey"])
        return None

    def _app_credential(
        self, row: Secret, values: Mapping[str, str], *, project: str, url: str
    ) -> Credential | None:
        parts = url.split("/")
        if len(parts) < _SHORTEST_ADDRESS or not _is_in_scope(row, project, parts[-1]):
            return None
        app = GitHubApp(
            id=values.get("githubAppClientID") or values["githubAppID"],
            installation_id=_installation(values["githubAppInstallationID"], row),
            private_key=values["githubAppPrivateKey"],
            owner=f"{row.tenant_id}/{row.uid}",
        )
        token = self.tokens.token(app, repo_url=url)
        note_secrets([token])
        return Credential(
            username=_APP_USERNAME,
            password=token,
            name=f"github-app/{row.uid}",
        )


def _has_app(values: Mapping[str, str]) -> bool:
    has_id = values.get("githubAppClientID") or values.get("githubAppID")
    return bool(
        has_id and values.get("githubAppInstallationID") and values.get("githubAppPrivateKey")
    )


def _installation(text: str, row: Secret) -> int:
    digits = text.strip()
    if len(digits) > _LONGEST_NUMBER or not (digits.isascii() and digits.isdigit()):
        raise InvalidError(
            f'githubAppInstallationID of Secret "{row.name}" is not a number; it is the number at'
            " the end of the installation's address."
        )
    return int(digits)


def _is_in_scope(row: Secret, project: str, repository: str) -> bool:
    """Return whether the secret's annotation, if it has one, lets the project have a repository.

    Source: Kargo ``pkg/credentials/github``. GitHub's names do not heed case, so this does not.
    """
    text = row.annotations.get(TOKEN_SCOPES, "")
    if not text:
        return True
    try:
        scopes: JSONValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError(_malformed(row)) from error
    if not isinstance(scopes, Mapping):
        raise InvalidError(_malformed(row))
    listed = scopes.get(project) or ()
    if isinstance(listed, str | int | float | Mapping):
        raise InvalidError(_malformed(row))
    return any(isinstance(it, str) and it.lower() == repository.lower() for it in listed)


def _malformed(row: Secret) -> str:
    return (
        f'The annotation {TOKEN_SCOPES} of Secret "{row.name}" must be a JSON object with a list'
        " of repository names by project."
    )
