"""Pull requests survive the death of their worker: at each provider one is opened, and merged."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.scm.providers import GitProvider
from tests.functional.kills.fate import Fate
from tests.functional.kills.hosts import EVERY, Host, hosting
from tests.functional.kills.proxy import Effect

pytestmark = [
    pytest.mark.slow,
    pytest.mark.sqlite_suffices,
    pytest.mark.parametrize("provider", EVERY, ids=str),
]

OPENING: Mapping[GitProvider, Effect] = {
    GitProvider.AZURE: Effect("POST", r"/pullrequests(\?|$)"),
    GitProvider.BITBUCKET: Effect("POST", r"/pullrequests$"),
    GitProvider.GITEA: Effect("POST", r"/pulls$"),
    GitProvider.GITHUB: Effect("POST", r"/pulls$"),
    GitProvider.GITLAB: Effect("POST", r"/merge_requests$"),
}
MERGING: Mapping[GitProvider, Effect] = {
    GitProvider.AZURE: Effect("PATCH", r"/pullrequests/1(\?|$)"),
    GitProvider.BITBUCKET: Effect("POST", r"/pullrequests/1/merge"),
    GitProvider.GITEA: Effect("POST", r"/pulls/1/merge$"),
    GitProvider.GITHUB: Effect("PUT", r"/pulls/1/merge$"),
    GitProvider.GITLAB: Effect("PUT", r"/merge_requests/1/merge$"),
}


LABELLING = {GitProvider.AZURE, GitProvider.GITHUB, GitProvider.GITLAB}
"""Bitbucket has no labels, and Gitea wants them to be there before."""


def test_git_open_pr(fate: Fate, provider: GitProvider, tmp_path: Path) -> None:
    with hosting(provider, tmp_path, fate, OPENING[provider]) as host:
        promotion = fate.promoted(opening(host), given=host.admit)

    assert promotion.phase == "Succeeded", promotion.message
    assert host.numbers() == [1]
    assert promotion.state["open"]["pr"]["id"] == 1
    assert host.labels() == (["promotion"] if provider in LABELLING else [])
    assert host.merges() == 0


def test_git_merge_pr(fate: Fate, provider: GitProvider, tmp_path: Path) -> None:
    with hosting(provider, tmp_path, fate, MERGING[provider]) as host:
        merging = host.step(
            "git-merge-pr", "merge", prNumber="${{ outputs.open.pr.id }}", wait=True
        )
        promotion = fate.promoted(opening(host), merging, given=host.admit)

    assert promotion.phase == "Succeeded", promotion.message
    assert host.numbers() == [1]
    assert host.merges() == 1
    assert promotion.state["merge"]["commit"] == host.repository.head("main")


def opening(host: Host) -> JSONObject:
    labels: JSONValue = ["promotion"] if host.provider in LABELLING else []
    return host.step(
        "git-open-pr", "open", sourceBranch="change", targetBranch="main", labels=labels
    )
