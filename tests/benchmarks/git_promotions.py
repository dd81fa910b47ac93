"""What the Git benchmarks share: repositories of any size, and promotions of them in the engine."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from common.clock import now
from common.jsontypes import JSONObject
from promotions.engine.executor import Engine, Progress, PromotionPlan, run_promotion
from promotions.engine.expressions.templates import render
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.inflation import Step, Variable
from promotions.engine.inputs import PromotionFacts
from promotions.engine.phases import PromotionPhase, StepRecord
from promotions.engine.registry import Registry
from promotions.engine.runner import StepRunner
from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.settings import GitSettings
from promotions.gateways.rendering import InstalledTools
from promotions.gateways.tool_runs import ToolLimits
from promotions.gateways.tools import ToolPaths, Tools
from promotions.steps.file_write import FileWrite
from promotions.steps.git_clone import GitClone
from promotions.steps.git_commit import GitCommit
from promotions.steps.git_push import GitPush
from promotions.steps.kustomize_build import KustomizeBuild
from promotions.steps.kustomize_set_image import KustomizeSetImage
from promotions.steps.support.kustomizations import Kustomizations
from tests.fakes.git_ports import FixedCredentials, FixedIdentity
from tests.integration.rendering.charts import repositories

APP = "apps/g000/svc7"
"""The folder, in every repository, of the application that is promoted."""
IMAGE = "example/svc7"
_KUSTOMIZATION = f"""resources: [app.yaml]
images:
  - name: {IMAGE}
    newTag: v0
"""
_DEPLOYMENT = f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: svc7}}
spec:
  selector: {{matchLabels: {{app: svc7}}}}
  template:
    metadata: {{labels: {{app: svc7}}}}
    spec: {{containers: [{{name: svc7, image: "{IMAGE}"}}]}}
"""
_LIMITS = ToolLimits(timeout=timedelta(seconds=60), memory_bytes=2**30, output_bytes=2**26)
_TOOLS = InstalledTools(Tools(ToolPaths(), _LIMITS), _LIMITS)


def kustomize_command() -> tuple[str, ...]:
    """Return the command that builds a kustomization here, or nothing if there is none."""
    if shutil.which("kustomize"):
        return ("kustomize", "build")
    return ("kubectl", "kustomize") if shutil.which("kubectl") else ()


def make_repository(path: Path, *, files: int, commits: int) -> None:
    """Make a bare repository with about so many files, and so many commits, on ``main``."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True)  # noqa: S603,S607 - fixed
    with subprocess.Popen(  # noqa: S603 - fixed
        ["git", "-C", path, "fast-import", "--quiet"],  # noqa: S607 - the bench wants PATH's git
        stdin=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        for block in _history(files, commits):
            process.stdin.write(block)
    subprocess.run(["git", "-C", path, "repack", "-adq"], check=True)  # noqa: S603,S607 - fixed


def _history(files: int, commits: int) -> Iterator[bytes]:
    for number in range(commits):
        stamp = 1_700_000_000 + number * 60
        message = f"change {number}".encode()
        yield b"commit refs/heads/main\n"
        yield f"committer A <a@example.com> {stamp} +0000\ndata {len(message)}\n".encode()
        yield message + b"\n"
        for index in range(files) if number == 0 else (number * 7919 % files,):
            yield _file(f"apps/g{index // 100:03d}/svc{index}/values.yaml", _values(index, number))
        if number == 0:
            yield _file(f"{APP}/kustomization.yaml", _KUSTOMIZATION.encode())
            yield _file(f"{APP}/app.yaml", _DEPLOYMENT.encode())


def _file(path: str, text: bytes) -> bytes:
    return f"M 100644 inline {path}\ndata {len(text)}\n".encode() + text + b"\n"


def _values(index: int, number: int) -> bytes:
    lines = [f"app: svc{index}", "image:", f"  repository: example/svc{index}"]
    lines += [f"  tag: v1.{number}.0", "replicas: 2", "env:"]
    lines += [f"  - name: K{item}\n    value: '{index * item}'" for item in range(8)]
    return ("\n".join(lines) + "\n").encode()


@dataclass(frozen=True)
class Promoter:
    """Promotes by the engine: expressions, schemas, steps, records; all but the database.

    Attributes:
        cache: The Git cache, of this host.
        sparse: Whether only the application's folder is checked out.
    """

    origin: Path
    cache: Path
    sparse: bool = False

    def __call__(self, work: Path, tag: str) -> dict[str, float]:
        """Set the image to ``tag`` in the work directory ``work``; return each step's seconds."""
        app = f"./out/{APP}"
        image: JSONObject = {"image": IMAGE, "tag": "${{ quote(vars.tag) }}"}
        edits = [
            Step("kustomize-set-image", "set", config={"path": app, "images": [image]}),
            Step("kustomize-build", "build", config={"path": app, "outPath": f"{app}/built.yaml"}),
        ]
        only: JSONObject = {"sparse": [APP]} if self.sparse else {}
        steps = _steps(self.origin, edits if kustomize_command() else edits[:1], only=only)
        return _promote(self.cache, work, steps, tag=tag)


