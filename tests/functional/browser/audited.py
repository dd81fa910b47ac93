"""What the director adds to the audit of the project ``shop``."""

from datetime import timedelta
from typing import Any

from common.clock import now
from projects.models import Project
from rbac.actors import Actor, ActorKind
from rbac.audit import Act, record

_SPEC = {
    "requestedFreight": [
        {
            "origin": {"kind": "Warehouse", "name": "main"},
            "sources": {"stages": ["test"], "requiredSoakTime": "2h"},
        }
    ],
    "promotionTemplate": {"spec": {"steps": [{"uses": "git-clone"}, {"uses": "git-push"}]}},
}
_SOURCES = {"stages": ["test"], "requiredSoakTime": "1h"}
_CHANGED = {
    **_SPEC,
    "requestedFreight": [
        {"origin": {"kind": "Warehouse", "name": "main"}, "sources": _SOURCES, "autoPromote": False}
    ],
}


_LONG = "Somebody thought that it was best to stop what was going on: " + "tests were red, " * 15
_ACTS: list[tuple[str, str, str, str, str, dict[str, Any] | None, dict[str, Any] | None]] = [
    ("bob", "stage.update", "Stage", "uat", "too long", {"spec": _SPEC}, {"spec": _CHANGED}),
    ("bob", "freight.approve", "Freight", "quiet-otter", "", None, {"stage": "prod"}),
    ("carol", "promotion.abort", "Promotion", "prod.01jz", _LONG, {"phase": "Running"}, None),
    ("carol", "secret.create", "Secret", "unbreakable-" * 12, "", None, {"keys": ["password"]}),
]


def audited() -> None:
    """Add the acts of two people and of the platform itself."""
    project = Project.objects.select_related("tenant").get(name="shop")
    for age, (who, action, kind, name, reason, before, after) in enumerate(_ACTS):
        act = Act(
            action=action,
            kind=kind,
            tenant_uid=project.tenant.uid,
            project_uid=project.uid,
            object_name=name,
            reason=reason,
            before=before,
            after=after,
        )
        actor = Actor(kind=ActorKind.USER, name=f"email:{who}@example.com", address="203.0.113.7")
        record(act, actor=actor, at=now() - timedelta(hours=8 - age))


ACTS = {"audited": audited}
