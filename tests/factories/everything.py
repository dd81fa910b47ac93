"""Makes a row of every model that a tenant can own, by looking at the models' columns.

A model that somebody adds is not forgotten: it needs nothing here unless its constraints are
more than columns can tell.
"""

import itertools
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Model

from common.tenancy import children_first
from projects.models import Quota, Tenant
from projects.services.erasure import owned_models
from rbac.actors import operator_at_console
from rbac.audit import Act, record
from rbac.models import User
from rbac.services import make_system_roles
from tests.factories.domain import NOON

_SMALL = 1 << 15
_serial = itertools.count(1)

SPECIAL: Mapping[str, Mapping[str, Any]] = {
    "AnalysisRun": {"phase": "Running", "ended_at": None},
    "ApiToken": {"user": None},
    "PromotionResponse": {"action": "approve", "values": None},
    "StepIntent": {"done_at": None, "outcome": None},
    "Promotion": {"phase": "Running", "finished_at": None},
    "PromotionRequest": {"phase": "Running", "finished_at": None},
    "IdentityProvider": {"trusts_email": False},
}
"""Values of columns that constraints bind together."""


def make_everything(tenant: Tenant, *, marker: str) -> dict[type[Model], Model]:
    """Return a new row of every model that ``tenant`` can own; texts have ``marker`` in them."""
    Quota.objects.filter(tenant=tenant).delete()
    made: dict[type[Model], Model] = {Tenant: tenant}
    for model in reversed(children_first(owned_models())):
        made[model] = _make(model, made, tenant=tenant, marker=marker)
    _close_circles(made)
    make_system_roles(tenant_uid=tenant.uid, now=NOON)
    act = Act(action="thing.make", kind="Thing", tenant_uid=tenant.uid, object_name=marker)
    record(act, actor=operator_at_console(marker), at=NOON)
    return made


def _make(
    model: type[Model], made: Mapping[type[Model], Model], *, tenant: Tenant, marker: str
) -> Model:
    special = SPECIAL.get(model.__name__, {})
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.name in special:
            values[field.name] = special[field.name]
        elif isinstance(field, models.ForeignKey):
            values[field.name] = _related(field, made, marker=marker)
        elif field.name == "tenant_uid":
            values[field.name] = tenant.uid
        elif field.name == "deleted_at" or field.primary_key:
            continue
        else:
            _fill(values, field, marker=marker)
    row = model(**values)
    row.save(force_insert=True)
    return row


def _related(
    field: "models.ForeignKey[Any, Any]", made: Mapping[type[Model], Model], *, marker: str
) -> Model | None:
    if field.related_model is User:
        name = f"{marker}-{next(_serial)}"
        return User.objects.create_user(name, f"{name}@example.com")
    return made.get(field.remote_field.model)


def _fill(values: dict[str, Any], field: "models.Field[Any, Any]", *, marker: str) -> None:
    if field.choices:
        values[field.name] = next(iter(dict(field.flatchoices)))
        return
    text = f"{marker}-{next(_serial)}"
    made: list[tuple[Any, Any]] = [
        (models.UUIDField, uuid4()),
        (models.DateTimeField, None if field.null else NOON),
        (models.JSONField, [] if field.default is list else {"text": marker}),
        ((models.CharField, models.TextField), text[: field.max_length or None]),
        (models.BooleanField, False),
        (models.IntegerField, None if field.null else next(_serial) % _SMALL),
    ]
    for kinds, value in made:
        if isinstance(field, kinds):
            values[field.name] = value
            return


def _close_circles(made: Mapping[type[Model], Model]) -> None:
    """Fill in the columns that may be null and refer to what was made later."""
    for model, row in made.items():
        late = {
            field.name: made[field.remote_field.model]
            for field in model._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
            and field.null
            and field.remote_field.model in made
            and field.name not in SPECIAL.get(model.__name__, {})
            and getattr(row, field.attname) is None
        }
        if late:
            model._base_manager.filter(pk=row.pk).update(**late)
