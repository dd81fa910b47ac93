"""The outside as it should be: whatever a step asks for, it gets, in the smallest form."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from common.jsontypes import JSONObject
from promotions.engine.artifacts import Artifact, Blob
from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.settings import GitSettings
from promotions.ports.http import HttpRequest, HttpResponse, HttpStream
from promotions.ports.oci import Repository
from promotions.ports.rendering import ChartRendering, KustomizationBuild
from promotions.steps.catalogue import StepPorts
from tests.fakes.git_ports import FixedCredentials, FixedIdentity
from tests.functional.hostile.outside import lying_outside

MANIFEST = "---\n# Source: c/templates/a.yaml\nkind: ConfigMap\nmetadata: {name: a}\n"
_LAYER: JSONObject = {"mediaType": "a/b", "digest": f"sha256:{'0' * 64}", "size": 1}


class _Sender:
    def send(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, {}, b"{}")

    @contextmanager
    def stream(self, request: HttpRequest) -> Iterator[HttpStream]:
        yield HttpStream(200, iter((b"x",)), 1)


class _Renderer:
    def chart(self, rendering: ChartRendering) -> str:
        return MANIFEST

    def kustomization(self, build: KustomizationBuild) -> str:
        return MANIFEST

    def package(self, *, root: str, path: str) -> tuple[str, bytes]:
        raise AssertionError("nothing here has dependencies")


class _Artifacts:
    def artifact(self, repository: Repository, reference: str) -> Artifact:
        raise AssertionError("nobody should push here")

    def manifest(self, repository: Repository, reference: str) -> JSONObject:
        return {"layers": [_LAYER]}

    @contextmanager
    def blob(self, repository: Repository, blob: Blob) -> Iterator[Iterator[bytes]]:
        yield iter((b"x",))

    def push(self, artifact: Artifact, *, source: Repository, target: Repository, tag: str) -> None:
        raise AssertionError("nobody should push here")


@dataclass(frozen=True, slots=True)
class Honest:
    """All ports; Git is real and may clone what is on this host."""

    ports: StepPorts


@contextmanager
def honest_outside(folder: Path) -> Iterator[Honest]:
    """Give ports that do as they are asked."""
    git = open_git(GitSettings(cache_dir=folder / "git", allow_local=True))
    with lying_outside(folder) as lying:
        ports = replace(
            lying.ports,
            workspaces=git.workspaces,
            repositories=git.repositories,
            credentials=FixedCredentials(),
            control_plane=FixedIdentity(),
            http=_Sender(),
            renderer=_Renderer(),
            artifacts=_Artifacts(),
        )
        yield Honest(ports)
