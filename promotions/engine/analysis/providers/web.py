"""The provider ``web``: any HTTP endpoint that answers JSON or text.

Source: Argo Rollouts ``metricproviders/webmetric``.
"""

from collections.abc import Mapping

from promotions.engine.analysis.providers.authentication import check_url, client_credentials
from promotions.engine.analysis.providers.decoding import NotJSONError, decode, encode
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import JSON_TYPE, Request, Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.results import ANYTHING, TEXT, Result
from promotions.engine.analysis.wire import Reader
from promotions.engine.jsonpath.errors import JSONPathError
from promotions.engine.jsonpath.evaluator import find_values
from promotions.engine.jsonpath.nodes import Template
from promotions.engine.jsonpath.parser import parse

KIND = "web"
WHOLE_DOCUMENT = "{$}"
_TIMEOUT_SECONDS = 10


def request(inquiry: Inquiry) -> Request:
    """Return the request that measures the metric.

    Raises:
        ConfigurationError: Body, URL, authentication or JSONPath are wrong.
        InvalidError: A field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    auth = client_credentials(configuration)
    _template(configuration)
    method = configuration.text("method") or "GET"
    body = _body(configuration, method)
    url = configuration.text("url")
    check_url(method, url)
    timeout = configuration.integer("timeoutSeconds") or 0
    return Request(
        method=method,
        url=url,
        headers=_headers(configuration),
        body=body,
        timeout_seconds=timeout if timeout > 0 else _TIMEOUT_SECONDS,
        verify_tls=not configuration.flag("insecure"),
        auth=auth,
    )


def interpret(inquiry: Inquiry, response: Response) -> Result:
    """Return what the metric's JSONPath finds first in the body; of other text, all of it.

    Raises:
        ConfigurationError: The JSONPath is wrong.
        ResponseError: The status is none of success, or nothing is found.
    """
    if not response.is_success:
        raise ResponseError(f"received non 2xx response code: {response.status}")
    template = _template(inquiry.configuration(KIND))
    text = response.text
    try:
        document = decode(text)
    except NotJSONError:
        return Result(text, TEXT, text)
    value = _first(template, document)
    return Result(value, ANYTHING, encode(value))


def _template(configuration: Reader) -> Template:
    try:
        return parse(configuration.text("jsonPath") or WHOLE_DOCUMENT)
    except JSONPathError as error:
        raise ConfigurationError(str(error)) from error


def _first(template: Template, document: object) -> object:
    try:
        found = find_values(template, document)
    except JSONPathError as error:
        raise ResponseError(f"Could not find JSONPath in body: {error}") from error
    for values in found:
        if values:
            return values[0]
    raise ResponseError("result of web metric produced no value")


def _body(configuration: Reader, method: str) -> str:
    text, has_json = configuration.text("body"), configuration.has("jsonBody")
    if text and has_json:
        raise ConfigurationError(
            "use either Body or JSONBody; both cannot exists for WebMetric payload"
        )
    if (text or has_json) and method == "GET":
        raise ConfigurationError(
            "Body/JSONBody can only be used with POST or PUT WebMetric Method types"
        )
    return encode(configuration.document["jsonBody"]) if has_json else text


def _headers(configuration: Reader) -> Mapping[str, str]:
    headers = {it.text("key"): it.text("value") for it in configuration.objects("headers")}
    if not configuration.has("jsonBody"):
        return headers
    others = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return {**others, "Content-Type": JSON_TYPE}
