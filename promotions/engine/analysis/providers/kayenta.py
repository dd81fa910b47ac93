"""The provider ``kayenta``: a canary analysis, started by one request and looked up by others.

Run: look up the configuration's id, post the canary, remember its id. Resume: every 15 seconds,
until the canary is complete and has a score. Terminating it is no business of Kayenta's.

A canary carries a mark of ours, as the pipeline that it is a part of, by which one that a lost
worker started is found again.

Source: Argo Rollouts ``metricproviders/kayenta``; Kayenta ``CanaryController`` for the mark.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import quote, urlencode

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers.authentication import check_url
from promotions.engine.analysis.providers.decoding import Decoded, decode
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Request, Response, json_request
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.results import Progress
from promotions.engine.analysis.timing import after, duration_of
from promotions.engine.analysis.wire import Reader, moment_text
from promotions.engine.expressions.values import float_to_int, format_value, type_name
from promotions.engine.goquote import go_quote

KIND = "kayenta"
EXECUTION_ID = "canaryExecutionId"
RESUME_DELAY = timedelta(seconds=15)
_TIMEOUT_SECONDS = 15
_OK = 200
_SCOPES = ("controlScope", "experimentScope")
_MARK = "parentPipelineExecutionId"
_MOST_EXECUTIONS = 100
_INVALID = "Invalid Response"
_LONGEST_SHOWN = 4096


def lookup_request(inquiry: Inquiry) -> Request:
    """Return the request that lists the canary configurations.

    The *storage* account goes under the name of the configuration account, as in the original.

    Raises:
        ConfigurationError: The address is no URL.
        InvalidError: A field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    application, storage = (configuration.text(it) for it in ("application", "storageAccountName"))
    path = f"canaryConfig?application={application}&configurationAccountName={storage}"
    return _get(f"{configuration.text('address')}/{path}")


def read_lookup(inquiry: Inquiry, response: Response) -> str:
    """Return the id of the canary configuration that the metric names.

    Raises:
        ResponseError: The list cannot be read, or does not have it.
    """
    if response.status != _OK:
        raise ResponseError(f"{_INVALID}: HTTP {response.status}")
    wanted = inquiry.configuration(KIND).text("canaryConfigName")
    configurations = Decoded(decode(response.text), "[]kayenta.canaryConfig")
    named = [(it.member("Name").text(), it.member("Id").text()) for it in configurations.items()]
    for name, identifier in named:
        if name == wanted:
            return identifier
    raise ResponseError("Canary config not found")


def start_request(inquiry: Inquiry, configuration_id: str, *, mark: str = "") -> Request:
    """Return the request that starts the canary, with ``mark`` on it if there is one.

    Raises:
        ConfigurationError: Only one of two scopes has a start or an end.
        InvalidError: The interval is wrong, or a field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    accounts = "&".join(
        f"{name}={configuration.text(name)}"
        for name in (
            "application",
            "metricsAccountName",
            "configurationAccountName",
            "storageAccountName",
        )
    )
    threshold = configuration.object("threshold")
    document: JSONObject = {
        "scopes": {it.text("name"): _scope(inquiry, it) for it in configuration.objects("scopes")},
        "thresholds": {
            "pass": threshold.integer("pass") or 0,
            "marginal": threshold.integer("marginal") or 0,
        },
    }
    marked = f"&{_MARK}={quote(mark, safe='')}" if mark else ""
    url = f"{configuration.text('address')}/canary/{configuration_id}?{accounts}{marked}"
    check_url("Post", url)
    return json_request(url, document, headers={}, timeout_seconds=_TIMEOUT_SECONDS)


def read_start(inquiry: Inquiry, response: Response) -> Progress:
    """Return the running measurement of a canary that was started.

    Raises:
        ResponseError: It was not, or has no id.
    """
    document = _document(response)
    identifier = document.get(EXECUTION_ID)
    if identifier is None or identifier == "":
        raise ResponseError("Invalid canaryExecutionId")
    return _running(inquiry, {EXECUTION_ID: format_value(identifier)})


def executions_request(inquiry: Inquiry) -> Request:
    """Return the request that lists the newest canaries of the application.

    Raises:
        ConfigurationError: The address is no URL.
        InvalidError: A field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    given = {name: configuration.text(name) for name in ("application", "storageAccountName")}
    query = urlencode({**given, "limit": _MOST_EXECUTIONS})
    return _get(f"{configuration.text('address')}/canary/executions?{query}")


