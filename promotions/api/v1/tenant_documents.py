"""Tenants, their quotas and what they use of them, as the native API writes them."""

from collections.abc import Iterable, Mapping
from typing import Any

from common.jsontypes import JSONObject
from common.rest.requests import bad_request
from projects.models import Quota, Tenant
from projects.services.quotas import Room
from promotions.manifests.metadata import timestamp

QUOTA_KEYS: Mapping[str, str] = {
    "projects": "max_projects",
    "stages": "max_stages",
    "concurrentPromotions": "max_concurrent_promotions",
    "storageBytes": "max_storage_bytes",
}


def tenant_to(tenant: Tenant, quota: Quota | None) -> dict[str, Any]:
    """Return a tenant's document; limits that are null are none."""
    return {
        "name": tenant.name,
        "uid": str(tenant.uid),
        "title": tenant.title,
        "state": tenant.state,
        "createdAt": timestamp(tenant.created_at),
        "suspendedAt": timestamp(tenant.suspended_at) if tenant.suspended_at else None,
        "quota": {key: getattr(quota, name, None) for key, name in QUOTA_KEYS.items()},
    }


def usage_to(rooms: Iterable[Room]) -> dict[str, Any]:
    """Return the use of each thing that a quota limits, and its limit."""
    keys = {name: key for key, name in QUOTA_KEYS.items()}
    return {keys[room.name]: {"used": room.used, "limit": room.limit} for room in rooms}


def limits_from(body: JSONObject) -> dict[str, object]:
    """Return the limits that a body's ``quota`` names.

    Raises:
        InvalidError: It is no object, or names something that is not limited.
    """
    given = body.get("quota")
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise bad_request('"quota" must be an object')
    unknown = sorted(given.keys() - QUOTA_KEYS.keys())
    if unknown:
        raise bad_request(f'"quota" knows {", ".join(QUOTA_KEYS)}; not "{unknown[0]}"')
    return {QUOTA_KEYS[key]: value for key, value in given.items()}
