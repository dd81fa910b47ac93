"""Which step kinds exist, and what runs them."""

from collections.abc import Iterable
from difflib import get_close_matches

from common.errors import InvalidError, NotFoundError
from promotions.engine.runner import Effect, EffectingRunner, StepRunner
from promotions.engine.schema import ConfigSchema


class Registry:
    """The step runners of one worker, by kind."""

    def __init__(self, runners: Iterable[StepRunner]) -> None:
        self._runners: dict[str, StepRunner] = {}
        self._schemas: dict[str, ConfigSchema] = {}
        for runner in runners:
            if runner.kind in self._runners:
                raise InvalidError(f'two step runners are registered for kind "{runner.kind}"')
            if runner.effect is Effect.EFFECTING and not isinstance(runner, EffectingRunner):
                raise InvalidError(f'step "{runner.kind}" has effects but no method "would"')
            self._runners[runner.kind] = runner
            self._schemas[runner.kind] = ConfigSchema(runner.kind, runner.schema)

    def kinds(self) -> tuple[str, ...]:
        """Return every kind, in alphabetical order."""
        return tuple(sorted(self._runners))

    def find(self, kind: str) -> StepRunner:
        """Return the runner for a kind.

        Raises:
            NotFoundError: No runner is registered for it; the message offers a near spelling.
        """
        runner = self._runners.get(kind)
        if runner is None:
            near = get_close_matches(kind, self._runners, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise NotFoundError(
                f'no promotion step of kind "{kind}" is registered{hint}', code="unknown_step_kind"
            )
        return runner

    def schema(self, kind: str) -> ConfigSchema:
        """Return the compiled schema of a kind's configuration.

        Raises:
            NotFoundError: No runner is registered for it.
        """
        self.find(kind)
        return self._schemas[kind]
