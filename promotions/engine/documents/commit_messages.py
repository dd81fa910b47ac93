"""Says in a commit's message what the steps that edit documents have changed.

Every message is empty when there is nothing to say.

Source: Kargo's step runners of the same names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from common.jsontypes import JSONValue
from promotions.engine.documents.gotext import plain_text
from promotions.engine.documents.keypaths import Update
from promotions.engine.documents.kustomization import ImageTarget
from promotions.engine.documents.toml_update import toml_text
from promotions.engine.documents.yaml_quoting import quoted_if_necessary
from promotions.engine.goquote import go_quote


def yaml_update_message(path: str, updates: Sequence[Update]) -> str:
    """Return what ``yaml-update`` changed."""
    return _updated(path, updates, quoted_if_necessary)


def json_update_message(path: str, updates: Sequence[Update]) -> str:
    """Return what ``json-update`` changed."""
    return _updated(path, updates, _json_text)


def toml_update_message(path: str, updates: Sequence[Update]) -> str:
    """Return what ``toml-update`` changed."""
    return _updated(path, updates, toml_text)


def hcl_update_message(path: str, updates: Sequence[Update]) -> str:
    """Return what ``hcl-update`` changed."""
    return _updated(path, updates, _json_text)


def yaml_merge_message(inputs: Sequence[str], output: str) -> str:
    """Return which files ``yaml-merge`` merged into which."""
    if not inputs:
        return ""
    if len(inputs) == 1:
        return f"Wrote {inputs[0]} to {output}"
    return "\n".join([f"Merged {len(inputs)} YAML files to {output}", *_listed(inputs)])


def set_image_message(path: str, images: Iterable[ImageTarget]) -> str:
    """Return which images ``kustomize-set-image`` set."""
    lines = sorted(_listed(map(str, images)))
    plural = "s" if len(lines) > 1 else ""
    return _headed(f"Updated {path} to use new image{plural}", lines)


def chart_update_message(path: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return which chart dependencies ``helm-update-chart`` changed, by their versions."""
    lines = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            change = f"{old} -> {new}" if old and new else new or "removed"
            lines.append(f"- {name}: {change}")
    return _headed(f"Updated chart dependencies for {path}", lines)


def _updated(path: str, updates: Sequence[Update], shown: Callable[[JSONValue], str]) -> str:
    lines = [f"- {update.key}: {shown(update.value)}" for update in updates]
    return _headed(f"Updated {path}", lines)


def _json_text(value: JSONValue) -> str:
    return go_quote(value) if isinstance(value, str) else plain_text(value)


def _listed(items: Iterable[str]) -> list[str]:
    return [f"- {item}" for item in items]


def _headed(header: str, lines: Sequence[str]) -> str:
    return "\n".join([header, "", *lines]) if lines else ""