@dataclass(frozen=True)
class FilePromoter:
    """Promotes by the engine, each stage with a file of its own in folder ``stages``."""

    origin: Path
    cache: Path

    def __call__(self, work: Path, stage: str) -> None:
        """Write the file of ``stage``, in the work directory ``work``, and push it."""
        path = f"./out/stages/{stage}.yaml"
        contents: JSONObject = {"path": path, "contents": "image: ${{ vars.tag }}"}
        edit = Step("file-write", "write", config=contents)
        _promote(self.cache, work, _steps(self.origin, [edit], only={}), tag=stage)


def _steps(origin: Path, edits: Sequence[Step], *, only: JSONObject) -> tuple[Step, ...]:
    checkout: JSONObject = {"branch": "main", "path": "./out", **only}
    clone: JSONObject = {"repoURL": f"file://{origin}", "checkout": [checkout]}
    out = "${{ vars.out }}"
    return (
        Step("git-clone", "clone", config=clone),
        *edits,
        Step("git-commit", "commit", config={"path": out, "message": "Promote ${{ vars.tag }}"}),
        Step("git-push", "push", config={"path": out, "maxAttempts": 100}),
    )


def _promote(cache: Path, work: Path, steps: tuple[Step, ...], *, tag: str) -> dict[str, float]:
    git = open_git(GitSettings(cache_dir=cache, allow_local=True))
    credentials = FixedCredentials()
    runners: list[StepRunner] = [
        GitClone(git.workspaces, credentials, FixedIdentity(), git.repositories),
        FileWrite(),
        KustomizeSetImage(FixedIdentity()),
        KustomizeBuild(Kustomizations(_TOOLS, repositories())),
        GitCommit(git.workspaces),
        GitPush(git.workspaces, credentials),
    ]
    engine = Engine(Registry(runners), render, now)
    freight = FreightReference(name="f", origin=FreightOrigin(name="w"))
    variables = (Variable("tag", tag), Variable("out", "./out"))
    facts = PromotionFacts("p", "s", "promo", freight, variables=variables)
    plan = PromotionPlan(facts, steps, tenant_uid="t", promotion_uid="u", workdir=str(work))
    result = run_promotion(engine, plan, Progress(), save=lambda _: None)
    assert result.phase is PromotionPhase.SUCCEEDED, result.message
    git.workspaces.release(workdir=str(work))
    return {record.alias: _took(record) for record in result.progress.records}


def _took(record: StepRecord) -> float:
    assert record.started_at is not None
    assert record.finished_at is not None
    return (record.finished_at - record.started_at).total_seconds()


Run = Callable[[Path, str], dict[str, float]]
"""Promotes to a tag in a work directory and returns the seconds of its parts."""
