"""Finds the versions of a Helm chart that a chart subscription wants.

Source: Kargo ``pkg/subscription`` and ``pkg/helm/chart``.
"""

from common.jsontypes import JSONObject, JSONValue, as_text
from promotions.engine.selection.charts import select_chart_versions
from promotions.ports.charts import ChartRepositories, ChartRepository
from promotions.ports.credentials import Credential
from promotions.reconcilers.discovery.git import DEFAULT_LIMIT


def discover_charts(
    document: JSONObject,
    *,
    name: str,
    charts: ChartRepositories,
    credential: Credential | None,
) -> dict[str, JSONValue]:
    """Return Kargo's ChartDiscoveryResult for one subscription.

    A repository that has not the chart, or no version of it, is no error: nothing has been found
    yet.

    Args:
        document: The subscription's ``chart`` object.
        name: The subscription's name; empty if it has none.
        charts: Where to read.
        credential: ``None`` for anonymous access.

    Raises:
        UpstreamError: The repository cannot be read.
        NotFoundError: There is no such repository.
        InvalidError: The address or the constraint is malformed.
    """
    repository = ChartRepository(
        url=as_text(document.get("repoURL")),
        name=as_text(document.get("name")),
        credential=credential,
        verify_tls=document.get("insecureSkipTLSVerify") is not True,
    )
    limit = document.get("discoveryLimit")
    constraint = as_text(document.get("semverConstraint"))
    versions = select_chart_versions(
        charts.versions(repository),
        repo_url=repository.url,
        constraint=constraint,
        limit=limit if isinstance(limit, int) else DEFAULT_LIMIT,
    )
    result: dict[str, JSONValue] = {"repoURL": repository.url}
    if repository.name:
        result["name"] = repository.name
    if constraint:
        result["semverConstraint"] = constraint
    if name:
        result["subscriptionName"] = name
    return {**result, "versions": list(versions)}
