"""Puts together what satisfies :class:`promotions.ports.github.GitHub`."""

from dataclasses import dataclass
from pathlib import Path

from promotions.gateways.github.access import GitHubSettings, open_repository
from promotions.gateways.github.commits import RepositoryCommits
from promotions.gateways.github.issues import RepositoryIssues
from promotions.gateways.github.workflows import RepositoryWorkflows
from promotions.ports.scm import RepositoryAccess


@dataclass(frozen=True, slots=True)
class GitHubGateway:
    """GitHub over the network, and GitHub Enterprise in the same way.

    Attributes:
        locks: Folder for locks between the processes of this host.
    """

    settings: GitHubSettings
    locks: Path

    def commits(self, access: RepositoryAccess) -> RepositoryCommits:
        """Return a repository's commits."""
        return RepositoryCommits(open_repository(access, self.settings), self.locks)

    def issues(self, access: RepositoryAccess) -> RepositoryIssues:
        """Return a repository's issues."""
        return RepositoryIssues(open_repository(access, self.settings))

    def workflows(self, access: RepositoryAccess) -> RepositoryWorkflows:
        """Return a repository's workflows."""
        return RepositoryWorkflows(open_repository(access, self.settings))
