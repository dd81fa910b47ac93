"""Looks up repository credentials among a tenant's secrets, by Kargo's rules.

Source: Kargo ``pkg/credentials/kubernetes``: the project's secrets, then the shared ones.
"""

from dataclasses import dataclass

from projects.encryption import decrypt
from projects.models import Secret
from projects.models.secret import SHARED_NAMESPACE
from promotions.engine.credentials import matching_secret
from promotions.ports.credentials import Credential, CredentialType


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
            ).exclude(repo_url="")
            found = matching_secret(rows, kind=kind, repo_url=repo_url)
            if found is not None:
                return _credential(found)
        return None


def _credential(row: Secret) -> Credential | None:
    values = decrypt(row.encrypted, bound_to=str(row.uid))
    if values.get("username") and values.get("password"):
        return Credential(username=values["username"], password=values["password"])
    if values.get("sshPrivateKey"):
        return Credential(ssh_private_key=values["sshPrivateKey"])
    return None
