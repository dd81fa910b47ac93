"""Reads what clients send about roles: roles, grants and revocations."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rest_framework.request import Request

from common.errors import ConflictError, FieldProblem, InvalidError
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from common.rest.requests import bad_request, read_json_object, text_of
from projects.api.v1beta1.role_frame import bad_input
from rbac.claims import ClaimMap, sorted_claims
from rbac.labels import DESCRIPTION
from rbac.rules import read_rules
from rbac.services.role_permissions import Permission
from rbac.services.roles import RoleDraft

_LONGEST_NAME = 253
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom a role is granted to, or what is granted to it: exactly one of the two."""

    role: str
    claims: ClaimMap
    permission: Permission | None = None


def read_role(request: Request, *, namespace: str) -> RoleDraft:
    """Return the role in a body.

    Raises:
        InvalidError: It has no name, or something in it is not of the shape.
        ConflictError: It says that it belongs into another namespace.
    """
    body = read_json_object(request)
    metadata = as_object(body.get("metadata"))
    name = text_of(metadata, "name")
    if not name:
        raise bad_request("metadata.name is required")
    given = text_of(metadata, "namespace")
    if given not in {"", namespace}:
        raise ConflictError(
            f'metadata.namespace is "{given}", but the role is asked for in "{namespace}"',
            code="other_namespace",
        )
    with bad_input():
        _check_texts(body.get("rules"), path="rules")
        rules = read_rules(body["rules"]) if body.get("rules") is not None else None
        claims = _claims(body.get("claims"), path="claims")
    description = text_of(as_object(metadata.get("annotations")), DESCRIPTION)
    return RoleDraft(name, rules, claims, description)


def read_grant(request: Request) -> Grant:
    """Return the grant, or the revocation, in a body.

    Raises:
        InvalidError: It names no role, or not exactly one of ``userClaims`` and
            ``resourceDetails``.
    """
    body = read_json_object(request)
    role = text_of(body, "role")
    if not role:
        raise bad_request("role is required")
    users, details = body.get("userClaims"), body.get("resourceDetails")
    if (users is None) == (details is None):
        raise bad_request("exactly one of userClaims and resourceDetails must be given")
    if users is not None:
        claims = _user_claims(users)
        return Grant(role, claims)
    return Grant(role, {}, _permission(details))


def checked_name(name: str, kind: str) -> str:
    """Return a name that Kubernetes would take.

    Raises:
        InvalidError: It would not.
    """
    if _NAME.fullmatch(name) is None or len(name) > _LONGEST_NAME:
        problem = FieldProblem(
            "metadata.name",
            f"must be a name of at most {_LONGEST_NAME} lower-case letters, digits, '-' and '.', "
            "that begins and ends with a letter or digit",
        )
        raise InvalidError(f'{kind} "{name}" is invalid: {problem}', problems=(problem,))
    return name


def _user_claims(value: JSONValue) -> ClaimMap:
    with bad_input():
        claims = _claims(as_object(value).get("claims"), path="userClaims.claims")
    if not claims:
        raise bad_request("userClaims.claims must have at least one claim")
    return claims


def _permission(value: JSONValue) -> Permission:
    details = as_object(value)
    resource_type = text_of(details, "resourceType")
    if not resource_type:
        raise bad_request("resourceDetails.resourceType is required")
    verbs = tuple(_texts(details.get("verbs"), path="resourceDetails.verbs"))
    return Permission(resource_type, verbs, text_of(details, "resourceName"))


def _claims(value: JSONValue, *, path: str) -> ClaimMap:
    """Return ``[{name, values}]`` as claims; a claim that is named twice has all values."""
    found: dict[str, list[str]] = {}
    for index, item in enumerate(_list(value, path=path)):
        name, values = _claim(as_object(item), path=f"{path}[{index}]")
        found.setdefault(name, []).extend(values)
    return sorted_claims(found)


def _claim(item: JSONObject, *, path: str) -> tuple[str, list[str]]:
    name = text_of(item, "name")
    values = [it.strip() for it in _texts(item.get("values"), path=f"{path}.values")]
    if not name or not all(values) or not values:
        raise bad_request(f"{path}: a claim needs a name and at least one value")
    return name, values


def _texts(value: JSONValue, *, path: str) -> Iterator[str]:
    for item in _list(value, path=path):
        if not isinstance(item, str) or "\0" in item:
            raise bad_request(f"{path}: must be a list of strings")
        yield item


def _list(value: JSONValue, *, path: str) -> Iterable[JSONValue]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise bad_request(f"{path}: must be a list")
    return value


def _check_texts(rules: JSONValue, *, path: str) -> None:
    """Refuse NUL characters in rules, which no database can hold."""
    for rule in rules if isinstance(rules, list) else ():
        for values in as_object(rule).values():
            for text in values if isinstance(values, list) else ():
                if "\0" in as_text(text):
                    raise bad_request(f"{path}: a text has a NUL character")