def read_executions(inquiry: Inquiry, response: Response, *, mark: str) -> Progress | None:
    """Return the running measurement of the canary that has the mark; ``None`` if none has.

    Raises:
        ResponseError: The list cannot be read.
    """
    if response.status != _OK:
        raise ResponseError(f"{_INVALID}: HTTP {response.status}")
    for execution in Decoded(decode(response.text), "[]kayenta.execution").items():
        identifier = execution.member("pipelineId").text()
        if identifier and execution.member(_MARK).text() == mark:
            return _running(inquiry, {EXECUTION_ID: identifier})
    return None


def score_request(inquiry: Inquiry, measurement: Measurement) -> Request:
    """Return the request that asks how a canary stands.

    Raises:
        ConfigurationError: The address is no URL.
        InvalidError: A field is of the wrong type.
    """
    address = inquiry.configuration(KIND).text("address")
    return _get(f"{address}/canary/{measurement.metadata.get(EXECUTION_ID, '')}")


def read_score(inquiry: Inquiry, measurement: Measurement, response: Response) -> Progress:
    """Return how a canary stands: running, or judged by its score.

    Raises:
        ResponseError: The answer has no status or no score.
    """
    document = _document(response)
    is_complete = _accessed(document, ("complete",), "bool")
    if is_complete is None:
        raise ResponseError("Missing Complete Status")
    if not is_complete:
        return _running(inquiry, measurement.metadata)
    score = _accessed(document, ("result", "judgeResult", "score", "score"), "float64")
    if not isinstance(score, float):
        raise ResponseError("Missing Score")
    whole = float_to_int(score)
    return Progress(_judged(inquiry, whole), text=str(whole), metadata=measurement.metadata)


def _get(url: str) -> Request:
    check_url("Get", url)
    return Request("GET", url, timeout_seconds=_TIMEOUT_SECONDS)


def _running(inquiry: Inquiry, metadata: Mapping[str, str]) -> Progress:
    resume_at = after(inquiry.now, RESUME_DELAY)
    return Progress(AnalysisPhase.RUNNING, metadata=metadata, resume_at=resume_at)


def _judged(inquiry: Inquiry, score: int) -> AnalysisPhase:
    threshold = inquiry.configuration(KIND).object("threshold")
    if score >= (threshold.integer("pass") or 0):
        return AnalysisPhase.SUCCESSFUL
    if score >= (threshold.integer("marginal") or 0):
        return AnalysisPhase.INCONCLUSIVE
    return AnalysisPhase.FAILED


def _document(response: Response) -> Mapping[str, JSONValue]:
    if response.status != _OK:
        raise ResponseError(_INVALID)
    return Decoded(decode(response.text), "map[string]interface {}").mapping()


def _scope(inquiry: Inquiry, scope: Reader) -> JSONObject:
    details = {name: scope.object(name) for name in _SCOPES}
    for edge in ("start", "end"):
        if len({bool(detail.text(edge)) for detail in details.values()}) > 1:
            raise ConfigurationError(
                f"controlScope.{edge} and experimentScope.{edge} must both be set or be empty"
            )
    return {name: _detail(inquiry, detail) for name, detail in details.items()}


def _detail(inquiry: Inquiry, detail: Reader) -> JSONObject:
    return {
        "scope": detail.text("scope"),
        "region": detail.text("region"),
        "step": detail.integer("step") or 0,
        "start": detail.text("start") or _default_start(inquiry),
        "end": detail.text("end") or moment_text(inquiry.now),
    }


def _default_start(inquiry: Inquiry) -> str:
    """Return the start of the run, or of the last interval."""
    if inquiry.configuration(KIND).flag("lookback"):
        return moment_text(inquiry.run_started_at or inquiry.now)
    interval = inquiry.metric.interval
    try:
        return moment_text(after(inquiry.now, -duration_of(interval)))
    except InvalidError as error:
        raise ConfigurationError(f"Invalid duration {go_quote(interval)}: {error}") from error


def _accessed(document: JSONObject, path: Sequence[str], go_type: str) -> JSONValue:
    """Return the value at a path, ``None`` if there is none on the way.

    Raises:
        ResponseError: Something on the way is of the wrong type.
    """
    value: JSONValue = document
    for depth, name in enumerate(path):
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise _wrong_type(path[:depth], value, "map[string]interface{}")
        if name not in value:
            return None
        value = value[name]
    if type_name(value) != go_type:
        raise _wrong_type(path, value, go_type)
    return value


def _wrong_type(path: Sequence[str], value: JSONValue, go_type: str) -> ResponseError:
    shown = format_value(value)[:_LONGEST_SHOWN]
    return ResponseError(
        f".{'.'.join(path)} accessor error: {shown} is of the type {type_name(value)}, "
        f"expected {go_type}"
    )
