"""Finds the Secrets that measuring a metric takes: those of arguments, and those of providers.

Only Secrets of the run's project, and those that its tenant shares; credentials for repositories
are never read. A provider's Secret is looked for in the project first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from common.errors import NotFoundError
from common.redaction import note_secrets
from projects.encryption import decrypt
from projects.models import Project
from projects.models.secret import SHARED_NAMESPACE
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers import (
    cloudwatch,
    datadog,
    datadog_credentials,
    prometheus,
)
from promotions.engine.analysis.providers.catalogue import QUERIES
from promotions.engine.analysis.providers.datadog_credentials import EnvironmentPlace
from promotions.engine.analysis.providers.inquiries import configuration_of
from promotions.selectors import replicas

AWS_SECRET = "aws"  # noqa: S105  the name of one
_READABLE = frozenset({"", "generic"})


@dataclass(frozen=True, slots=True)
class MetricSecrets:
    """The Secrets of one project.

    Attributes:
        environment: The worker's own variables that providers may use; the operator decides.
    """

    project: Project
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def in_project(self, name: str) -> Mapping[str, str] | None:
        """Return the data of one of the project's Secrets, ``None`` if there is none."""
        return self._data(self.project.name, name)

    def of_provider(self, metric: Metric) -> Mapping[str, str]:
        """Return the credentials that a metric's provider needs, none if it needs none.

        Raises:
            NotFoundError: The Secret is not there.
            InvalidError: The metric says it wrongly.
        """
        kind = next(iter(metric.provider), "")
        if kind in _SPECIAL:
            return _SPECIAL[kind](self, metric)
        name = QUERIES[kind].secret_name(metric) if kind in QUERIES else ""
        return self._required(name) if name else {}

    def _required(self, name: str) -> Mapping[str, str]:
        found = self._anywhere(name)
        if found is None:
            raise NotFoundError(f'secrets "{name}" not found')
        return found

    def _anywhere(self, name: str) -> Mapping[str, str] | None:
        found = self.in_project(name)
        return self._data(SHARED_NAMESPACE, name) if found is None else found

    def _data(self, namespace: str, name: str) -> Mapping[str, str] | None:
        tenant_uid = self.project.tenant.uid
        row = replicas.secret_in(namespace, name, tenant_uid=tenant_uid)
        if row is None or row.credential_type not in _READABLE:
            return None
        values = decrypt(row.encrypted, tenant_uid=tenant_uid, bound_to=str(row.uid))
        note_secrets(values.values())
        return values

    def datadog(self, metric: Metric) -> Mapping[str, str]:
        """Return the keys for Datadog."""
        return datadog_credentials.first_complete(
            self._datadog_place(place)
            for place in datadog_credentials.places(configuration_of(metric, datadog.KIND))
        )

    def _datadog_place(self, place: datadog_credentials.Place) -> Mapping[str, str]:
        if isinstance(place, EnvironmentPlace):
            return datadog_credentials.from_environment(self.environment)
        read = self.in_project if place.is_in_project else self._anywhere
        return read(place.name) or {}

    def prometheus(self, metric: Metric) -> Mapping[str, str]:
        """Return where Prometheus is by default and, for Amazon's, the keys of an account."""
        known = {
            name: self.environment[name]
            for name in (prometheus.FALLBACK_ADDRESS,)
            if name in self.environment
        }
        configuration = configuration_of(metric, prometheus.KIND)
        profile = configuration.object("authentication").object("sigv4").text("profile")
        is_amazon = "aps-workspaces" in configuration.text("address")
        return {**known, **self.aws(profile)} if is_amazon else known

    def aws(self, profile: str = "") -> Mapping[str, str]:
        """Return the keys of an AWS account: a Secret named for the profile, or the environment.

        Raises:
            NotFoundError: There are none.
        """
        found = self._anywhere(profile or AWS_SECRET)
        if found is not None:
            return found
        known = {name: it for name, it in self.environment.items() if name.startswith("AWS_")}
        if not known:
            raise NotFoundError(f'secrets "{profile or AWS_SECRET}" not found')
        return {name.removeprefix("AWS_").lower().replace("_", "-"): known[name] for name in known}


def _cloudwatch(secrets: MetricSecrets, _metric: Metric) -> Mapping[str, str]:
    return secrets.aws()


_SPECIAL: Mapping[str, Callable[[MetricSecrets, Metric], Mapping[str, str]]] = {
    datadog.KIND: MetricSecrets.datadog,
    prometheus.KIND: MetricSecrets.prometheus,
    cloudwatch.KIND: _cloudwatch,
}
