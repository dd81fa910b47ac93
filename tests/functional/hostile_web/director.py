"""Sets the scene of the server that is attacked, and plants texts that would like to run.

Run as a program with ``DJANGO_SETTINGS_MODULE`` and ``KARGO_VAR_DIR`` set.
"""

import django

django.setup()

from typing import Any  # noqa: E402 - Django first

from django.db import models  # noqa: E402

from projects.services.erasure import owned_models  # noqa: E402
from promotions.models import Freight, Promotion, Stage, StepExecution, Warehouse  # noqa: E402
from tests.factories.domain import make_tenant  # noqa: E402
from tests.factories.everything import make_everything  # noqa: E402
from tests.factories.people import make_admin, make_operator  # noqa: E402
from tests.functional.hostile_web.payloads import PAYLOAD, planted  # noqa: E402
from tests.functional.portal.scenes import Scene, failing, ordinary, unhealthy  # noqa: E402


def seed() -> None:
    """Make the scenes, people, and a row of everything, with hostile texts wherever they go."""
    make_operator("admin")
    scenes = [ordinary(), failing()]
    for scene in scenes:
        alice = make_admin(scene.project, username=f"alice-{scene.project.name}")
        alice.is_superuser = alice.is_staff = True
        alice.save(update_fields=["is_superuser", "is_staff"])
        _plant_in_scene(scene)
    make_everything(make_tenant("planted"), marker=PAYLOAD)  # with names that none may have
    for model in owned_models():
        _plant_in_texts(model)


def _plant_in_scene(scene: Scene) -> None:
    """Plant in what is told by people and by what runs for them."""
    annotations = {"kargo.akuity.io/color": PAYLOAD, "kargo.akuity.io/description": PAYLOAD}
    said = {"annotations": annotations, "conditions": unhealthy(PAYLOAD, PAYLOAD)}
    for model in (Stage, Warehouse):
        model.objects.filter(project=scene.project).update(**said)
    for freight in Freight.objects.filter(project=scene.project):
        freight.alias = f"alias-{freight.pk}{PAYLOAD}"[: _longest(Freight, "alias")]
        freight.save(update_fields=["alias"])
    for promotion in Promotion.objects.filter(project=scene.project):
        promotion.message = PAYLOAD
        promotion.state = {"clone": {"links": [f"javascript:{PAYLOAD}"], "commit": PAYLOAD}}
        promotion.spec = planted(promotion.spec, beside={"uses", "as"})
        promotion.save(update_fields=["message", "state", "spec"])
    StepExecution.objects.filter(promotion__project=scene.project).update(message=PAYLOAD)


def _plant_in_texts(model: type[models.Model]) -> None:
    """Plant in long texts, which name nothing and which nothing is chosen by."""
    names = [
        it.name
        for it in model._meta.concrete_fields
        if isinstance(it, models.TextField) and not it.unique and not it.choices
    ]
    values: dict[str, Any] = dict.fromkeys(names, PAYLOAD)
    if values:
        model._base_manager.update(**values)


def _longest(model: type[models.Model], field: str) -> int:
    return int(getattr(model._meta.get_field(field), "max_length", 0) or len(PAYLOAD))


if __name__ == "__main__":
    seed()
