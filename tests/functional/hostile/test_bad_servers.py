"""Every step that talks to a server, and servers that answer wrongly, slowly or for ever."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from common.errors import PlatformError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.registry import Registry
from promotions.engine.runner import StepError
from promotions.ports.credentials import Credential
from promotions.ports.notify import ChannelKind, HttpChannel, SlackChannel
from promotions.steps.catalogue import builtin_steps
from tests.fakes.git_ports import FixedCredentials, FixedIdentity
from tests.fakes.step_stores import FakeChannels
from tests.functional.hostile.bad_servers import BOMB, SLOW, WRONG, Answer, bad_server, sends
from tests.functional.hostile.outside import SECRET, outside_at
from tests.unit.steps.contexts import context

_SECONDS = 25
"""For one step, on a machine that has much else to do."""

_HARMLESS = {"http", "http-download", "send-message http"}
"""Steps to which any body is as good as another."""


class _Anybody(FixedCredentials):
    def find(self, **_: object) -> Credential:
        return Credential("user", SECRET)


@dataclass
class _Platform(FixedIdentity):
    host: str = ""

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        return {"domain": f"http://{self.host}", "username": "user", "password": SECRET}


@dataclass(frozen=True, slots=True)
class Site:
    """Steps whose servers are all at one address."""

    host: str
    workdir: Path
    registry: Registry

    def run(self, name: str) -> str:
        """Run a step of the table; return what it raised, or nothing if it succeeded."""
        kind = name.partition(" ")[0]
        config = STEPS[name](self.host)
        assert not self.registry.schema(kind).problems(config)
        try:
            asked = replace(context(self.workdir, config), alias=name)
            result = self.registry.find(kind).run(asked)
        except (StepError, PlatformError) as error:
            return error.message or "no message"
        return result.message if result.status == "Running" else ""


@contextmanager
def site_at(answer: Answer, tmp_path: Path) -> Iterator[Site]:
    workdir = tmp_path / "work"
    workdir.mkdir()
    with bad_server(answer) as host:
        outside = outside_at(host, tmp_path / "outside", Random(1))  # noqa: S311  no secret
        project = ChannelKind.PROJECT
        channels = FakeChannels(
            {
                (project, "slack"): SlackChannel("C1", SECRET),
                (project, "http"): HttpChannel(f"http://{host}", authorization=SECRET),
            }
        )
        chart = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n"
        for kind in ("http", "oci"):
            (workdir / kind).mkdir()
            dependency = f"- {{name: d, version: '*', repository: '{kind}://{host}/charts'}}\n"
            (workdir / kind / "Chart.yaml").write_text(chart + dependency)
        ports = replace(
            outside.ports,
            credentials=_Anybody(),
            control_plane=_Platform(host=host),
            channels=channels,
        )
        yield Site(host, workdir, Registry(builtin_steps(ports)))


def _message(channel: str) -> Callable[[str], JSONObject]:
    where: JSONObject = {"kind": "MessageChannel", "name": channel}
    return lambda _: {"channel": where, "message": "m"}


def _at_github(**fields: JSONValue) -> Callable[[str], JSONObject]:
    return lambda host: {"repoURL": f"http://{host}/o/r", **fields}


def _in_jira(operation: str, **fields: JSONValue) -> Callable[[str], JSONObject]:
    return lambda _: {"credentials": {"secretName": "s"}, operation: fields}


STEPS: dict[str, Callable[[str], JSONObject]] = {
    "http": lambda host: {"url": f"http://{host}", "timeout": "2s"},
    "http output": lambda host: {
        "url": f"http://{host}",
        "timeout": "2s",
        "outputs": [{"name": "a", "fromExpression": "response.body.a.b"}],
    },
    "http-download": lambda host: {
        "url": f"http://{host}", "outPath": "file", "timeout": "2s", "allowOverwrite": True
    },
    "oci-download": lambda host: {"imageRef": f"{host}/team/app:v1", "outPath": "layer"},
    "oci-push": lambda host: {"srcRef": f"{host}/team/app:v1", "destRef": f"{host}/team/b:v2"},
    "git-clone": lambda host: {"repoURL": f"http://{host}/o/r.git", "checkout": [{"path": "src"}]},
    "helm-update-chart http": lambda _: {"path": "http"},
    "helm-update-chart oci": lambda _: {"path": "oci"},
    "gh-search-issues": _at_github(issueNumber=1),
    "gh-create-issue": _at_github(title="t"),
    "gha-wait-for-workflow": _at_github(runID=1),
    "jira search": _in_jira("searchIssue", jql="project = A"),
    "jira create": _in_jira("createIssue", projectKey="A", summary="s"),
    "send-message slack": _message("slack"),
    "send-message http": _message("http"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WRONG, *BOMB])
def test_a_wrong_answer_is_an_error_that_says_so(name: str, tmp_path: Path) -> None:
    answer = WRONG[name] if name in WRONG else sends(BOMB[name]())
    with site_at(answer, tmp_path) as site:
        for step in STEPS:
            began = time.monotonic()

            said = site.run(step)

            assert time.monotonic() - began < _SECONDS, step
            assert said or step in _HARMLESS, step
            assert SECRET not in said, step
            assert str(tmp_path) not in said, step
            assert not (site.workdir / "layer").exists(), step


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize("step", ["http", "http-download", "oci-download", "git-clone"])
def test_a_slow_answer_is_not_waited_for(name: str, step: str, tmp_path: Path) -> None:
    with site_at(SLOW[name], tmp_path) as site:
        began = time.monotonic()

        said = site.run(step)

    assert time.monotonic() - began < _SECONDS
    assert said
    assert not (site.workdir / "file").exists()
