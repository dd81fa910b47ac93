"""Looks up repository credentials among a tenant's secrets, by Kargo's rules.

Source: Kargo ``pkg/credentials/kubernetes``: the project's secrets, then the shared ones, each in
order of name; the first match wins.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from common.errors import InvalidError
from projects.encryption import decrypt
from projects.models import Secret
from projects.models.secret import SHARED_NAMESPACE
from promotions.engine.regexes import compile_regex
from promotions.engine.urls import normalise_chart_url, normalise_git_url, normalise_image_url
from promotions.ports.credentials import Credential, CredentialType

_NORMALISE: Mapping[CredentialType, Callable[[str], str]] = {
    CredentialType.GIT: normalise_git_url,
    CredentialType.IMAGE: normalise_image_url,
    CredentialType.HELM: normalise_chart_url,
}


@dataclass(frozen=True, slots=True)
class DatabaseCredentials:
    """Credentials kept in the database.

    Attributes:
        allow_over_http: Whether a credential may be sent to an ``http://`` address.
    """

    allow_over_http: bool = False

    def find(
        self, *, tenant_uid: str, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        """Return the first match, or ``None`` for anonymous access."""
        if repo_url.lower().startswith("http://") and not self.allow_over_http:
            return None
        for namespace in (project, SHARED_NAMESPACE):
            rows = Secret.objects.filter(
                tenant__uid=tenant_uid, namespace=namespace, credential_type=kind.value
            ).order_by("name")
            found = _first_match(rows, kind=kind, repo_url=repo_url)
            if found is not None:
                return _credential(found)
        return None


def _first_match(rows: Iterable[Secret], *, kind: CredentialType, repo_url: str) -> Secret | None:
    normal = _NORMALISE[kind](repo_url)
    return next((row for row in rows if _matches(row, kind, repo_url, normal)), None)


def _matches(row: Secret, kind: CredentialType, raw: str, normal: str) -> bool:
    if not row.repo_url:
        return False
    if not row.repo_url_is_regex:
        return _NORMALISE[kind](row.repo_url) == normal
    try:
        pattern = compile_regex(row.repo_url)
    except InvalidError:
        return False
    return bool(pattern.search(raw) or pattern.search(normal))


def _credential(row: Secret) -> Credential | None:
    values = decrypt(row.encrypted, bound_to=str(row.uid))
    if values.get("username") and values.get("password"):
        return Credential(username=values["username"], password=values["password"])
    if values.get("sshPrivateKey"):
        return Credential(ssh_private_key=values["sshPrivateKey"])
    return None
