"""A worker is killed before, during and after its effect; the provider sees the effect once."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue, as_object
from promotions.engine.scm.providers import GitProvider
from tests.fakes.scm_server import Fault, Reply
from tests.integration.scm.hosts import Host

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
METHODS = {GitProvider.AZURE: "PATCH", GitProvider.GITLAB: "PUT"}


@dataclass
class Worker:
    """A process that runs one step."""

    process: "subprocess.Popen[str]"

    @classmethod
    def start(cls, host: Host, kind: str) -> "Worker":
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.scm.killed_step"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(order(host, kind)))
        process.stdin.close()
        return cls(process)

    def kill(self) -> None:
        self.process.kill()
        self._reap()

    def output(self) -> JSONObject:
        """Return what the step put out, once the process has ended."""
        assert self.process.stdout is not None
        text = self.process.stdout.read()
        assert self._reap() == 0
        return as_object(json.loads(text))

    def _reap(self) -> int:
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(timeout=30)


def order(host: Host, kind: str) -> JSONObject:
    config: dict[str, JSONValue] = {"repoURL": host.repo_url, "provider": str(host.provider)}
    if kind == "git-open-pr":
        config |= {"sourceBranch": "change", "targetBranch": "main"}
    else:
        config["prNumber"] = 1
    branches: JSONObject = {name: host.repository.head(name) for name in ("change", "main")}
    urls: JSONObject = {"azure": host.server.url, "bitbucket": f"{host.server.url}/2.0"}
    return {
        "kind": kind,
        "config": config,
        "token": host.fake.token,
        "branches": branches,
        "urls": urls,
    }


def killed_at(host: Host, kind: str, fault: Callable[[Callable[[], None]], Fault]) -> None:
    """Run a step in a worker and kill it at the moment that ``fault`` holds the provider."""
    reached, killed = threading.Event(), threading.Event()

    def moment() -> None:
        reached.set()
        killed.wait(30)

    host.server.fail(fault(moment))
    worker = Worker.start(host, kind)
    assert reached.wait(30)
    worker.kill()
    killed.set()


def effect(host: Host, kind: str) -> str:
    return "POST" if kind == "git-open-pr" else METHODS.get(host.provider, "POST")


def prepare(host: Host, kind: str) -> None:
    if kind == "git-merge-pr":
        host.repository.open("Use v2", "", "change", "main")


def seen_once(host: Host, kind: str, output: JSONObject) -> bool:
    """Return whether there is one pull request, and one merge if it was to be merged."""
    is_one = list(host.repository.pulls) == [1]
    if kind == "git-open-pr":
        return is_one and as_object(output["pr"])["id"] == 1
    merges = host.repository.git("rev-list", "--count", "--first-parent", "main")
    return is_one and merges == "2" and output["commit"] == host.repository.head("main")


KINDS = pytest.mark.parametrize("kind", ["git-open-pr", "git-merge-pr"])


@KINDS
def test_a_worker_killed_before_its_effect_does_it_the_next_time(host: Host, kind: str) -> None:
    prepare(host, kind)
    method = effect(host, kind)

    killed_at(host, kind, lambda hold: Fault(method, hold=hold, before=Reply(503)))

    assert seen_once(host, kind, Worker.start(host, kind).output())


@KINDS
def test_a_worker_killed_during_its_effect_finds_it_the_next_time(host: Host, kind: str) -> None:
    prepare(host, kind)
    method = effect(host, kind)

    killed_at(host, kind, lambda hold: Fault(method, linger=hold))

    assert seen_once(host, kind, Worker.start(host, kind).output())


@KINDS
def test_a_worker_killed_after_its_effect_finds_it_the_next_time(host: Host, kind: str) -> None:
    prepare(host, kind)
    first = Worker.start(host, kind).output()

    again = Worker.start(host, kind).output()

    assert again == first
    assert seen_once(host, kind, again)
