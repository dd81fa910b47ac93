"""The part of the Kubernetes API that jobs take: Jobs, their pods, and what those printed."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.metrics.server import Answer, Asked, answer_json

_JOBS = re.compile(r"/apis/batch/v1/namespaces/([^/]+)/jobs(?:/([^/]+))?")
_PODS = re.compile(r"/api/v1/namespaces/[^/]+/pods(?:/([^/]+)/log)?")


@dataclass
class FakeCluster:
    """A cluster whose jobs end when the test says so.

    Attributes:
        logs: What every container prints.
        waiting: Why containers do not start.
        failing: Status to answer everything with, while it is set.
    """

    token: str = "cluster-token"
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    logs: str = "hello\n"
    waiting: str = ""
    failing: int = 0

    def rule(self, asked: Asked) -> Answer:
        if self.failing:
            return _status(self.failing, "the server is overloaded")
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return _status(401, "Unauthorized")
        if found := _PODS.fullmatch(asked.path):
            return Answer(self.logs.encode()) if found[1] else answer_json(self._pods(asked))
        found = _JOBS.fullmatch(asked.path)
        assert found is not None
        return self._on_job(asked, found[2] or "")

    def end(self, condition: str) -> None:
        for job in self.jobs.values():
            job["status"] = {"conditions": [{"type": condition, "status": "True"}]}

    def _on_job(self, asked: Asked, name: str) -> Answer:
        if asked.method == "POST":
            name = asked.json["metadata"]["name"]
            if name in self.jobs:
                return _status(409, f'jobs.batch "{name}" already exists')
            self.jobs[name] = asked.json
            return answer_json(asked.json, 201)
        if name not in self.jobs:
            return _status(404, f'jobs.batch "{name}" not found')
        if asked.method == "DELETE":
            assert asked.json == {"propagationPolicy": "Foreground"}
            return answer_json(self.jobs.pop(name))
        return answer_json(self.jobs[name])

    def _pods(self, asked: Asked) -> dict[str, Any]:
        name = asked.query["labelSelector"][0].removeprefix("job-name=")
        job = self.jobs[name]
        state = {"waiting": {"reason": self.waiting}} if self.waiting else {"running": {}}
        pod = {
            "metadata": {"name": "pod-1", "creationTimestamp": "2026-06-01T12:00:00Z"},
            "spec": job["spec"]["template"]["spec"],
            "status": {"containerStatuses": [{"name": "main", "state": state}]},
        }
        return {"items": [pod]}


def _status(code: int, message: str) -> Answer:
    return answer_json({"kind": "Status", "status": "Failure", "message": message}, code)
