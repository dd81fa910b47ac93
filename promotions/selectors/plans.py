"""Assembles what the engine needs to run a promotion."""

from common.errors import NotFoundError
from common.jsontypes import as_list, as_object, as_text
from promotions.engine.executor import PromotionPlan
from promotions.engine.freight import FreightCollection, FreightOrigin, FreightReference
from promotions.engine.inflation import Step, Task, TaskKind, TaskReference, Variable
from promotions.engine.inputs import PromotionFacts, Target, actor_name
from promotions.engine.runner import FreightRequest
from promotions.manifests.freight_contents import freight_reference
from promotions.manifests.promotion_steps import steps_from, task_from, variables_from
from promotions.models import ClusterPromotionTask, Promotion, PromotionTask, Stage
from promotions.selectors.freight import current_freight, freight_by_name
from promotions.selectors.promotion_requests import has_moved, last_collection

ROLLBACK_ANNOTATION = "kargo.akuity.io/rollback"
_CONTROLLER = "controller:"


def plan_for(promotion: Promotion, *, workdir: str, base_url: str) -> PromotionPlan:
    """Return the plan of a promotion that is about to run."""
    target = freight_reference(promotion.freight)
    facts = PromotionFacts(
        project=promotion.project.name,
        stage=promotion.stage.name,
        promotion=promotion.name,
        target_freight=target,
        target_freight_alias=promotion.freight.alias,
        actor=_person(promotion.actor),
        rollback=promotion.annotations.get(ROLLBACK_ANNOTATION) == "true",
        ui_base_url=base_url,
        variables=variables_from(promotion.spec.get("vars")),
        target=_target(promotion),
    )
    return PromotionPlan(
        facts=facts,
        steps=steps_from(promotion.spec["steps"]),
        tenant_uid=str(promotion.project.tenant.uid),
        promotion_uid=str(promotion.uid),
        workdir=workdir,
        freight=_collection(promotion, target),
        freight_requests=freight_requests(promotion.stage),
        project_uid=str(promotion.project.uid),
        shard=promotion.shard,
    )


def _person(create_actor: str) -> str:
    """Return who asked for a promotion; empty if the platform made it by itself.

    Source: Kargo's stage controller, whose promotions have no ``create-actor``: their operations
    in Argo CD are automated ones, and ``ctx.meta.promotion.actor`` is empty.
    """
    return "" if create_actor.startswith(_CONTROLLER) else actor_name(create_actor)


def _target(promotion: Promotion) -> Target | None:
    if not promotion.target_name:
        return None
    facts = as_object(promotion.target_facts)
    labels = {key: as_text(it) for key, it in as_object(facts.get("labels")).items()}
    return Target(params=as_object(facts.get("params")), labels=labels)


def freight_requests(stage: Stage) -> tuple[FreightRequest, ...]:
    """Return what a Stage asks for, as steps and expressions see it."""
    requests = map(as_object, as_list(stage.spec.get("requestedFreight")))
    return tuple(
        FreightRequest(
            origin=FreightOrigin(as_text(as_object(request.get("origin")).get("name"))),
            direct=as_object(request.get("sources")).get("direct") is True,
            stages=tuple(
                as_text(name) for name in as_list(as_object(request.get("sources")).get("stages"))
            ),
        )
        for request in requests
    )


def target_collection(stage: Stage, freight: FreightReference) -> dict[str, str]:
    """Return the Freight names, by origin, that a Stage will hold once ``freight`` is promoted.

    A Stage of several origins keeps what its last promotion was to leave of the others, however
    that one ended.
    """
    origins = {str(request.origin) for request in freight_requests(stage)}
    inherited: dict[str, str] = {}
    if len(origins) > 1:
        if has_moved(stage):
            inherited = last_collection(stage)
        else:
            inherited = {key: item.name for key, item in current_freight(stage).items()}
    kept = {origin: name for origin, name in inherited.items() if origin in origins}
    return {**kept, str(freight.origin): freight.name}


def template_of(stage: Stage) -> tuple[tuple[Step, ...], tuple[Variable, ...]]:
    """Return the steps of a Stage's template, and the variables of its promotions."""
    template = as_object(as_object(stage.spec.get("promotionTemplate")).get("spec"))
    variables = (*variables_from(stage.spec.get("vars")), *variables_from(template.get("vars")))
    return tuple(steps_from(template.get("steps"))), variables


def find_task(stage: Stage, reference: TaskReference) -> Task:
    """Return a task that a Stage's template names.

    Raises:
        NotFoundError: There is none of that name and kind.
    """
    project = stage.project
    row: PromotionTask | ClusterPromotionTask | None
    if reference.kind == TaskKind.CLUSTER_PROMOTION_TASK:
        row = ClusterPromotionTask.objects.filter(
            tenant=project.tenant, name=reference.name
        ).first()
    else:
        row = PromotionTask.objects.filter(project=project, name=reference.name).first()
    if row is None:
        raise NotFoundError(f'{reference.kind} "{reference.name}" not found')
    return task_from(row.spec)


def _collection(promotion: Promotion, target: FreightReference) -> FreightCollection:
    names = promotion.freight_collection
    found = freight_by_name(promotion.project, set(names.values()) - {target.name})
    collection = {
        origin: freight_reference(found[name]) for origin, name in names.items() if name in found
    }
    return {**collection, str(target.origin): target}
