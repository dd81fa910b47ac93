"""Where the keys for Datadog come from.

Source: Argo Rollouts ``metricproviders/datadog`` findCredentials and finders.go.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from promotions.engine.analysis.providers.errors import ConfigurationError
from promotions.engine.analysis.wire import Reader

DEFAULT_SECRET = "datadog"  # noqa: S105  the name of one
ENVIRONMENT = {"api-key": "DD_API_KEY", "app-key": "DD_APP_KEY", "address": "DD_ADDRESS"}


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """A secret: of the project that the run is in, or else a shared one."""

    name: str
    is_in_project: bool


@dataclass(frozen=True, slots=True)
class EnvironmentPlace:
    """The environment variables of ``ENVIRONMENT``."""


Place: TypeAlias = SecretPlace | EnvironmentPlace


def places(configuration: Reader) -> tuple[Place, ...]:
    """Return where to look, in order; a secret that the metric names is the only place.

    Raises:
        ConfigurationError: The secret should be the project's own, and has no name.
    """
    reference = configuration.object("secretRef")
    name, is_in_project = reference.text("name"), reference.flag("namespaced")
    if is_in_project and not name:
        raise ConfigurationError("secret name is required for namespaced credentials")
    if name:
        return (SecretPlace(name, is_in_project),)
    return (EnvironmentPlace(), SecretPlace(DEFAULT_SECRET, is_in_project=False))


def from_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the credentials that environment variables hold; all three must be set."""
    if not all(name in variables for name in ENVIRONMENT.values()):
        return {}
    return {key: variables[name] for key, name in ENVIRONMENT.items()}


def first_complete(candidates: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the first credentials that have both keys.

    Raises:
        ConfigurationError: None have.
    """
    for candidate in candidates:
        if candidate.get("api-key") and candidate.get("app-key"):
            return candidate
    raise ConfigurationError("failed to find the credentials for datadog metrics provider")
