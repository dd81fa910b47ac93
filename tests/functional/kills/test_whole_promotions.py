"""A promotion by pull request survives the death of its worker at any of its effects."""

from pathlib import Path

import pytest

from promotions.engine.scm.providers import GitProvider
from tests.functional.domain.people import step
from tests.functional.kills.fate import Fate
from tests.functional.kills.hosts import hosting
from tests.functional.kills.proxy import Effect

pytestmark = pytest.mark.slow

EFFECTS = {
    "git-push": Effect("POST", r"/git-receive-pack$"),
    "git-open-pr": Effect("POST", r"/pulls$"),
    "git-merge-pr": Effect("POST", r"/pulls/1/merge$"),
}


@pytest.mark.parametrize("kind", EFFECTS)
def test_a_change_goes_through_one_pull_request(fate: Fate, kind: str, tmp_path: Path) -> None:
    with hosting(GitProvider.GITEA, tmp_path, fate, EFFECTS[kind]) as host:
        checkout = [{"branch": "main", "path": "src"}]
        world, promotion = fate.begin(
            step("git-clone", repoURL=host.git_url, checkout=checkout),
            step("file-write", path="src/image.txt", contents="v3"),
            step("git-commit", path="src", message="Use v3"),
            step("git-push", "push", path="src", generateTargetBranch=True),
            host.step(
                "git-open-pr",
                "open",
                sourceBranch="${{ outputs.push.branch }}",
                targetBranch="main",
            ),
            host.step("git-merge-pr", "merge", prNumber="${{ outputs.open.pr.id }}"),
            host.step("git-wait-for-pr", "wait", prNumber="${{ outputs.open.pr.id }}"),
            given=host.admit,
        )
        fate.kill(world, kind=kind)
        fate.resume(world, promotion)

    assert promotion.phase == "Succeeded", promotion.message
    assert host.numbers() == [1]
    assert host.merges() == 1
    assert host.repository.git("show", "main:image.txt") == "v3"
    assert promotion.state["wait"]["commit"] == host.repository.head("main")
