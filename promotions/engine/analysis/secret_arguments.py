"""Reads the secrets that arguments refer to, and takes their values out of what people see.

Source: Argo Rollouts ``analysis`` resolveArgs, runMeasurements.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from common.errors import NotFoundError
from common.redaction import MIN_SECRET_LENGTH
from promotions.engine.analysis.arguments import Argument, SecretKeyRef
from promotions.engine.analysis.measurements import Measurement

SecretLookup: TypeAlias = Callable[[str], Mapping[str, str] | None]
"""Gives a secret's data by its name, ``None`` if there is no such secret."""

MASK = "*****"


@dataclass(frozen=True, slots=True)
class ResolvedSecrets:
    """Arguments with the values of their secrets, and those values by themselves."""

    arguments: tuple[Argument, ...]
    values: frozenset[str] = frozenset()


def resolve_secrets(arguments: Sequence[Argument], *, secrets: SecretLookup) -> ResolvedSecrets:
    """Return the arguments with secrets read; a secret overrides a literal value.

    Raises:
        NotFoundError: A secret or the key in it is not there.
    """
    values: set[str] = set()
    resolved: list[Argument] = []
    for argument in arguments:
        source = argument.value_from
        reference = None if source is None else source.secret_key_ref
        if reference is None:
            resolved.append(argument)
            continue
        value = _value_of(reference, secrets)
        values.add(value)
        resolved.append(replace(argument, value=value))
    return ResolvedSecrets(tuple(resolved), frozenset(values))


def redacted(measurement: Measurement, *, values: Iterable[str]) -> Measurement:
    """Return the measurement without the secrets.

    Argo masks the message only; we mask the value as well, there without secrets so short that
    they would mask half of every number. The metadata stays: it finds a job or a canary again.
    """
    known = sorted(filter(None, values), key=lambda value: (-len(value), value))
    long_enough = [value for value in known if len(value) >= MIN_SECRET_LENGTH]
    return replace(
        measurement,
        message=_masked(measurement.message, known),
        value=_masked(measurement.value, long_enough),
    )


def redacted_metadata(metadata: Mapping[str, str], *, values: Iterable[str]) -> dict[str, str]:
    """Return a metric's metadata, such as its resolved query, without the secrets."""
    known = sorted((it for it in values if len(it) >= MIN_SECRET_LENGTH), key=len, reverse=True)
    return {key: _masked(text, known) for key, text in metadata.items()}


def _value_of(reference: SecretKeyRef, secrets: SecretLookup) -> str:
    data = secrets(reference.name)
    if data is None:
        raise NotFoundError(f'secrets "{reference.name}" not found')
    if reference.key not in data:
        raise NotFoundError(f"key '{reference.key}' does not exist in secret '{reference.name}'")
    return data[reference.key]


def _masked(text: str, values: Iterable[str]) -> str:
    for value in values:
        text = text.replace(value, MASK)
    return text
