"""What an identity provider says of somebody, and which roles that leads to.

Source: Kargo ``pkg/server/user`` and ``pkg/api/rbac`` (claim annotations of ServiceAccounts).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONValue

CLAIMS: Final = "rbac.kargo.akuity.io/claims"
"""Annotation of a ServiceAccount: a JSON object with a list of values by claim."""
LEGACY_CLAIM: Final = "rbac.kargo.akuity.io/claim."
"""What annotations of the older form begin with; the value is a comma-separated list."""

MAX_VALUES = 1000

ClaimMap = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Claims:
    """What is claimed of somebody, by an identity provider that one tenant or all tenants trust.

    Attributes:
        tenant_uid: The only tenant that trusts the provider; null for the platform's own.
    """

    values: Mapping[str, JSONValue]
    tenant_uid: UUID | None = None

    def pairs(self) -> frozenset[tuple[str, str]]:
        """Return each claim with each of its values that is a text."""
        return frozenset(
            (name, text) for name, value in self.values.items() for text in _texts(value)
        )


def claims_in(annotations: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the claims that a ServiceAccount's annotations map to it, sorted, each once.

    Raises:
        InvalidError: The annotation is not an object of lists of texts.
    """
    found: dict[str, set[str]] = {}
    text = annotations.get(CLAIMS)
    if text:
        for name, values in _decoded(text).items():
            found.setdefault(name, set()).update(values)
    for key, value in annotations.items():
        if key.startswith(LEGACY_CLAIM):
            listed = {it.strip() for it in value.split(",")} - {""}
            found.setdefault(key.removeprefix(LEGACY_CLAIM), set()).update(listed)
    return sorted_claims(found)


def sorted_claims(claims: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Return claims without empty ones, sorted, each value once.

    Raises:
        InvalidError: There are more than :data:`MAX_VALUES` values.
    """
    tidy = {name: tuple(sorted(set(values))) for name, values in sorted(claims.items())}
    result = {name: values for name, values in tidy.items() if name and values}
    if sum(map(len, result.values())) > MAX_VALUES:
        raise _invalid(f"must come to no more than {MAX_VALUES} values")
    return result


def without_claims(annotations: Mapping[str, str]) -> dict[str, str]:
    """Return annotations without those that map claims, of both forms."""
    return {
        key: value
        for key, value in annotations.items()
        if key != CLAIMS and not key.startswith(LEGACY_CLAIM)
    }


def annotation_of(claims: ClaimMap) -> dict[str, str]:
    """Return the annotation that maps these claims; nothing if there are none."""
    if not claims:
        return {}
    values = {name: list(texts) for name, texts in claims.items()}
    return {CLAIMS: json.dumps(values, separators=(",", ":"))}


def _texts(value: JSONValue) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple):
        return tuple(it for it in value if isinstance(it, str))
    return ()


def _decoded(text: str) -> dict[str, tuple[str, ...]]:
    try:
        decoded: JSONValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid("must be a JSON object") from error
    if not isinstance(decoded, Mapping):
        raise _invalid("must be a JSON object")
    result = {}
    for name, value in decoded.items():
        given = value if isinstance(value, list | tuple) else [value]
        if not all(isinstance(it, str) for it in given):
            raise _invalid(f'must have a list of texts under "{name}"')
        result[name] = _texts(value)
    return result


def _invalid(reason: str) -> InvalidError:
    problem = FieldProblem(f"metadata.annotations[{CLAIMS}]", reason)
    return InvalidError(str(problem), problems=(problem,))
