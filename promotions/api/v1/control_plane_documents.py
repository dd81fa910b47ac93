"""Control planes as the native API reads and writes them; credentials only go in."""

from datetime import datetime
from typing import Any

from django.http import QueryDict
from pydantic import ValidationError

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject
from common.rest.requests import bad_request, count_of, text_of
from projects.models import ControlPlane, Tenant
from promotions.api.v1.operator_view import refuse_unknown
from promotions.manifests.control_plane import (
    ControlPlaneManifest,
    ControlPlaneSpec,
    Credential,
    status_to,
)
from promotions.manifests.metadata import timestamp
from promotions.manifests.problems import problems_of
from promotions.manifests.pruning import prune
from promotions.selectors.control_planes import (
    control_planes_of,
    missing_permissions,
    warnings_of,
)
from promotions.selectors.plane_access import secret_name
from promotions.services.control_plane_specs import changed_manifest_of, manifest_of

PAGE, LARGEST_PAGE = 100, 1000

_KEYS = tuple(field.alias or name for name, field in ControlPlaneSpec.model_fields.items())


def page_of_control_planes(tenant: Tenant, query: QueryDict, *, now: datetime) -> dict[str, Any]:
    """Return a page of a tenant's control planes, by name.

    Raises:
        InvalidError: The query makes no sense.
    """
    limit = count_of(query, "limit") or PAGE
    if limit > LARGEST_PAGE:
        raise bad_request(f'"limit" is at most {LARGEST_PAGE}')
    found = list(control_planes_of(tenant, after=query.get("after", ""))[: limit + 1])
    shown = found[:limit]
    return {
        "items": [control_plane_to(it, now=now) for it in shown],
        "after": shown[-1].name if found[limit:] else None,
    }


def control_plane_to(plane: ControlPlane, *, now: datetime) -> dict[str, Any]:
    """Return a control plane's document; of its credential, whether there is one and until when."""
    said = {key: value for key, value in plane.spec.items() if key != "credential"}
    return {
        "name": plane.name,
        "uid": str(plane.uid),
        "tenant": plane.tenant.name,
        "generation": plane.generation,
        **said,
        "hasCredential": bool(plane.encrypted) or bool(secret_name(plane)),
        "credentialSecret": secret_name(plane) or None,
        "hasNextCredential": bool(plane.next_credential_mark),
        **status_to(plane),
        "warnings": list(warnings_of(plane, now=now)),
        "missingPermissions": list(missing_permissions(plane)),
        "createdAt": timestamp(plane.created_at),
        "updatedAt": timestamp(plane.updated_at),
    }


def new_control_plane_from(body: JSONObject) -> ControlPlaneManifest:
    """Return what a body says of a new control plane.

    Raises:
        InvalidError: A key is not known, or something is not usable.
    """
    refuse_unknown(body, "name", *_KEYS)
    said = {key: value for key, value in body.items() if key != "name"}
    return manifest_of(text_of(body, "name"), said)


def changed_control_plane_from(body: JSONObject, plane: ControlPlane) -> ControlPlaneManifest:
    """Return what a body makes of a control plane; what it does not name stays.

    Raises:
        InvalidError: A key is not known, or something is not usable.
    """
    refuse_unknown(body, *_KEYS)
    return changed_manifest_of(plane, body)


def credential_from(body: JSONObject) -> Credential:
    """Return the credential in a body.

    Raises:
        InvalidError: It is missing, or not of the shape.
    """
    refuse_unknown(body, "credential")
    content, dropped = prune(Credential, body.get("credential") or {}, path="credential")
    if dropped:
        raise bad_request(str(dropped[0]))
    try:
        return Credential.model_validate(content)
    except ValidationError as error:
        problems = tuple(
            FieldProblem(f"credential.{it.path}", it.reason)
            for it in problems_of(error, show_values=False)
        )
    raise InvalidError("The credential cannot be used", problems=problems)
