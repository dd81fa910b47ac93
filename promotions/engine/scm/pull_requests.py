"""What a pull request says, how it stands, and where it is.

Source: Kargo ``git-open-pr`` and ``pkg/gitprovider``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from promotions.engine.scm.providers import GitProvider


@dataclass(frozen=True, slots=True)
class PullRequestText:
    """What a pull request is opened with."""

    title: str
    description: str


@dataclass(frozen=True, slots=True)
class PullRequestState:
    """How a pull request stands; neither open nor merged is closed for good."""

    is_open: bool
    is_merged: bool


_SHORTEST_COMMIT = 7

# GitLab locks a merge request while it merges it.
_OPEN: Mapping[GitProvider, frozenset[str]] = {
    GitProvider.AZURE: frozenset({"active"}),
    GitProvider.BITBUCKET: frozenset({"OPEN"}),
    GitProvider.GITEA: frozenset({"open"}),
    GitProvider.GITHUB: frozenset({"open"}),
    GitProvider.GITLAB: frozenset({"opened", "locked"}),
}
_MERGED: Mapping[GitProvider, str] = {
    GitProvider.AZURE: "completed",
    GitProvider.BITBUCKET: "MERGED",
    GitProvider.GITLAB: "merged",
}


def pull_request_text(
    commit_message: str, *, title: str = "", description: str = "", stage_url: str = ""
) -> PullRequestText:
    """Return the title and description of a pull request for a branch.

    Args:
        commit_message: Of the branch's head. Its first line is the title unless one is
            configured, and the rest the description, or all of it if the title is configured.
        title: As configured; empty if it is not.
        description: As configured; empty if it is not.
        stage_url: The Stage's page in the portal, linked at the end; empty for no link.
    """
    first, _, rest = commit_message.partition("\n")
    shown = description or (commit_message if title else rest)
    if stage_url:
        shown = f"{shown}\n\n[View in Kargo UI]({stage_url})"
    return PullRequestText(title or first, shown)


def stage_page(ui_base_url: str, *, project: str, stage: str) -> str:
    """Return the address of a Stage's page, or nothing if the portal's address is not known."""
    return f"{ui_base_url}/project/{project}/stage/{stage}" if ui_base_url else ""


def pull_request_state(
    provider: GitProvider, state: str, *, has_merged: bool = False
) -> PullRequestState:
    """Return how a pull request stands.

    Args:
        provider: Whose words ``state`` is in.
        state: As the provider gives it; anything unknown is not open.
        has_merged: GitHub gives a time of merging and Gitea a flag; the others' states tell.
    """
    merged = _MERGED.get(provider)
    return PullRequestState(
        is_open=state in _OPEN[provider],
        is_merged=has_merged if merged is None else state == merged,
    )


def same_commit(one: str, other: str) -> bool:
    """Return whether two ids are of one commit, though either may be abbreviated."""
    shorter, longer = sorted((one.lower(), other.lower()), key=len)
    return len(shorter) >= _SHORTEST_COMMIT and longer.startswith(shorter)


def azure_pull_request_url(web_url: str, *, number: int) -> str:
    """Return the page of a pull request; Azure DevOps tells only the repository's."""
    return f"{web_url}/pullrequest/{number}"
