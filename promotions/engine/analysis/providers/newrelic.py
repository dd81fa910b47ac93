"""The provider ``newRelic``: NRQL queries over NerdGraph.

Source: Argo Rollouts ``metricproviders/newrelic`` and ``newrelic-client-go``.
"""

import re
from collections.abc import Mapping

from common.jsontypes import JSONObject
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.authentication import check_url
from promotions.engine.analysis.providers.decoding import encode
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Request, Response, json_request
from promotions.engine.analysis.providers.graphql import read_answer
from promotions.engine.analysis.providers.inquiries import Inquiry, configuration_of, timeout_of
from promotions.engine.analysis.providers.results import OBJECT, OBJECTS, Result
from promotions.engine.goquote import go_quote

KIND = "newRelic"
DEFAULT_SECRET = "newrelic"  # noqa: S105  the name of one
_NERDGRAPH = {
    "us": "https://api.newrelic.com/graphql",
    "eu": "https://api.eu.newrelic.com/graphql",
    "staging": "https://staging-api.newrelic.com/graphql",
}
_QUERY = """query($query: Nrql!, $accountId: Int!, $timeout: Seconds!) {
  actor { account(id: $accountId) { nrql(query: $query, timeout: $timeout) { results } } }
}"""
_TIMEOUT_SECONDS = 5
_MARGIN_SECONDS = 5
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NOTHING = "no results returned from NRQL query"


def secret_name(metric: Metric) -> str:
    """Return the name of the secret that holds the account."""
    return configuration_of(metric, KIND).text("profile") or DEFAULT_SECRET


def request(inquiry: Inquiry) -> Request:
    """Return the request that measures the metric.

    Raises:
        ConfigurationError: The secret is incomplete, or the timeout is negative.
        InvalidError: A field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    account = account_of(inquiry.credentials)
    timeout = timeout_seconds(inquiry.metric)
    variables: JSONObject = {
        "accountId": account,
        "query": configuration.text("query"),
        "timeout": timeout,
    }
    url = _address(inquiry.credentials)
    check_url("Post", url)
    return json_request(
        url,
        {"query": _QUERY, "variables": variables},
        headers={"Api-Key": inquiry.credentials["personal-api-key"]},
        timeout_seconds=timeout + _MARGIN_SECONDS,
    )


def account_of(credentials: Mapping[str, str]) -> int:
    """Return the account's number.

    Raises:
        ConfigurationError: The secret has no key or account, or the account is no number.
    """
    account = credentials.get("account-id", "")
    if not credentials.get("personal-api-key") or not account:
        raise ConfigurationError("account ID or personal API key not found")
    if _NUMBER.fullmatch(account) is None:
        raise ConfigurationError(
            f"could not parse account ID: strconv.Atoi: parsing {go_quote(account)}: invalid syntax"
        )
    return int(account)


def timeout_seconds(metric: Metric) -> int:
    """Return how long New Relic may take for the query.

    Raises:
        ConfigurationError: It is negative.
    """
    return timeout_of(metric, KIND, default=_TIMEOUT_SECONDS)


def interpret(inquiry: Inquiry, response: Response) -> Result:  # noqa: ARG001  as all providers
    """Return the one row that the query gave, or the list of its rows.

    Raises:
        ResponseError: The query failed, or gave nothing.
    """
    nrql = read_answer(response).member("Actor").member("Account").member("NRQL")
    rows = [it.mapping() for it in nrql.member("results", "[]nrdb.NRDBResult").items()]
    if len(rows) > 1:
        return Result(rows, OBJECTS, encode(rows))
    if not rows or not rows[0]:
        raise ResponseError(_NOTHING)
    return Result(rows[0], OBJECT, encode(rows[0]))


def metadata(metric: Metric) -> dict[str, str]:
    """Return what is kept with the metric: the query as it is asked."""
    query = configuration_of(metric, KIND).text("query")
    return {"ResolvedNewRelicQuery": query} if query else {}


def _address(credentials: Mapping[str, str]) -> str:
    """Return where to ask; a region that New Relic does not have is taken for the first."""
    region = credentials.get("region", "").lower()
    return credentials.get("base-url-nerdgraph") or _NERDGRAPH.get(region, _NERDGRAPH["us"])
