"""A pipeline over real repositories, made with the command line and worked on by a real worker."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.compat.cli import live
from tests.compat.cli.command_line import Kargo
from tests.compat.cli.live import Site
from tests.fakes.git_http_server import serving
from tests.fakes.git_origin import Origin

Seen = TypeVar("Seen")

PROJECT = "line"
_SECONDS = 60.0
_PIPELINE = """\
apiVersion: v1
kind: List
items:
- apiVersion: kargo.akuity.io/v1alpha1
  kind: Project
  metadata: {{name: line}}
- apiVersion: kargo.akuity.io/v1alpha1
  kind: Warehouse
  metadata: {{name: main, namespace: line}}
  spec:
    subscriptions:
    - git: {{repoURL: "{application}", branch: main}}
"""
_STAGE = """\
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {{name: {name}, namespace: line}}
spec:
  requestedFreight:
  - origin: {{kind: Warehouse, name: main}}
    sources: {{{sources}}}
{template}"""
_STEPS = """\
  promotionTemplate:
    spec:
      steps:
      - uses: git-clone
        config:
          repoURL: "{configuration}"
          checkout:
          - {{branch: main, path: ./out}}
      - uses: yaml-update
        config:
          path: ./out/release.yaml
          updates:
          - key: ${{{{ ctx.stage }}}}
            value: ${{{{ quote(commitFrom("{application}").ID) }}}}
      - uses: git-commit
        config: {{path: ./out, message: "To ${{{{ ctx.stage }}}}"}}
      - uses: git-push
        config: {{path: ./out}}
"""
_BROKEN = """\
  promotionTemplate:
    spec:
      steps:
      - task: {name: nowhere}
"""
_PERSON = """\
  promotionTemplate:
    spec:
      steps:
      - uses: wait-for-approval
"""


@dataclass(frozen=True, slots=True)
class Line:
    """Stages ``dev``, after it ``qa`` and ``gate`` (without steps); ``asking``, after it ``later``.

    ``asking`` waits for a person. ``fork`` has no steps; after it come ``whole`` and ``broken``,
    whose task is not there.

    Attributes:
        configuration: What is promoted to.
    """

    kargo: Kargo
    application: Origin
    configuration: Origin

    def ask(self, name: str, **parameters: Any) -> Any:
        return self.kargo.session.call(name, project=PROJECT, **parameters)

    def freight(self) -> list[dict[str, Any]]:
        """Return all Freight, the oldest first."""
        found: list[dict[str, Any]] = self.ask("QueryFreightsRest")["groups"][""]["items"]
        return found

    def finished(self, promotion: str) -> dict[str, Any]:
        """Return a promotion as soon as it has ended."""
        return until(
            lambda: self.ask("GetPromotion", promotion=promotion),
            lambda it: bool(it.get("status", {}).get("finishedAt")),
        )

    def settle(self) -> None:
        """Return once nothing is being promoted, but where a person is asked."""
        until(
            lambda: self.ask("ListPromotions", stage="")["items"],
            lambda found: all(
                it.get("status", {}).get("finishedAt")
                for it in found
                if it["spec"]["stage"] in {"dev", "qa"}
            ),
        )

    def stage(self, name: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return a Stage as soon as something is so of it."""
        return until(lambda: self.ask("GetStage", stage=name), is_so)

    def verified(self, freight: str, stage: str) -> dict[str, Any]:
        """Return Freight as soon as it is verified in a Stage."""
        return until(
            lambda: self.ask("GetFreight", freight_name_or_alias=freight),
            lambda it: stage in it.get("status", {}).get("verifiedIn", {}),
        )

    def reconciled(self) -> list[dict[str, Any]]:
        """Have the Warehouse looked at, and return the Freight that there is then."""
        before = len(self.freight())
        assert self.kargo.run("refresh warehouse main").exit_code == 0
        return until(self.freight, lambda found: len(found) > before)


def until(look: Callable[[], Seen], is_so: Callable[[Seen], bool]) -> Seen:
    """Return what is seen as soon as something is so of it; give up after a minute."""
    deadline = time.monotonic() + _SECONDS
    while not is_so(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.2)
    return seen


@contextmanager
def standing(site: Site, folder: Path) -> Iterator[Line]:
    """Make the pipeline with ``kargo apply -f`` and run a worker until the block ends."""
    with serving(folder) as server, live.working(site):
        application = Origin.create(folder / "app.git")
        files = {"release.yaml": "dev: none\nqa: none\n"}
        configuration = Origin.create(folder / "config.git", files)
        urls = {
            "application": f"{server.url}/app.git",
            "configuration": f"{server.url}/config.git",
        }
        path = folder / "line.yaml"
        path.write_text(_PIPELINE.format(**urls) + "".join(_stages(_STEPS.format(**urls))))
        kargo = Kargo(site.session(), PROJECT)
        outcome = kargo.run(f"apply -f {path}")
        assert outcome.errors == [], outcome.errors
        line = Line(kargo, application, configuration)
        until(line.freight, bool)
        yield line


def _stages(steps: str) -> Iterator[str]:
    table = {
        "dev": ("direct: true", steps),
        "qa": ("stages: [dev]", steps),
        "gate": ("stages: [dev]", ""),
        "asking": ("direct: true", _PERSON),
        "later": ("stages: [asking]", _PERSON),
        "fork": ("direct: true", ""),
        "whole": ("stages: [fork]", _PERSON),
        "broken": ("stages: [fork]", _BROKEN),
    }
    for name, (sources, template) in table.items():
        yield _STAGE.format(name=name, sources=sources, template=template)
