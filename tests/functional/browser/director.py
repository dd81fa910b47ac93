"""Sets the scene, and changes it, in the database of the server that a browser looks at.

Run as a program with ``DJANGO_SETTINGS_MODULE`` and ``KARGO_VAR_DIR`` set:
``python -m tests.functional.browser.director seed | fail | grow | preview``.
"""

import sys

import django

django.setup()

from common.clock import now  # noqa: E402 - Django first
from projects.models import ChangeType, Project  # noqa: E402
from projects.services.changes import record_change  # noqa: E402
from promotions.models import Preview, Stage  # noqa: E402
from promotions.services.previews import finish_preview  # noqa: E402
from tests.factories.domain import make_stage  # noqa: E402
from tests.factories.people import make_admin  # noqa: E402
from tests.functional.browser import approving, audited, questions  # noqa: E402
from tests.functional.portal.scenes import failing, ordinary, unhealthy  # noqa: E402


def seed() -> None:
    """Make the ordinary and the failing pipeline, and alice, admin of both."""
    alice = make_admin(ordinary().project)
    alice.is_superuser = True
    alice.save(update_fields=["is_superuser"])
    failing()


def fail() -> None:
    """Let uat become unhealthy."""
    stage = Stage.objects.select_related("project__tenant").get(project__name="shop", name="uat")
    stage.conditions = unhealthy("Unhealthy", "web: 0 of 3 replicas are ready")
    stage.current_promotion = None
    stage.updated_at = now()
    stage.save(update_fields=["conditions", "current_promotion", "updated_at"])
    _tell(stage, ChangeType.MODIFIED)


def grow() -> None:
    """Add a stage after prod."""
    project = Project.objects.get(name="shop")
    _tell(make_stage(project, "archive", upstream=("prod",)), ChangeType.ADDED)


def preview() -> None:
    """Make every preview that somebody waits for."""
    tree = {"path": "src", "url": "", "branch": "main", "base": "", "files": ["web.yaml"]}
    patch = "-image: v1\n+image: v2\n"
    result = {
        "phase": "Running",
        "message": "",
        "steps": [],
        "effects": ["push main to https://git.example.com/team/config.git"],
        "changes": [{**tree, "patch": patch, "truncated": False}],
        "manifests": [],
        "notes": [],
    }
    for waiting in Preview.objects.filter(finished_at=None):
        finish_preview(waiting, result=result, now=now())


def _tell(stage: Stage, change_type: ChangeType) -> None:
    record_change(
        stage,
        change_type=change_type,
        tenant_uid=stage.project.tenant.uid,
        project_uid=stage.project.uid,
    )


if __name__ == "__main__":
    acts = {"seed": seed, "fail": fail, "grow": grow, "preview": preview}
    acts |= {**approving.ACTS, **questions.ACTS, **audited.ACTS}
    acts[sys.argv[1]]()
