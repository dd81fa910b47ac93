"""The manifest of a PromotionTask: steps that a project's Stages share."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from common.errors import FieldProblem
from promotions.manifests.metadata import Manifest, manifest_to, metadata_to
from promotions.manifests.schema import Model, Variable
from promotions.manifests.steps import Step, task_problems
from promotions.models import PromotionTask


class TaskSpec(Model):
    """Variables, of which those without value are required, and steps."""

    vars: list[Variable] | None = None
    steps: Annotated[list[Step], Field(min_length=1)]


class TaskManifest(Manifest):
    """A PromotionTask or ClusterPromotionTask as somebody wrote it."""

    spec: TaskSpec


class PromotionTaskManifest(TaskManifest):
    """A PromotionTask as somebody wrote it."""


def problems(manifest: TaskManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema."""
    yield from task_problems(manifest.spec.steps, path="spec.steps")


def to_manifest(task: PromotionTask) -> dict[str, Any]:
    """Write a PromotionTask as Kargo's JSON; reads ``task.project``."""
    metadata = metadata_to(task, namespace=task.project.name)
    return manifest_to("PromotionTask", metadata, spec=task.spec)
