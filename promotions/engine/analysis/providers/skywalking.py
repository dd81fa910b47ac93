"""The provider ``skywalking``: GraphQL queries over a stretch of minutes.

Source: Argo Rollouts ``metricproviders/skywalking``.
"""

from promotions.engine.analysis.providers.authentication import check_url
from promotions.engine.analysis.providers.decoding import encode
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.exchange import Request, Response, json_request
from promotions.engine.analysis.providers.graphql import read_answer
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.results import ANYTHING, Result
from promotions.engine.analysis.timing import after, duration_of

KIND = "skywalking"
_TIMEOUT_SECONDS = 30
_MINUTE = "%Y-%m-%d %H%M"


def request(inquiry: Inquiry) -> Request:
    """Return the request that measures the metric; times are in the zone of ``inquiry.now``.

    Raises:
        ConfigurationError: The address is no URL.
        InvalidError: The interval is missing or wrong, or a field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    interval = duration_of(configuration.text("interval"))
    url = f"{configuration.text('address')}/graphql"
    check_url("Post", url)
    duration = {
        "start": after(inquiry.now, -interval).strftime(_MINUTE),
        "end": inquiry.now.strftime(_MINUTE),
        "step": "MINUTE",
    }
    return json_request(
        url,
        {"query": configuration.text("query"), "variables": {"duration": duration}},
        headers={"Accept": "application/json; charset=utf-8"},
        timeout_seconds=_TIMEOUT_SECONDS,
    )


def interpret(inquiry: Inquiry, response: Response) -> Result:  # noqa: ARG001  as all providers
    """Return the data of the answer.

    Raises:
        ResponseError: The query failed, or gave nothing.
    """
    document = read_answer(response).value
    if document is None:
        raise ResponseError("no results returned from SkyWalking query")
    return Result(document, ANYTHING, encode(document))
