"""A Warehouse's page: what it watches, what it found, and what keeps it from finding more."""

from typing import Any

from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.models import Warehouse
from promotions.portal.cards import warehouse_card
from promotions.portal.frame import ProjectPage
from promotions.portal.pipeline import entry_context
from promotions.portal.rows import condition_rows
from promotions.selectors.timeline import timeline_of
from promotions.selectors.warehouses import warehouse_named

_SHOWN = 10
_LISTS = {
    "git": ("commits", "id", "subject"),
    "images": ("references", "tag", "digest"),
    "charts": ("versions", "", ""),
}


class WarehousePage(ProjectPage):
    access_resource = "warehouses"
    template_name = "promotions/warehouse.html"
    fragment_name = "promotions/_warehouse.html"

    def context(self) -> dict[str, Any]:
        warehouse = warehouse_named(self.project, self.kwargs["warehouse"])
        return self.frame(
            card=warehouse_card(warehouse),
            conditions=condition_rows(warehouse.conditions),
            discovered=discovered_in(warehouse),
            entries=[
                entry_context(entry)
                for entry in timeline_of(self.project, warehouse=warehouse).entries
            ],
        )


def discovered_in(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Return the newest finds of each subscription: version and a word about it."""
    document = as_object(warehouse.discovered)
    return [
        {
            "kind": kind,
            "url": as_text(as_object(item).get("repoURL")),
            "finds": [_find(found, key, note) for found in _finds(as_object(item), field)],
        }
        for kind, (field, key, note) in _LISTS.items()
        for item in as_list(document.get(kind))
    ]


def _finds(item: JSONObject, field: str) -> list[Any]:
    return list(as_list(item.get(field)))[:_SHOWN]


def _find(found: Any, key: str, note: str) -> dict[str, str]:
    if isinstance(found, str):
        return {"version": found, "note": ""}
    return {
        "version": as_text(as_object(found).get(key)),
        "note": as_text(as_object(found).get(note)),
    }
