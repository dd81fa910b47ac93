"""Hosts that examples name, served on loopback.

An example keeps its host names. What changes in its addresses is how they are reached: plain HTTP,
and the port of a server on this machine; all names resolve to loopback.
"""

import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from common.jsontypes import JSONValue
from tests.fakes import github_actions, github_git, github_issues, github_pulls
from tests.fakes.github import FakeGitHub, serving as serving_github
from tests.fakes.jira import FakeJira
from tests.fakes.oci_registry import Answer, Asked, Registry, scripted_server
from tests.fakes.scm_server import ApiServer, serving_api
from tests.fakes.slack import FakeSlack, serving_slack
from tests.fakes.smtp_server import FakeMailServer, serving_mail
from tests.integration.rendering.repositories import HelmRepository, helm_repository

TOKEN = "ghp_0123456789abcdef"
SLACK_TOKEN = "xoxb-good"
LOOPBACK = "127.0.0.1"

CHART_HOSTS = ("example-chart-repo", "charts.example.com", "example.github.io")
WEB_HOSTS = ("api.example.com", "artifacts.example.com", "example.com", "www.catfacts.net")
REGISTRY_HOSTS = (
    "registry.example.com", "prod.example.com", "prod-registry.example.com",
    "sandbox.example.com", "internal-registry.local", "staging-registry.local",
    "example-chart-registry",
)  # fmt: skip
GITHUB_GROUPS = (
    github_actions.routes,
    github_git.routes,
    github_issues.routes,
    github_pulls.routes,
)


@dataclass
class Web:
    """What the small web server answers, by path; ``asked`` grows with each request."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        left = self.answers.get(asked.path.partition("?")[0], [])
        return left[0] if len(left) == 1 else left.pop(0) if left else Answer(status=404)


@dataclass
class Hosts:
    """The servers, and the port of each host name.

    Attributes:
        faces: Ports by host name.
    """

    github: FakeGitHub
    github_server: ApiServer
    registry: Registry
    charts: HelmRepository
    web: Web
    slack: FakeSlack
    jira: FakeJira
    jira_url: str
    mail: FakeMailServer
    faces: Mapping[str, int]

    def local(self, value: JSONValue) -> JSONValue:
        """Return the value with its addresses as they are reached here."""
        if isinstance(value, str):
            return self.local_text(value)
        if isinstance(value, Mapping):
            return {key: self.local(item) for key, item in value.items()}
        if isinstance(value, Sequence):
            return [self.local(item) for item in value]
        return value

    def local_text(self, text: str) -> str:
        """Return the text with its addresses as they are reached here."""
        for host, port in self.faces.items():
            name = re.escape(host)
            text = re.sub(rf"https://{name}(?![\w.:-])", f"http://{host}:{port}", text)
            if host in REGISTRY_HOSTS:
                text = re.sub(rf"oci://{name}(?![\w.:-])", f"oci://{host}:{port}", text)
                text = re.sub(rf"(?<![\w./:-]){name}(?=/)", f"{host}:{port}", text)
        return text

    @property
    def insecure_registries(self) -> list[str]:
        """``host:port`` of every registry."""
        return [f"{host}:{self.faces[host]}" for host in REGISTRY_HOSTS]


@contextmanager
def serving_hosts(folder: Path, *, registry: Registry, helm: Path) -> Iterator[Hosts]:
    """Serve everything that examples name until the block ends."""
    github = FakeGitHub(folder / "github", groups=GITHUB_GROUPS)
    github.user("octo", TOKEN)
    slack = FakeSlack(
        tokens={SLACK_TOKEN: {"chat:write", "chat:write.customize", "channels:history"}},
        channels={"C1234567890": True, "C123456": True, "C1": True, "#promotions": True},
    )
    jira, web = FakeJira(), Web()
    jira.users["acc-devops"] = "devops@company.com"
    with ExitStack() as stack:
        github_server = stack.enter_context(serving_github(github))
        charts = stack.enter_context(helm_repository(folder / "charts" / "served", helm))
        web_server = stack.enter_context(scripted_server(web))
        slack_server = stack.enter_context(serving_slack(slack))
        jira_server = stack.enter_context(serving_api(jira))
        mail = stack.enter_context(serving_mail(FakeMailServer()))
        addresses = {
            "github.com": github_server.url,
            "slack.com": slack_server.url,
            **dict.fromkeys(CHART_HOSTS, charts.url),
            **dict.fromkeys(WEB_HOSTS, web_server.host),
            **dict.fromkeys(REGISTRY_HOSTS, registry.host),
        }
        faces = {host: int(url.rpartition(":")[2]) for host, url in addresses.items()}
        github.url = f"http://github.com:{faces['github.com']}"
        yield Hosts(
            github=github,
            github_server=github_server,
            registry=registry,
            charts=charts,
            web=web,
            slack=slack,
            jira=jira,
            jira_url=jira_server.url,
            mail=mail,
            faces=faces,
        )


def resolve_to_loopback(patch: pytest.MonkeyPatch, names: Mapping[str, int]) -> None:
    """Have the names of these hosts resolve to this machine."""
    resolve: Callable[..., Any] = socket.getaddrinfo

    def local(host: object, *rest: Any, **named: Any) -> Any:
        return resolve(LOOPBACK if host in names else host, *rest, **named)

    patch.setattr(socket, "getaddrinfo", local)
