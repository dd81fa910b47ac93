"""Secrets that a promotion is given, and the search for what of them is to be seen."""

import base64

from django.apps import apps

from common.jsontypes import JSONObject, JSONValue
from common.models import Sealed
from promotions.models import Promotion
from tests.functional.domain.world import World

TOKEN = "tiptoe-through-the-tulips"
PIN = "4938172"
KEY = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA1\nx7Jq0m2ZkqP5t/+wz\n-----END KEY-----\n"
HIDDEN = (
    TOKEN,
    PIN,
    "MIIEpAIBAAKCAQEA1",
    "x7Jq0m2ZkqP5t",
    base64.b64encode(TOKEN.encode()).decode().rstrip("="),
)
SHARED = "shared-and-never-shown"


def secret(world: World, name: str, *, shared: bool = False, **values: str) -> None:
    """Give the project, or all of them, a generic Secret."""
    namespace = "kargo-shared-resources" if shared else world.project.name
    world.apply_content(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"kargo.akuity.io/cred-type": "generic"},
            },
            "stringData": dict(values),
        }
    )


def echo(**config: JSONValue) -> JSONObject:
    return {"uses": "compose-output", "as": "echo", "config": config}


def promoted(world: World, *steps: JSONValue) -> Promotion:
    promotion = world.promote(world.stage("test", *steps), world.freight("a"))
    world.settle()
    promotion.refresh_from_db()
    return promotion


def everything_stored() -> dict[str, str]:
    """Return all that is in the database in the clear, by table."""
    found = {}
    for model in apps.get_models():
        names = [field.attname for field in model._meta.concrete_fields]
        if issubclass(model, Sealed):
            names.remove("encrypted")
        rows = list(model._base_manager.values_list(*names))
        found[model.__name__] = repr(rows)
    return found


def shows(text: str) -> list[str]:
    """Return what of the secrets is in a text."""
    return [it for it in (*HIDDEN, SHARED) if it in text]


def leaks() -> dict[str, list[str]]:
    return {name: shows(text) for name, text in everything_stored().items() if shows(text)}
