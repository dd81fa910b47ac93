"""The outside as steps meet it at its worst: the real gateways, and one server that lies."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import cast

from common.egress import EgressPolicy
from common.errors import NotFoundError, UpstreamError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.approvals import Action, Response
from promotions.engine.registry import Registry
from promotions.engine.scm.providers import GitProvider
from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.settings import GitSettings
from promotions.gateways.github.access import GitHubSettings
from promotions.gateways.github.gateway import GitHubGateway
from promotions.gateways.http import CheckedSender
from promotions.gateways.jira import JiraCloud
from promotions.gateways.notify.messenger import CheckedMessenger
from promotions.gateways.oci.artifacts import OciArtifacts
from promotions.gateways.oci.connection import Connections, Settings
from promotions.gateways.oci.failures import Patience
from promotions.gateways.oci.limits import HostLimiter
from promotions.gateways.oci.registry import OciRegistry
from promotions.gateways.scm.providers import HostedProviders
from promotions.ports.control_plane import GitIdentity
from promotions.ports.credentials import Credential, CredentialType
from promotions.ports.git import Remote
from promotions.ports.metadata import MetadataKind
from promotions.ports.notify import Channel, ChannelKind, HttpChannel, SlackChannel, SmtpChannel
from promotions.ports.origin import StepOrigin
from promotions.ports.rendering import (
    ChartRendering,
    KustomizationBuild,
    MissingDependenciesError,
    RenderingError,
    ToolLimitError,
)
from promotions.ports.workspaces import Checkout, CloneRequest
from promotions.steps.catalogue import StepPorts, builtin_steps
from promotions.steps.github_push import GitHubPushPolicy
from tests.fakes.git_origin import Origin
from tests.fakes.git_ports import FixedIdentity
from tests.fakes.oci_registry import Answer, Asked, scripted_server
from tests.fakes.step_stores import (
    FakeAuditLog,
    FakeChannels,
    FakeIntents,
    FakeMetadata,
    FakeResponses,
)
from tests.functional.hostile.configs import NUMBERS, TEXTS
from tests.functional.hostile.grounds import TREE, Ground
from tests.unit.steps.contexts import NOW

SECRET = "hunter22-4711"
"""Every password, token and key that the ports know."""

_STATUSES = (200, 200, 200, 200, 201, 204, 301, 304, 400, 401, 403, 404, 405, 409, 410, 418, 422)
_BODIES = (
    *(b"", b"{}", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe", b"<html>", b"\0"),
    *(b"[" * 5000, b"NaN"),
    *(b'{"a":' * 3000, b'{"k": "\\u0000\\ud800"}', b"1" * 5000, b"1e999"),
    *(b"k: &a [*a]", b"a: b\n---\nc: d"),
)
_NAMES = (
    *("number", "id", "iid", "state", "title", "body", "url", "html_url", "web_url", "key"),
    *("fields", "status", "merged", "merged_at", "mergeable", "head", "sha", "base", "labels"),
    *("name", "assignees", "login", "items", "issues", "values", "ok", "error", "ts"),
    *("conclusion", "created_at", "commits", "total_commits", "ahead_by", "merge_base_commit"),
    *("commit", "tree", "message", "author", "parents", "object", "ref", "tags", "layers"),
    *("config", "digest", "mediaType", "size", "schemaVersion", "manifests", "token", "entries"),
    *("pullRequestId", "workflow_runs", "workflow_run_id", "comments", "user", "accountId"),
    *("emailAddress", "transitions", "to"),
)
_HEADERS = (
    {"Content-Type": "application/json"},
    {"Content-Type": "application/yaml"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
    {"Content-Type": "application/vnd.oci.image.index.v1+json"},
    {"Content-Encoding": "gzip"},
    {"Location": "http://169.254.169.254/latest/meta-data"},
    {"Location": "file:///etc/passwd"},
    {"Link": '<http://169.254.169.254/>; rel="next"'},
    {"Link": '<?page=2>; rel="next"'},
    {"WWW-Authenticate": 'Bearer realm="http://169.254.169.254/token",service="x"'},
    {"WWW-Authenticate": "Basic realm=x"},
    {"Docker-Content-Digest": "sha256:" + "0" * 64},
    {"Retry-After": "x"},
    {"Content-Range": "bytes */*"},
)
_MANIFESTS = (
    *("", "---\n", "null\n", "k: 1\n", "[1]\n", "a: b: c\n", "\0", "k: &a [*a]\n"),
    *("[" * 3000, "# c\n", "\ufeff"),
    "---\n# Source: c/templates/a.yaml\nkind: ConfigMap\nmetadata: {name: a}\n",
    "---\n# Source: ../../../outside/a.yaml\nkind: A\nmetadata: {name: a}\n",
    "---\n# Source: /etc/owned.yaml\nkind: A\nmetadata: {name: a}\n",
    "---\n# Source: c/templates/\0.yaml\nkind: A\nmetadata: {name: a}\n",
    "---\n# Source: repo-1/repo/HEAD\nkind: A\nmetadata: {name: a}\n",
    "---\n# Source: escape/a.yaml\nkind: A\nmetadata: {name: a}\n",
    "kind: ../../outside/a\nmetadata: {name: a, namespace: x/y}\n",
    "kind: A\nmetadata: {name: '" + "n" * 300 + "'}\n",
    "kind: A\nmetadata: {name: 'a\\0'}\n---\nkind: [1]\nmetadata: 3\n",
    "---\nkind: A\nmetadata: {name: {}}\n",
    "kind: A\napiVersion: a/b/c\nmetadata: {name: '..'}\n",
)


class _NumericOnly(EgressPolicy):
    """Knows no names, so that nothing here depends on a resolver."""

    def addresses(self, host: str, port: int) -> list[str]:
        if not set(host) <= set("0123456789abcdefx.:[]"):
            raise UpstreamError("no such host", retryable=True, code="host_unresolved")
        return super().addresses(host, port)


@dataclass
class Liar:
    """What the server answers; the same seed lies in the same way."""

    random: Random

    def __call__(self, asked: Asked) -> Answer:
        """Answer anything."""
        random = self.random
        body = random.choice(_BODIES)
        if random.random() < 0.8:
            body = json.dumps(_document(random, 0)).encode()
        headers = dict(random.choice(_HEADERS)) if random.random() < 0.5 else {}
        return Answer(random.choice(_STATUSES), body, headers)


def _document(random: Random, depth: int) -> JSONValue:
    kind = random.randrange(6) if depth < 5 else 5
    if kind <= 2:
        names = random.sample(_NAMES, random.randrange(12))
        return {name: _document(random, depth + 1) for name in names}
    if kind == 3:
        return [_document(random, depth + 1) for _ in range(random.choice((0, 1, 3)))]
    scalars = (None, True, False, "open", "closed", "merged", "completed", "2026-01-02T03:04:05Z")
    return random.choice((random.choice(scalars), random.choice(NUMBERS), random.choice(TEXTS)))


@dataclass
class LyingRenderer:
    """Renders what nobody asked for, or refuses."""

    random: Random

    def chart(self, rendering: ChartRendering) -> str:
        """Return anything."""
        return self._any()

    def kustomization(self, build: KustomizationBuild) -> str:
        """Return anything."""
        return self._any()

    def package(self, *, root: str, path: str) -> tuple[str, bytes]:
        """Return anything."""
        return self.random.choice(("d-1.0.0.tgz", "../x.tgz", "x\0.tgz")), self._any().encode()

    def _any(self) -> str:
        if self.random.random() < 0.2:
            raise self.random.choice(
                (
                    RenderingError("no such thing"),
                    MissingDependenciesError("d"),
                    ToolLimitError("too slow"),
                )
            )
        return "".join(self.random.sample(_MANIFESTS, self.random.choice((1, 1, 2))))


@dataclass
class _Credentials:
    random: Random

    def find(
        self, *, tenant_uid: str, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        if self.random.random() < 0.1:
            raise UpstreamError("the store is gone", retryable=True)
        return self.random.choice(
            (None, Credential("user", SECRET), Credential("", SECRET), Credential("user", ""))
        )


@dataclass
class _ControlPlane(FixedIdentity):
    host: str = ""
    random: Random = field(default_factory=Random)

    def warehouse_subscriptions(
        self, *, tenant_uid: str, project: str, warehouse: str
    ) -> tuple[JSONObject, ...] | None:
        return self.random.choice((None, (), ({"image": {"repoURL": "a"}}, {"image": None})))

    def freight_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        return self.random.choice((None, {}, {"github-issue-number": 1}, {"x": "y"}))

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        domain = self.random.choice((f"http://{self.host}", "169.254.169.254", "a/b", "\n", ""))
        return {"domain": domain, "username": "user", "password": SECRET}


class _Metadata(FakeMetadata):
    def upsert(
        self, origin: StepOrigin, *, kind: MetadataKind, name: str, values: JSONObject
    ) -> None:
        self.objects.setdefault((kind, "f1"), {})
        super().upsert(origin, kind=kind, name=name, values=values)


@dataclass
class _Channels(FakeChannels):
    host: str = ""
    random: Random = field(default_factory=Random)

    def find(self, origin: StepOrigin, *, kind: ChannelKind, name: str) -> Channel:
        if self.random.random() < 0.1:
            raise NotFoundError("no such channel")
        return self.random.choice(
            (
                SlackChannel("C1", SECRET),
                SmtpChannel(
                    "kargo@example.com", "127.0.0.1", 1, ("a@example.com",), password=SECRET
                ),
                HttpChannel(f"http://{self.host}/hook", authorization=f"Bearer {SECRET}"),
                HttpChannel(f"http://{self.host}", failure_expression="response.body.ok"),
            )
        )


@dataclass(frozen=True, slots=True)
class Outside:
    """All ports, with what decides how they lie."""

    ports: StepPorts
    random: Random
    host: str
    cache: Path
    stores: tuple[FakeAuditLog, FakeResponses, FakeIntents, FakeMetadata]

    def clone(self, workdir: Path) -> None:
        """Make a work tree of a repository at ``TREE``, for Git's steps to stand on."""
        git = open_git(GitSettings(cache_dir=self.cache, allow_local=True)).workspaces
        origin = Origin(self.cache.parent / "origin.git")
        if not origin.path.exists():
            origin.path.parent.mkdir(parents=True, exist_ok=True)
            Origin.create(origin.path)
        checkout = Checkout(path=str(workdir / TREE), branch="main")
        git.clone(
            CloneRequest(Remote(origin.url), str(workdir), "clone", (checkout,), GitIdentity())
        )
        (workdir / TREE / "new").write_text("x")

    def ground(self, kind: str, folder: Path) -> Ground:
        """Return where to try a kind of step."""
        return Ground(folder, self.clone) if kind.startswith("git") else Ground(folder)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return addresses that lead to the server, as steps may be configured with them."""
        base = f"http://{self.host}"
        return (
            base,
            f"{base}/o/r",
            f"{base}/o/r.git",
            f"{base}/a?b#c",
            f"{self.host}/team/app:v1",
            f"oci://{self.host}/team/app:v1",
        )

    def told(self) -> str:
        """Return what the platform's own stores hold."""
        audit, responses, intents, metadata = self.stores
        return repr((audit.events, responses.asked, intents.known, metadata))


