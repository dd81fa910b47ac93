"""What ``kargo get`` prints of objects: the cells of its tables."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from common.clock import now

Object = dict[str, Any]
NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""When the command line believes that something was made of which nobody says when."""


def rows(table: str, objects: list[Object]) -> list[tuple[Any, ...]]:
    """Return the cells of each row, without the last: the age, which must be some."""
    for it in objects:
        assert 0 <= _age(table, it) < 365 * 24 * 3600, it["metadata"]
    return [TABLES[table](it) for it in objects]


def names(objects: list[Object]) -> list[str]:
    """Return the first column."""
    return [it["metadata"]["name"] for it in objects]


def bare(document: Any) -> Object:
    """Return an object as ``-o yaml`` prints it, which says what it is."""
    assert document["apiVersion"]
    assert document["kind"]
    return dict(document)


def secret_table(objects: list[Object]) -> str:
    """Return the table that secrets are printed as: the first one's labels tell."""
    labels = objects[0]["metadata"].get("labels", {})
    if labels.get("rbac.kargo.akuity.io/api-token") == "true":
        return "tokens"
    kind = labels["kargo.akuity.io/cred-type"]
    return "generic-credentials" if kind == "generic" else "repo-credentials"


def _age(table: str, item: Object) -> float:
    text = item["metadata"].get("creationTimestamp")
    if table == "freight":
        text = item.get("discoveredAt") or text
    since = datetime.fromisoformat(text) if text else NEVER
    return (now() - since).total_seconds()


def _ready(item: Object) -> tuple[str, str]:
    for condition in item.get("status", {}).get("conditions") or []:
        if condition["type"] == "Ready":
            return condition["status"], condition["message"]
    return "Unknown", ""


def _name(item: Object) -> str:
    return str(item["metadata"]["name"])


def _label(item: Object, key: str) -> str:
    return str((item["metadata"].get("labels") or {}).get(key, ""))


def _annotation(item: Object, key: str) -> str:
    return str((item["metadata"].get("annotations") or {}).get(key, ""))


def _stage(item: Object) -> tuple[Any, ...]:
    status = item.get("status", {})
    health = (status.get("health") or {}).get("status", "")
    shard = item["spec"].get("shard", "")
    return (_name(item), shard, status.get("freightSummary", ""), health, *_ready(item))


def _freight(item: Object) -> tuple[Any, ...]:
    origin = f"{item['origin']['kind']}/{item['origin']['name']}"
    return (_name(item), _label(item, "kargo.akuity.io/alias"), origin)


def _promotion(item: Object) -> tuple[Any, ...]:
    spec, phase = item["spec"], item.get("status", {}).get("phase", "")
    shard = _label(item, "kargo.akuity.io/shard")
    return (_name(item), shard, spec["stage"], spec.get("freight", ""), phase)


def _token(item: Object) -> tuple[Any, ...]:
    role = _annotation(item, "kubernetes.io/service-account.name")
    return (_name(item), role, _annotation(item, "rbac.kargo.akuity.io/managed") == "true")


def _repo_credentials(item: Object) -> tuple[Any, ...]:
    kind, values = _label(item, "kargo.akuity.io/cred-type"), item.get("stringData", {})
    return (_name(item), kind, values.get("repoURLIsRegex", ""), values.get("repoURL", ""))


def _described(item: Object) -> tuple[Any, ...]:
    return (_name(item), _annotation(item, "kargo.akuity.io/description"))


TABLES: dict[str, Callable[[Object], tuple[Any, ...]]] = {
    "projects": lambda it: (_name(it), *_ready(it)),
    "warehouses": lambda it: (_name(it), it["spec"].get("shard", "")),
    "stages": _stage,
    "freight": _freight,
    "promotions": _promotion,
    "config": lambda it: (_name(it),),
    "roles": lambda it: (_name(it), it.get("kargoManaged", False)),
    "tokens": _token,
    "repo-credentials": _repo_credentials,
    "generic-credentials": _described,
    "configmaps": lambda it: (*_described(it), len(it.get("data") or {})),
}
