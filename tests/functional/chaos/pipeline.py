"""The pipeline that is promoted through: two repositories, a Warehouse, five Stages, Freight."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command

from common.clock import now
from projects.models import Project
from promotions.models import Freight, Promotion, Stage, Warehouse
from promotions.selectors.eligibility import refusal
from promotions.selectors.stages import stage_named
from promotions.services.freight import create_freight
from promotions.services.promotions import create_promotion
from rbac.actors import Actor, controller, operator_at_console
from tests.fakes.git_origin import Origin, git

PROJECT = "chaos"
STAGES: dict[str, str] = {"alpha": "", "bravo": "", "test": "", "uat": "test", "prod": "uat"}
"""Every Stage, and the one that its Freight comes from; empty if directly from the Warehouse."""
STEPS = ("git-clone", "yaml-update", "git-commit", "git-push")
BEFORE = "Start"
"""The subject of the commit that each Stage's branch begins with."""

_HEAD = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Project
metadata: {{name: chaos}}
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {{name: main, namespace: chaos}}
spec:
  freightCreationPolicy: Manual
  subscriptions:
    - git: {{repoURL: "{application}", branch: main}}
"""
_STAGE = """\
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {{name: {stage}, namespace: chaos}}
spec:
  vars:
    - {{name: application, value: "{application}"}}
    - {{name: configuration, value: "{configuration}"}}
  requestedFreight:
    - origin: {{kind: Warehouse, name: main}}
      sources: {{{sources}}}
  promotionTemplate:
    spec:
      steps:
        - uses: git-clone
          as: clone
          config:
            repoURL: ${{{{ vars.configuration }}}}
            checkout:
              - branch: stage/${{{{ ctx.stage }}}}
                path: ./out
        - uses: yaml-update
          as: revision
          config:
            path: ./out/release.yaml
            updates:
              - key: revision
                value: ${{{{ quote(commitFrom(vars.application).ID) }}}}
        - uses: git-commit
          as: commit
          config:
            path: ./out
            message: "${{{{ commitFrom(vars.application).ID }}}}"
        - uses: git-push
          as: push
          config:
            path: ./out
"""


@dataclass(frozen=True, slots=True)
class Repositories:
    """An application whose commits are promoted, and the configuration they are written to."""

    application: Origin
    configuration: Origin

    @classmethod
    def create(cls, folder: Path) -> "Repositories":
        folder.mkdir()
        application = Origin.create(folder / "app.git")
        configuration = Origin.create(folder / "config.git", {"release.yaml": "revision: none\n"})
        for stage in STAGES:
            git("branch", f"stage/{stage}", "main", cwd=configuration.path)
        return cls(application, configuration)

    def commits(self, count: int) -> list[str]:
        """Add so many commits to the application; return their ids, oldest first."""
        return [
            self.application.commit({"version": f"{number}\n"}, f"Change {number}")
            for number in range(count)
        ]

    def released(self, stage: str) -> list[tuple[str, str, str]]:
        """Return (commit, subject, revision in the file) of what a Stage's branch got, in order."""
        lines = git(
            "log", "--reverse", "--topo-order", "--format=%H %s", f"stage/{stage}",
            cwd=self.configuration.path,
        ).splitlines()  # fmt: skip
        found = []
        for commit, _, subject in (line.partition(" ") for line in lines):
            if subject != BEFORE:
                text = git("show", f"{commit}:release.yaml", cwd=self.configuration.path)
                found.append((commit, subject, text.rpartition(" ")[2]))
        return found


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The applied pipeline, and its Freight in the order in which it is promoted."""

    freight: tuple[Freight, ...]
    actor: Actor

    @classmethod
    def create(cls, repositories: Repositories, *, remote: str, count: int) -> "Pipeline":
        """Apply the manifests and create the Freight.

        Args:
            repositories: What the manifests name.
            remote: Address of the configuration for workers.
            count: How many pieces of Freight.
        """
        _apply(application=repositories.application.url, configuration=remote)
        warehouse = Warehouse.objects.get(name="main")
        freight = []
        for commit in repositories.commits(count):
            url = repositories.application.url
            contents = {"commits": [{"repoURL": url, "id": commit, "branch": "main"}]}
            at = now()
            made, _ = create_freight(
                warehouse,
                contents,
                discovered_at=at,
                actor=controller("warehouse-controller"),
                now=at,
            )
            freight.append(made)
        return cls(tuple(freight), operator_at_console("chaos"))

    def promote(self, stage: str) -> int:
        """Queue what the Stage may be given and was not yet, in order; return how many."""
        row = stage_named(Project.objects.get(name=PROJECT), stage)
        queued = Promotion.objects.filter(stage=row).count()
        for number, freight in enumerate(self.freight[queued:]):
            if refusal(row, freight, now=now()):
                return number
            create_promotion(row, freight, actor=self.actor, now=now())
        return len(self.freight) - queued

    def commit_ids(self) -> list[str]:
        """Return the application's commits, in the order in which they are promoted."""
        return [freight.artifacts.get().version for freight in self.freight]


def stages() -> dict[str, Stage]:
    """Return the Stages by name."""
    return {row.name: row for row in Stage.objects.filter(project__name=PROJECT)}


def _apply(*, application: str, configuration: str) -> None:
    text = _HEAD.format(application=application)
    for stage, upstream in STAGES.items():
        text += _STAGE.format(
            application=application,
            configuration=configuration,
            stage=stage,
            sources=f"stages: [{upstream}]" if upstream else "direct: true",
        )
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        call_command("apply", "-f", file.name, verbosity=0, stdout=_Nowhere())


class _Nowhere:
    def write(self, _text: str) -> None:
        pass
