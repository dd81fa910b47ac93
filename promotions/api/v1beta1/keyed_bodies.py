"""Reads the bodies that create and change ConfigMaps and credentials.

Source: Kargo's REST server, handlers for configmaps, generic and repo credentials.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from rest_framework.request import Request

from common.jsontypes import JSONObject, as_text
from common.rest.requests import bad_request, read_json_object, text_of
from promotions.manifests.credential import GENERIC, PASSWORD, REPOSITORY_TYPES, USERNAME
from promotions.manifests.secret import REDACTED, REPO_URL, REPO_URL_IS_REGEX
from promotions.services.keyed_edits import Edit


class Change(StrEnum):
    """What a body is for."""

    CREATE = "create"
    REPLACE = "replace"
    PATCH = "patch"


ReadEdit = Callable[[JSONObject, Change], Edit]


def read_edit(request: Request, read: ReadEdit, change: Change) -> tuple[str, Edit]:
    """Return the name that a body gives, empty unless something is created, and the edit in it.

    Raises:
        InvalidError: Something is missing or of another type than it should be; answered with 400.
    """
    body = read_json_object(request)
    name = text_of(body, "name")
    if change is Change.CREATE and not name:
        raise bad_request("name is required")
    return name, read(body, change)


def config_map_edit(body: JSONObject, change: Change) -> Edit:
    """Return the edit of a ConfigMap."""
    return _keyed(body, change)


def generic_edit(body: JSONObject, change: Change) -> Edit:
    """Return the edit of a generic credential; replaced by an empty value, a key stays as it is."""
    edit = _keyed(body, change)
    values = edit.values
    if change is Change.REPLACE:
        values = {key: value or REDACTED for key, value in values.items()}
    return Edit(
        values,
        edit.removed,
        edit.is_whole,
        edit.description,
        edit.replicate,
        credential_type=GENERIC,
        type=text_of(body, "type") or None,
    )


def repository_edit(body: JSONObject, change: Change) -> Edit:
    """Return the edit of a repository's credential."""
    is_patch = change is Change.PATCH
    kind, url = text_of(body, "type"), text_of(body, "repoUrl")
    given = {USERNAME: _raw(body, USERNAME), PASSWORD: _raw(body, PASSWORD)}
    if not is_patch:
        _require({"type": kind, "repoUrl": url, **given})
    if kind and kind not in REPOSITORY_TYPES:
        raise bad_request(f"type must be one of {', '.join(REPOSITORY_TYPES)}")
    values = {key: value for key, value in given.items() if value}
    is_regex = _flag(body, "repoUrlIsRegex")
    removed: frozenset[str] = frozenset()
    if url:
        values[REPO_URL] = url
        values |= {REPO_URL_IS_REGEX: "true"} if is_regex else {}
        removed = frozenset() if is_regex else frozenset({REPO_URL_IS_REGEX})
    return Edit(
        values,
        removed,
        is_whole=not is_patch,
        description=_description(body, change),
        credential_type=kind or None,
    )


def _keyed(body: JSONObject, change: Change) -> Edit:
    values = _values(body)
    is_patch = change is Change.PATCH
    if not is_patch and not values:
        raise bad_request("data must not be empty")
    return Edit(
        values,
        frozenset(_removed(body)) if is_patch else frozenset(),
        is_whole=not is_patch,
        description=_description(body, change),
        replicate=None if is_patch else _flag(body, "replicate"),
    )


def _description(body: JSONObject, change: Change) -> str | None:
    """Return what to say of an object; a patch without it leaves it as it is."""
    is_silent = body.get("description") is None
    return None if change is Change.PATCH and is_silent else text_of(body, "description")


def _values(body: JSONObject) -> dict[str, str]:
    given = body.get("data")
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise bad_request('"data" must be an object')
    return {key: _text(value, f"data.{key}") for key, value in given.items()}


def _removed(body: JSONObject) -> list[str]:
    given = body.get("removeKeys")
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(it, str) for it in given):
        raise bad_request('"removeKeys" must be a list of strings')
    return [as_text(it) for it in given]


def _raw(body: JSONObject, key: str) -> str:
    """Return a text with the blanks around it: they may belong to a password."""
    value = body.get(key)
    return "" if value is None else _text(value, key)


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise bad_request(f'"{path}" must be a string')
    if "\0" in value:
        raise bad_request(f'"{path}" has a NUL character')
    return value


def _flag(body: JSONObject, key: str) -> bool:
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise bad_request(f'"{key}" must be true or false')
    return value is True


def _require(fields: Mapping[str, str]) -> None:
    missing = [name for name, value in fields.items() if not value]
    if missing:
        raise bad_request(f"{missing[0]} is required")
