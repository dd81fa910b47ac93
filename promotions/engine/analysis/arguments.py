"""The arguments that metrics are written in terms of.

Source: Argo Rollouts ``v1alpha1.Argument``.
"""

from dataclasses import dataclass

from common.jsontypes import JSONValue
from promotions.engine.analysis.wire import Reader, without_null


@dataclass(frozen=True, slots=True)
class SecretKeyRef:
    """A key of a secret of the run's project."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class ValueFrom:
    """Where an argument's value is; at most one is set.

    Attributes:
        field_path: Path into the object that the run is for.
    """

    secret_key_ref: SecretKeyRef | None = None
    field_path: str | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument; ``value`` is ``None`` if none is given, which the empty string is not."""

    name: str
    value: str | None = None
    value_from: ValueFrom | None = None


def read_argument(reader: Reader) -> Argument:
    """Return the argument that a manifest states.

    Raises:
        InvalidError: A field is of the wrong type.
    """
    has_source = reader.has("valueFrom")
    return Argument(
        name=reader.text("name"),
        value=reader.text("value") if reader.has("value") else None,
        value_from=_read_value_from(reader.object("valueFrom")) if has_source else None,
    )


def write_argument(argument: Argument) -> dict[str, JSONValue]:
    """Return the argument as a manifest states it."""
    source = argument.value_from
    return without_null(
        {
            "name": argument.name,
            "value": argument.value,
            "valueFrom": None if source is None else _write_value_from(source),
        }
    )


def _read_value_from(reader: Reader) -> ValueFrom:
    secret, field = reader.object("secretKeyRef"), reader.object("fieldRef")
    reference = SecretKeyRef(secret.text("name"), secret.text("key"))
    return ValueFrom(
        secret_key_ref=reference if reader.has("secretKeyRef") else None,
        field_path=field.text("fieldPath") if reader.has("fieldRef") else None,
    )


def _write_value_from(source: ValueFrom) -> dict[str, JSONValue]:
    secret, path = source.secret_key_ref, source.field_path
    return without_null(
        {
            "secretKeyRef": None if secret is None else {"name": secret.name, "key": secret.key},
            "fieldRef": None if path is None else {"fieldPath": path},
        }
    )
