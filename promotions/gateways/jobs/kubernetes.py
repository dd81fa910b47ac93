"""Runs jobs on a Kubernetes cluster, over its API.

Jobs carry the uid of their run, by which one that is there already is told from a stranger's, and
are removed by the cluster a day after their end.

Source: Kubernetes API, ``batch/v1`` Job and ``v1`` Pod; Argo Rollouts ``metricproviders/job``.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from common.egress import EgressPolicy
from common.errors import InvalidError, NotFoundError, UpstreamError
from common.http import Limits, Response
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.analysis.providers.job import (
    UID_LABEL,
    JobPlan,
    JobState,
    WaitingContainer,
)
from promotions.gateways.argocd.tls import open_client
from promotions.ports.argocd_access import PlaneAccess
from promotions.ports.jobs import JobReport

KEPT_SECONDS = 24 * 60 * 60
_LOG_BYTES = 1024 * 1024
_LOG_LINES = 10_000
_LIMITS = Limits(timeout_seconds=15.0, max_bytes=4 * _LOG_BYTES, max_redirects=0)
_JSON = "application/json"
_UNAUTHORIZED = 401
_CONFLICT, _NOT_FOUND, _FIRST_ERROR, _FIRST_SERVER_ERROR = 409, 404, 400, 500
_TRANSIENT = frozenset({408, 429})
_JOB_LABEL = "job-name"


@dataclass(frozen=True, slots=True)
class KubernetesJobs:
    """Satisfies :class:`promotions.ports.jobs.JobExecutor`.

    Attributes:
        namespace: Where all jobs go; empty for the one named as their project.
    """

    access: PlaneAccess
    policy: EgressPolicy
    namespace: str = ""

    def start(
        self,
        job: JobPlan,
        *,
        is_again: bool,  # noqa: ARG002  the cluster knows whether there is one
        is_unwanted: Callable[[], bool],  # noqa: ARG002  nobody stays with the job
    ) -> JobReport | None:
        """Create the job; one of this run that is there already is taken for it."""
        path = self._jobs(job.namespace)
        answer = self._ask("POST", path, body=_manifest(job, self._namespace(job.namespace)))
        if answer.status == _CONFLICT:
            self._adopt(job, f"{path}/{quote(job.name)}", answer)
            return None
        _refuse(answer)
        return None

    def look(self, name: str, *, namespace: str) -> JobReport | None:
        """Return how the job stands, and what its containers printed so far."""
        answer = self._ask("GET", f"{self._jobs(namespace)}/{quote(name)}")
        if answer.status == _NOT_FOUND:
            return None
        status = as_object(as_object(_document(answer)).get("status"))
        pods = list(self._pods(name, namespace))
        state = JobState(
            conditions=[
                as_text(it.get("type"))
                for it in map(as_object, as_list(status.get("conditions")))
                if it.get("status") == "True"
            ],
            waiting=[container for pod in pods for container in _waiting(pod)],
        )
        return JobReport(state, dict(self._logs(pods, namespace)))

    def cancel(self, name: str, *, namespace: str) -> None:
        """Delete the job with its pods."""
        body: JSONObject = {"propagationPolicy": "Foreground"}
        answer = self._ask("DELETE", f"{self._jobs(namespace)}/{quote(name)}", body=body)
        if answer.status != _NOT_FOUND:
            _refuse(answer)

    def _adopt(self, job: JobPlan, path: str, conflict: Response) -> None:
        found = as_object(_document(self._ask("GET", path)))
        labels = as_object(as_object(found.get("metadata")).get("labels"))
        if labels.get(UID_LABEL) != job.labels[UID_LABEL]:
            _refuse(conflict)

    def _pods(self, name: str, namespace: str) -> Iterator[JSONObject]:
        selector = urlencode({"labelSelector": f"{_JOB_LABEL}={name}", "limit": 20})
        path = f"/api/v1/namespaces/{self._namespace(namespace)}/pods?{selector}"
        document = as_object(_document(self._ask("GET", path)))
        yield from map(as_object, as_list(document.get("items")))

    def _logs(self, pods: list[JSONObject], namespace: str) -> Iterator[tuple[str, str]]:
        """Yield what the containers of the newest pod printed; what cannot be read is left out."""
        if not pods:
            return
        newest = max(pods, key=lambda it: as_text(_metadata(it).get("creationTimestamp")))
        pod = quote(as_text(_metadata(newest).get("name")))
        spec = as_object(newest.get("spec"))
        for key in ("initContainers", "containers"):
            for container in map(as_object, as_list(spec.get(key))):
                name = as_text(container.get("name"))
                query = urlencode(
                    {"container": name, "tailLines": _LOG_LINES, "limitBytes": _LOG_BYTES}
                )
                path = f"/api/v1/namespaces/{self._namespace(namespace)}/pods/{pod}/log?{query}"
                answer = self._ask("GET", path)
                if answer.status < _FIRST_ERROR:
                    yield name, answer.content.decode(errors="replace")

    def _namespace(self, namespace: str) -> str:
        return quote(self.namespace or namespace)

    def _jobs(self, namespace: str) -> str:
        return f"/apis/batch/v1/namespaces/{self._namespace(namespace)}/jobs"

    def _ask(self, method: str, path: str, *, body: JSONObject | None = None) -> Response:
        """Return what the cluster answers; with the next token if it refuses the current one."""
        with open_client(self.policy, self.access) as connection:
            ask = partial(
                connection.request,
                method,
                f"{self.access.base_url.rstrip('/')}{path}",
                content=b"" if body is None else json.dumps(body).encode(),
                limits=_LIMITS,
            )
            answer = ask(headers=_headers(self.access.token))
            if answer.status == _UNAUTHORIZED and self.access.next_token:
                answer = ask(headers=_headers(self.access.next_token))
        return answer


def _headers(token: str) -> list[tuple[str, str]]:
    authorization = [("Authorization", f"Bearer {token}")] if token else []
    return [*authorization, ("Accept", "application/json, */*"), ("Content-Type", _JSON)]


def _manifest(job: JobPlan, namespace: str) -> JSONObject:
    template = as_object(job.spec.get("template"))
    metadata = as_object(template.get("metadata"))
    labels = {**as_object(metadata.get("labels")), **job.labels}
    pod = {**template, "metadata": {**metadata, "labels": labels}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job.name,
            "namespace": namespace,
            "labels": dict(job.labels),
            "annotations": dict(job.annotations),
        },
        "spec": {"ttlSecondsAfterFinished": KEPT_SECONDS, **job.spec, "template": pod},
    }


def _waiting(pod: JSONObject) -> Iterator[WaitingContainer]:
    status = as_object(pod.get("status"))
    for key in ("initContainerStatuses", "containerStatuses"):
        for it in map(as_object, as_list(status.get(key))):
            waiting = as_object(as_object(it.get("state")).get("waiting"))
            if waiting:
                yield WaitingContainer(
                    as_text(_metadata(pod).get("name")),
                    as_text(it.get("name")),
                    as_text(waiting.get("reason")),
                )


def _metadata(document: JSONObject) -> JSONObject:
    return as_object(document.get("metadata"))


def _document(answer: Response) -> JSONValue:
    _refuse(answer)
    try:
        found: JSONValue = json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise UpstreamError("the cluster answered what is no JSON", retryable=True) from error
    return found


def _refuse(answer: Response) -> None:
    """Raise what the cluster says of a request that it refuses; its words are kept."""
    if answer.status < _FIRST_ERROR:
        return
    try:
        said = as_text(as_object(json.loads(answer.content)).get("message"))
    except (ValueError, RecursionError):
        said = ""
    message = said or f"the cluster answered {answer.status}"
    if answer.status == _NOT_FOUND:
        raise NotFoundError(message)
    if answer.status >= _FIRST_SERVER_ERROR or answer.status in _TRANSIENT:
        raise UpstreamError(message, retryable=True)
    raise InvalidError(message)
