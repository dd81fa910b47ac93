import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.runner import StepContext, StepResult, StepRunner
from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.settings import GitSettings
from promotions.ports.credentials import Credential
from promotions.ports.git import Remote
from promotions.steps.git_clear import GitClear
from promotions.steps.git_clone import GitClone
from promotions.steps.git_commit import GitCommit
from promotions.steps.git_push import GitPush
from promotions.steps.git_tag import GitTag
from tests.fakes.git_http_server import GitHTTPServer, serving
from tests.fakes.git_origin import Origin
from tests.fakes.git_ports import FixedCredentials, FixedIdentity

PASSWORD = "s3cret-p4ssword"
LOOPBACK = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
BOT = Credential(username="bot", password=PASSWORD)


@dataclass
class Promotion:
    """Runs Git steps in one work directory, as a promotion would."""

    git: GitGateway
    workdir: Path
    url: str
    name: str = "promo"
    credentials: FixedCredentials = field(default_factory=FixedCredentials)
    identity: FixedIdentity = field(default_factory=FixedIdentity)

    def clone(self, *checkout: JSONObject, **more: object) -> StepResult:
        config = {
            "repoURL": self.url,
            "checkout": list(checkout or ({"branch": "main", "path": "out"},)),
            **more,
        }
        return self._run(
            GitClone(self.git.workspaces, self.credentials, self.identity, self.git.repositories),
            as_object(config),  # type: ignore[arg-type] # the tests write JSON
        )

    def clear(self, path: str = "out") -> StepResult:
        return self._run(GitClear(self.git.workspaces), {"path": path})

    def commit(self, message: str = "Promote", path: str = "out", **more: JSONObject) -> StepResult:
        return self._run(GitCommit(self.git.workspaces), {"path": path, "message": message, **more})

    def push(self, path: str = "out", **more: str | bool | int) -> StepResult:
        return self._run(GitPush(self.git.workspaces, self.credentials), {"path": path, **more})

    def tag(self, tag: str, message: str = "A tag", **more: str | bool) -> StepResult:
        config: JSONObject = {"path": "out", "tag": tag, "message": message, **more}
        return self._run(GitTag(self.git.workspaces), config)

    def edit(self, text: str, name: str = "values.yaml") -> None:
        target = self.workdir / "out" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def _run(self, runner: StepRunner, config: JSONObject) -> StepResult:
        return runner.run(
            StepContext(
                workdir=str(self.workdir),
                alias=f"step-{runner.kind}",
                config=config,
                tenant_uid="tenant",
                project="demo",
                stage="test",
                promotion=self.name,
                promotion_uid="uid",
                target_freight=FreightReference(name="f", origin=FreightOrigin(name="w")),
                now=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )


def output(result: StepResult, name: str) -> str:
    """Return one text in a step's output."""
    return as_text((result.output or {}).get(name))


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A temporary folder with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="g-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def settings(tmp_path: Path) -> GitSettings:
    return GitSettings(cache_dir=tmp_path / "cache", allow_local=True, egress=LOOPBACK)


@pytest.fixture
def gateway(settings: GitSettings) -> GitGateway:
    return open_git(settings)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin.create(tmp_path / "origin.git")


@pytest.fixture
def promotion(gateway: GitGateway, origin: Origin, short_path: Path) -> Promotion:
    return Promotion(git=gateway, workdir=short_path, url=origin.url)


@pytest.fixture
def server(tmp_path: Path, origin: Origin) -> Iterator[GitHTTPServer]:
    with serving(tmp_path, users={"bot": PASSWORD}) as running:
        yield running


@pytest.fixture
def remote(server: GitHTTPServer) -> Remote:
    return Remote(f"{server.url}/origin.git", credential=BOT, tenant_uid="t")