class _NoPorts:
    def __getattr__(self, name: str) -> object:
        return None


def step_kinds() -> tuple[str, ...]:
    """Return every kind of step that the platform brings."""
    return Registry(builtin_steps(cast("StepPorts", _NoPorts()))).kinds()


@contextmanager
def lying_outside(folder: Path) -> Iterator[Outside]:
    """Give ports whose every server is the same liar on loopback; other hosts are refused."""
    random = Random(1)  # noqa: S311  no secret
    with scripted_server(Liar(random)) as server:
        yield outside_at(server.host, folder, random)


def outside_at(host: str, folder: Path, random: Random) -> Outside:
    """Return ports whose every server is at ``host``, a ``127.0.0.1:port``."""
    policy = _NumericOnly(allowed_hosts=frozenset({"127.0.0.1"}))
    base = f"http://{host}"
    git = open_git(
        GitSettings(
            cache_dir=folder / "cache",
            egress=policy,
            remote_timeout=timedelta(seconds=1),
            local_timeout=timedelta(seconds=3),
        )
    )
    connections = Connections(
        Settings(policy, insecure_hosts=frozenset({host}), timeout_seconds=1),
        limiter=HostLimiter(sleep=lambda _: None),
    )
    github = GitHubSettings(policy, base, sleep=lambda _: None)
    audit, responses, intents = FakeAuditLog(), FakeResponses(_responses()), FakeIntents()
    metadata = _Metadata()
    ports = StepPorts(
        workspaces=git.workspaces,
        repositories=git.repositories,
        credentials=_Credentials(random),
        control_plane=_ControlPlane(host=host, random=random),
        metadata=metadata,
        responses=responses,
        audit=audit,
        channels=_Channels(host=host, random=random),
        messenger=CheckedMessenger(policy, slack_url=base),
        intents=intents,
        http=CheckedSender(policy),
        images=OciRegistry(connections),
        artifacts=OciArtifacts(connections, patience=Patience(sleep=lambda _: None)),
        max_oci_push_bytes=10_000,
        renderer=LyingRenderer(random),
        scm=HostedProviders(policy, dict.fromkeys(GitProvider, base)),
        github=GitHubGateway(github, locks=folder / "locks"),
        github_push=GitHubPushPolicy(),
        jira=JiraCloud(policy, allow_over_http=True, max_wait=timedelta(0)),
    )
    return Outside(ports, random, host, folder / "cache", (audit, responses, intents, metadata))


def _responses() -> list[Response]:
    return [Response("bob", "1", Action.APPROVE, NOW, message="\0")]
