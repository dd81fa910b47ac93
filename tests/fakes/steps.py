"""A step runner that does as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from common.jsontypes import JSONObject
from promotions.engine.runner import Effect, StepContext, StepResult

ANYTHING: JSONObject = {"type": "object"}


@dataclass
class ScriptedStep:
    """Answers each invocation with the next result; an exception in the script is raised.

    ``during`` is called first: what happens elsewhere while the step runs.
    """

    kind: str = "scripted"
    script: list[StepResult | Exception] = field(default_factory=list)
    schema: JSONObject = field(default_factory=lambda: ANYTHING)
    effect: Effect = Effect.PURE
    propagates_output: bool = False
    default_timeout: timedelta | None = None
    default_error_threshold: int = 0
    contexts: list[StepContext] = field(default_factory=list)
    during: Callable[[StepContext], None] = lambda _context: None

    def run(self, context: StepContext) -> StepResult:
        """Play the next line; after the last one, succeed."""
        self.contexts.append(context)
        self.during(context)
        line = self.script.pop(0) if self.script else StepResult()
        if isinstance(line, Exception):
            raise line
        return line


def scripted(kind: str, *script: StepResult | Exception) -> ScriptedStep:
    """Return a step of a kind with a script."""
    return ScriptedStep(kind, list(script))
