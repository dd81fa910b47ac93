"""What the tests with awkward registries share."""

from collections.abc import Callable

import pytest

from promotions.engine.runner import StepError
from tests.fakes.memory_registry import Running, digest_of
from tests.fakes.oci_registry import Answer, Asked
from tests.integration.oci.worlds import Steps

LAYER = bytes(range(256)) * 400


def copy(steps: Steps, source: Running, target: Running) -> str:
    """Push ``acme/web:v1`` to ``mirror/web:v1`` and return its digest."""
    result = steps.push(f"{source.host}/acme/web:v1", f"{target.host}/mirror/web:v1")
    assert result.output is not None
    return str(result.output["digest"])


def failure(action: Callable[[], object]) -> StepError:
    with pytest.raises(StepError) as caught:
        action()
    return caught.value


def once(matches: Callable[[Asked], bool], *answers: Answer) -> Callable[[Asked], Answer | None]:
    """Return a fault that gives these answers to the first requests that match."""
    left = list(answers)
    return lambda asked: left.pop(0) if left and matches(asked) else None


def fetches_layer(asked: Asked) -> bool:
    return asked.method == "GET" and asked.path.endswith(digest_of(LAYER))
