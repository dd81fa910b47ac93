"""Stand-ins for the ports that the Git steps take besides Git."""

from dataclasses import dataclass, field

from common.jsontypes import JSONObject
from promotions.ports.control_plane import GitIdentity
from promotions.ports.credentials import Credential, CredentialType


@dataclass
class FixedCredentials:
    """Knows the credentials of some repositories, by URL."""

    known: dict[str, Credential] = field(default_factory=dict)

    def find(
        self, *, tenant_uid: str, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        return self.known.get(repo_url)


@dataclass
class FixedIdentity:
    """A control plane that has an identity for commits and nothing else."""

    identity: GitIdentity = field(default_factory=GitIdentity)

    def git_identity(self, *, tenant_uid: str) -> GitIdentity:
        return self.identity

    def warehouse_subscriptions(
        self, *, tenant_uid: str, project: str, warehouse: str
    ) -> tuple[JSONObject, ...] | None:
        return None

    def freight_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        return None

    def stage_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        return None

    def config_map(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        return {}

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        return {}
