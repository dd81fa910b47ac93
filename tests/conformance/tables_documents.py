"""Runs the table cases on key paths, edits of documents and the commit messages about them."""

import json
from collections.abc import Callable

from promotions.engine.documents.commit_messages import (
    json_update_message,
    set_image_message,
    toml_update_message,
    yaml_merge_message,
    yaml_update_message,
)
from promotions.engine.documents.json_update import update_json
from promotions.engine.documents.keypaths import Update, split_key, split_last
from promotions.engine.documents.kustomization import ImageTarget
from promotions.engine.documents.toml_update import update_toml
from promotions.engine.documents.yaml_merge import merge_yaml
from promotions.engine.documents.yaml_quoting import quoted_if_necessary
from promotions.engine.documents.yaml_update import update_yaml
from promotions.engine.documents.yaml_values import load_document
from tests.conformance.vectors import Case


def _updates(case: Case) -> list[Update]:
    return [Update(it["key"], it["value"]) for it in case["updates"]]


def _quoted(case: Case) -> object:
    value = case["value"]
    return quoted_if_necessary(value) if isinstance(value, str) else value


def _json_updated(case: Case) -> object:
    return {"document": json.loads(update_json(case["input"], _updates(case)))}


def _merged(case: Case) -> object:
    merged = merge_yaml(case["inputs"])
    return {"document": load_document(merged)} if merged else {"empty_output": True}


def _images(case: Case) -> list[ImageTarget]:
    return [
        ImageTarget(
            it["name"],
            new_name=it.get("newName", ""),
            new_tag=it.get("newTag", ""),
            digest=it.get("digest", ""),
        )
        for it in case["kustomize_images"]
    ]


VALUES: dict[str, Callable[[Case], object]] = {
    "split_key": lambda case: list(split_key(case["input"])),
    "split_last": lambda case: list(split_last(case["input"], case["sep"])),
    "yaml_quote": _quoted,
    "yaml_update": lambda case: update_yaml(case["input"], _updates(case)),
    "toml_update": lambda case: update_toml(case["input"], _updates(case)),
    "commit_message_yaml": lambda case: yaml_update_message(case["path"], _updates(case)),
    "commit_message_json": lambda case: json_update_message(case["path"], _updates(case)),
    "commit_message_toml": lambda case: toml_update_message(case["path"], _updates(case)),
    "commit_message_yaml_merge": lambda case: yaml_merge_message(
        case["in_paths"], case["out_path"]
    ),
    "commit_message_kustomize": lambda case: set_image_message(case["path"], _images(case)),
}
"""By operation, what gives the ``value`` that is expected."""

WHOLES: dict[str, Callable[[Case], object]] = {
    "json_update": _json_updated,
    "yaml_merge": _merged,
}
"""By operation, what gives everything that is expected."""

RUNNERS = {**VALUES, **WHOLES}
