"""What the tests of the OCI steps share: runners over real gateways, and credentials."""

from dataclasses import dataclass, field
from pathlib import Path

from common.egress import EgressPolicy
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepResult
from promotions.gateways.oci.artifacts import OciArtifacts
from promotions.gateways.oci.connection import Connections, Settings
from promotions.gateways.oci.failures import Patience
from promotions.gateways.oci.limits import HostLimiter
from promotions.ports.credentials import Credential, CredentialType
from promotions.steps.oci_download import OciDownload
from promotions.steps.oci_push import OciPush
from tests.fakes.oci_registry import PASSWORD, USER
from tests.unit.steps.contexts import context

LOOPBACK = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
GIB = 1024**3


@dataclass
class Keyring:
    """Credentials by kind and repository; ``asked`` grows with each look-up."""

    held: dict[tuple[str, str], Credential] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def find(
        self, *, tenant_uid: str, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        self.asked.append((kind.value, repo_url))
        return self.held.get((kind.value, repo_url))


@dataclass
class Steps:
    """The OCI steps, run in a work directory of their own."""

    workdir: Path
    hosts: frozenset[str]
    keyring: Keyring = field(default_factory=Keyring)
    limit: int = GIB
    slept: list[float] = field(default_factory=list)
    policy: EgressPolicy = LOOPBACK

    def artifacts(self) -> OciArtifacts:
        """Return a gateway that knows nothing yet, and only notes how long it would sleep."""
        settings = Settings(self.policy, self.hosts, timeout_seconds=5)
        unhurried = HostLimiter(10_000)
        connections = Connections(settings, limiter=unhurried)
        return OciArtifacts(connections, patience=Patience(self.slept.append))

    def push(self, source: str, target: str, **more: JSONValue) -> StepResult:
        """Run ``oci-push``."""
        config: JSONObject = {"srcRef": source, "destRef": target, **more}
        step = OciPush(self.artifacts(), self.keyring, self.limit)
        return step.run(context(self.workdir, config))

    def fetch(self, reference: str, path: str = "out", **more: JSONValue) -> None:
        """Run ``oci-download``."""
        config: JSONObject = {"imageRef": reference, "outPath": path, **more}
        OciDownload(self.artifacts(), self.keyring).run(context(self.workdir, config))

    def download(self, reference: str, path: str = "out", **more: JSONValue) -> bytes:
        """Run ``oci-download`` and return what it has written."""
        self.fetch(reference, path, **more)
        return (self.workdir / path).read_bytes()


def let_in(steps: Steps, kind: str, repository: str) -> None:
    """Give the project the right password for a repository."""
    url = f"oci://{repository}" if kind == "helm" else repository
    steps.keyring.held[kind, url] = Credential(USER, PASSWORD)


def kind_of(error: StepError) -> str:
    """Return a step error's kind as the specification writes it."""
    return f"{'FAIL' if error.failed else 'ERR'}{'-T' if error.terminal else ''}"
