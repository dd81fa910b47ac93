"""Opens the Git gateway: the two ports over one runner and one cache."""

from dataclasses import dataclass

from promotions.gateways.git.eviction import CacheSweeper
from promotions.gateways.git.mirror import MirrorCache
from promotions.gateways.git.pushing import Pusher
from promotions.gateways.git.repositories import MirroredRepositories
from promotions.gateways.git.runner import GitRunner
from promotions.gateways.git.settings import GitSettings
from promotions.gateways.git.workspaces import MirroredWorkspaces


@dataclass(frozen=True, slots=True)
class GitGateway:
    """What :func:`open_git` returns: both ports of Git on this host, and who sweeps its cache."""

    repositories: MirroredRepositories
    workspaces: MirroredWorkspaces
    sweeper: CacheSweeper


def open_git(settings: GitSettings) -> GitGateway:
    """Return the ports of Git as ``settings`` say; nothing is started or written yet."""
    runner = GitRunner(settings)
    mirrors = MirrorCache(runner)
    return GitGateway(
        repositories=MirroredRepositories(mirrors),
        workspaces=MirroredWorkspaces(runner=runner, mirrors=mirrors, pusher=Pusher(runner)),
        sweeper=CacheSweeper(settings),
    )
