"""Tries a promotion in a throwaway work directory and says what it would change."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.redaction import noting_secrets
from promotions.engine.executor import Engine
from promotions.engine.preview import preview_promotion
from promotions.manifests import preview as manifests
from promotions.manifests.freight_contents import freight_reference
from promotions.models import Promotion
from promotions.ports.workspaces import Workspaces
from promotions.selectors import plans
from promotions.services.preview_manifests import Rendering, Trial, changed_resources

PATCH_BYTES = 256 * 1024
"""Largest difference shown for one work tree."""


@dataclass(frozen=True, slots=True)
class PreviewPorts:
    """What trying a promotion takes; ``base_url`` is the portal's address."""

    engine: Engine
    workspaces: Workspaces
    rendering: Rendering
    base_url: str


def try_promotion(promotion: Promotion, *, ports: PreviewPorts, workdir: Path) -> dict[str, Any]:
    """Run a promotion up to its first effect on the outside, and return the preview's document.

    Args:
        promotion: As ``planned_promotion`` returns it; it need not be stored.
        ports: What trying it takes.
        workdir: An empty folder for this alone; the caller removes it.

    Raises:
        UpstreamError: The work directory cannot be read back.
    """
    with noting_secrets():
        return _tried(promotion, ports, workdir)


def _tried(promotion: Promotion, ports: PreviewPorts, workdir: Path) -> dict[str, Any]:
    target = freight_reference(promotion.freight)
    promotion.freight_collection = plans.target_collection(promotion.stage, target)
    plan = plans.plan_for(promotion, workdir=str(workdir), base_url=ports.base_url)
    try:
        preview = preview_promotion(ports.engine, plan)
        trees = ports.workspaces.changes(workdir=str(workdir), limit=PATCH_BYTES)
        trial = Trial(
            workdir, ports.workspaces, ports.rendering, plan.tenant_uid, plan.facts.project
        )
        rendered = [changed_resources(tree, trial) for tree in trees]
    finally:
        ports.workspaces.release(workdir=str(workdir))
    return manifests.to_document(
        preview,
        changes=trees,
        manifests=[change for it in rendered for change in it.resources],
        notes=[note for it in rendered for note in it.notes],
    )
