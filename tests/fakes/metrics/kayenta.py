"""A Kayenta that remembers the canaries that were started, and by which pipeline."""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.metrics.server import Answer, Asked, answer_json


@dataclass
class FakeKayenta:
    """Starts a canary for every request; each is complete when the test says so.

    Attributes:
        executions: What was started, oldest first.
        cut: Whether the answer to a start breaks off, though the canary is there.
        score: Of all canaries; ``None`` while they run.
    """

    executions: list[dict[str, str]] = field(default_factory=list)
    cut: bool = False
    score: float | None = None

    def rule(self, asked: Asked) -> Answer:
        if asked.path == "/canaryConfig":
            return answer_json([{"id": "id-1", "name": "canary"}])
        if asked.path == "/canary/executions":
            assert asked.query["application"] == ["shop"]
            return answer_json(self.executions)
        if asked.method == "POST":
            return self._start(asked)
        return answer_json(self._status())

    def _start(self, asked: Asked) -> Answer:
        assert asked.path == "/canary/id-1"
        identifier = f"canary-{len(self.executions) + 1}"
        (mark,) = asked.query["parentPipelineExecutionId"]
        self.executions.append({"pipelineId": identifier, "parentPipelineExecutionId": mark})
        answer = answer_json({"canaryExecutionId": identifier})
        return Answer(answer.body, headers=answer.headers, cut=self.cut)

    def _status(self) -> dict[str, Any]:
        if self.score is None:
            return {"complete": False}
        return {"complete": True, "result": {"judgeResult": {"score": {"score": self.score}}}}
