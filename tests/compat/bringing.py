"""Published manifests brought to the platform, promoted, and what came of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.clock import now
from projects.models import Project
from promotions.manifests.documents import read_documents
from promotions.models import Freight, Promotion, Stage, Warehouse
from promotions.services.apply import apply_documents
from promotions.services.freight import create_freight
from rbac.actors import controller, operator_at_console
from tests.compat.aftermath import shown
from tests.compat.expected import differences
from tests.compat.scene import Document, Scene
from tests.factories.people import actor_of
from tests.fakes.oci_registry import Answer

MANIFESTS = Path(__file__).parent / "manifests"
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: app
    image: {image}
"""


def bring(scene: Scene, name: str, project: str) -> None:
    """Apply a published file as the operator would, and give its project credentials."""
    text = scene.hosts.local_text((MANIFESTS / f"{name}.yaml").read_text(encoding="utf-8"))
    text = text.replace("<your-account>", "example")
    report = apply_documents(
        read_documents(text.encode(), source=name),
        tenant=scene.world.project.tenant,
        actor=operator_at_console("root"),
        now=now(),
    )
    assert [it.problems for it in report.failed] == []
    scene.world.project = Project.objects.get(name=project)
    scene.world.alice = actor_of(scene.world.project)


def freight(scene: Scene, name: str, **lists: Sequence[Document]) -> Freight:
    """Create Freight of a published Warehouse, as its discovery would."""
    contents: Any = scene.hosts.local(lists)
    warehouse = Warehouse.objects.get(project=scene.world.project, name=name)
    found, _ = create_freight(
        warehouse, contents, discovered_at=now(), actor=controller("warehouse"), now=now()
    )
    return found


def promote(
    scene: Scene, stage: str, found: Freight, *, meanwhile: Sequence[Document] = ()
) -> Promotion:
    row = Stage.objects.get(project=scene.world.project, name=stage)
    promotion = scene.world.promote(row, found)
    scene.settle(promotion, list(meanwhile))
    return promotion


def verified(scene: Scene, stage: str, found: Freight) -> None:
    """Reconcile the Stage until the Freight that it holds counts as verified there."""
    scene.world.hasten(Stage.objects.get(project=scene.world.project, name=stage))
    standing = found.standings.get(stage__name=stage)
    assert standing.verified_at is not None


def image(repo_url: str, tag: str) -> Document:
    return {"repoURL": repo_url, "tag": tag, "digest": f"sha256:{'ab' * 32}"}


def text(scene: Scene, name: str) -> str:
    return scene.repository().git("show", name)


def subject(scene: Scene, branch: str) -> str:
    return scene.repository().git("log", "-1", "--format=%s", branch)


def is_state(promotion: Promotion, expected: Any) -> None:
    assert not differences(expected, promotion.state), shown(promotion)


def answer(body: str, *, status: int = 200) -> Answer:
    """Return the answer of a server that speaks JSON."""
    headers = {"Content-Type": "application/json"}
    return Answer(status=status, body=body.encode(), headers=headers)
