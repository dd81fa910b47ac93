"""Why promotions cannot get on with Argo CD: the control plane that serves their Stage is away."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from common.jsontypes import JSONObject, as_list, as_object, as_text
from projects.models import ControlPlane, Project
from projects.models.control_plane import ControlPlaneState
from promotions.engine.eligibility import Code, Reason, reason
from promotions.models import ClusterPromotionTask, PromotionTask, Stage
from promotions.selectors.control_planes import plane_shard, preferred, serves

_NEEDS_ARGO_CD = ("argocd-update", "argocd-wait")
_ADMINISTRATOR = "whoever may edit the control plane"
_TROUBLES: Mapping[str, tuple[str, str]] = {
    ControlPlaneState.UNREACHABLE: ("does not answer", "its answering again, which is tried"),
    ControlPlaneState.UNAUTHORIZED: (
        "refuses the platform's credential",
        f"{_ADMINISTRATOR}, by giving it another credential",
    ),
    ControlPlaneState.DISABLED: ("is switched off", f"{_ADMINISTRATOR}, by switching it on"),
}


def plane_reasons(stages: Sequence[Stage], _now: datetime) -> dict[int, list[Reason]]:
    """Return which control planes of Stages of one project are away, by primary key of the Stage.

    Only of Stages with a step that asks Argo CD for something.
    """
    away = _away(stages[0].project, {it.shard for it in stages}) if stages else {}
    if not away:
        return {}
    affected = [it for it in stages if plane_shard(it.shard) in away]
    tasks = _tasks_with_argo_cd(affected)
    return {
        stage.pk: [away[plane_shard(stage.shard)]]
        for stage in affected
        if any(_asks(step, tasks) for step in _steps(stage.spec))
    }


def plane_reason(project: Project, *, shard: str, kind: str) -> list[Reason]:
    """Return that the control plane of a step of this kind is away; nothing if it is not."""
    if kind not in _NEEDS_ARGO_CD:
        return []
    return list(_away(project, {shard}).values())


def _away(project: Project, shards: Iterable[str]) -> dict[str, Reason]:
    """Return what is wrong with the control planes of shards, by shard as these name it."""
    wanted = {plane_shard(it) for it in shards}
    rows = ControlPlane.objects.filter(tenant=project.tenant_id, shard__in=wanted).order_by("pk")
    by_shard: dict[str, list[ControlPlane]] = {}
    for plane in rows:
        if serves(plane, project.name):
            by_shard.setdefault(plane.shard, []).append(plane)
    chosen = {shard: preferred(planes) for shard, planes in by_shard.items()}
    return {
        shard: _reason(plane)
        for shard, plane in chosen.items()
        if plane is not None and plane.state in _TROUBLES
    }


def _reason(plane: ControlPlane) -> Reason:
    problem, lifted_by = _TROUBLES[plane.state]
    return reason(
        Code.CONTROL_PLANE_UNREACHABLE,
        control_plane=plane.name,
        problem=problem,
        lifted_by=lifted_by,
    )


def _tasks_with_argo_cd(stages: Iterable[Stage]) -> frozenset[tuple[str, str]]:
    """Return kind and name of the tasks of Stages that ask Argo CD for something."""
    used = {_task(step) for stage in stages for step in _steps(stage.spec)} - {("", "")}
    if not used:
        return frozenset()
    project = next(iter(stages)).project
    names = [name for _, name in used]
    ours = PromotionTask.objects.filter(project=project, name__in=names)
    shared = ClusterPromotionTask.objects.filter(tenant=project.tenant_id, name__in=names)
    tasks: list[PromotionTask | ClusterPromotionTask] = [*ours, *shared]
    found = [(type(it).__name__, it) for it in tasks]
    return frozenset(
        (kind, task.name)
        for kind, task in found
        if any(step.get("uses") in _NEEDS_ARGO_CD for step in _objects(task.spec.get("steps")))
    )


def _asks(step: JSONObject, tasks: frozenset[tuple[str, str]]) -> bool:
    return step.get("uses") in _NEEDS_ARGO_CD or _task(step) in tasks


def _task(step: JSONObject) -> tuple[str, str]:
    task = as_object(step.get("task"))
    name = as_text(task.get("name"))
    return (as_text(task.get("kind")) or "PromotionTask", name) if name else ("", "")


def _steps(spec: JSONObject) -> list[JSONObject]:
    template = as_object(as_object(spec.get("promotionTemplate")).get("spec"))
    return _objects(template.get("steps"))


def _objects(document: object) -> list[JSONObject]:
    return [as_object(it) for it in as_list(document)]  # type: ignore[arg-type] # JSON of a spec
