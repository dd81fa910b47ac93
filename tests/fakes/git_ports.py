"""Stand-ins for the ports that the Git steps take besides Git."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from common.jsontypes import JSONObject
from promotions.ports.control_plane import GitIdentity
from promotions.ports.credentials import Credential, CredentialType
from promotions.ports.git import CommitRecord, RefListing, Remote, TagRecord


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


@dataclass
class ListedRepositories:
    """Repositories of which only the refs are known; anything else asked of them is a mistake."""

    listing: RefListing = field(default_factory=RefListing)
    messages: dict[str, str] = field(default_factory=dict)
    same: set[frozenset[str]] = field(default_factory=set)

    def list_refs(self, remote: Remote, *, max_age: timedelta = timedelta(0)) -> RefListing:
        return self.listing

    def walk(
        self,
        remote: Remote,
        *,
        branch: str = "",
        since: str = "",
        with_paths: bool = False,
        at: str = "",
    ) -> Iterator[CommitRecord]:
        raise AssertionError("nobody should walk here")

    def tags(self, remote: Remote) -> tuple[TagRecord, ...]:
        raise AssertionError("nobody should list tags here")

    def changed_paths(
        self, remote: Remote, commits: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        raise AssertionError("nobody should ask for paths here")

    def commit_message(self, remote: Remote, commit: str) -> str:
        return self.messages[commit]

    def same_content(self, remote: Remote, one: str, other: str) -> bool:
        return one == other or frozenset({one, other}) in self.same
