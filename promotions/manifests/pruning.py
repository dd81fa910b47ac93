"""Drops what a schema does not know, and says what it dropped.

A Kubernetes API server prunes unknown fields too; programs that read our answers refuse them.
"""

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Union, get_args, get_origin

from promotions.manifests.schema import Model

_NEAR = 0.6


@dataclass(frozen=True, slots=True)
class Dropped:
    """One field that was not read as it stood.

    Attributes:
        path: Such as ``spec.requestedFreight[0].orign``.
        hint: What to do about it; empty if nothing is near.
        meant: The field that it nearly is, or that it was read as.
    """

    path: str
    hint: str = ""
    meant: str = ""

    def __str__(self) -> str:
        return f'unknown field "{self.path}"' + (f"; {self.hint}" if self.hint else "")


def prune(model: type[Model], content: object, *, path: str = "") -> tuple[object, list[Dropped]]:
    """Return ``content`` with only the fields that ``model`` has, and what was dropped.

    Nulls count as absent. What is not of the expected shape is left for validation to refuse.
    """
    dropped: list[Dropped] = []
    return _object(model, content, path, dropped), dropped


def near(word: str, known: Iterable[str]) -> str:
    """Return the known word that ``word`` was probably meant to be, or the empty string."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=_NEAR)
    return by_lower[found[0]] if found else ""


def _object(model: type[Model], content: object, path: str, dropped: list[Dropped]) -> object:
    if not isinstance(content, Mapping):
        return content
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    kept: dict[str, object] = {}
    for written, value in content.items():
        key = _read_as(model, written, content, path, dropped)
        if value is None or (model.blank_is_absent and value == ""):
            continue
        if key in fields:
            where = f"{path}.{key}" if path else key
            kept[key] = _value(fields[key].annotation, value, where, dropped)
        elif model.model_config.get("extra") == "allow":
            kept[key] = value
        else:
            dropped.append(_unknown(model, written, fields, path))
    return kept


def _read_as(
    model: type[Model],
    key: str,
    content: Mapping[str, object],
    path: str,
    dropped: list[Dropped],
) -> str:
    now = model.renamed.get(key)
    if now is None or now in content:
        return key
    where = f"{path}.{key}" if path else key
    dropped.append(Dropped(where, f'it is now "{now}" and was read as that', now))
    return now


def _unknown(model: type[Model], key: str, fields: Mapping[str, object], path: str) -> Dropped:
    where = f"{path}.{key}" if path else key
    if key in model.moved:
        return Dropped(where, model.moved[key])
    meant = near(key, fields)
    return Dropped(where, f'did you mean "{meant}"?' if meant else "", meant)


def _value(annotation: object, value: object, path: str, dropped: list[Dropped]) -> object:
    annotation = _bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return _object(annotation, value, path, dropped)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is list and isinstance(value, list):
        return [
            _value(arguments[0], item, f"{path}[{index}]", dropped)
            for index, item in enumerate(value)
        ]
    if origin is dict and isinstance(value, Mapping):
        inner = _bare(arguments[1])
        if isinstance(inner, type) and issubclass(inner, Model):
            return {key: _value(inner, it, f"{path}.{key}", dropped) for key, it in value.items()}
    return value


def _bare(annotation: object) -> object:
    """Return the type without ``Annotated`` and ``| None``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _bare(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        rest = [it for it in get_args(annotation) if it is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return annotation
