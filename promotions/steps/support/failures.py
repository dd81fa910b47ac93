"""How does trouble with files and values become an error of the step?"""

from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import PlatformError
from promotions.engine.runner import StepError
from promotions.steps.support.workdir import sanitise


@contextmanager
def step_errors(action: str, *, root: str) -> Iterator[None]:
    """Turn what goes wrong inside the block into an ordinary step error.

    Args:
        action: What was being done, as in ``error <action>: <reason>``.
        root: The work directory; its path is removed from the text.

    Raises:
        StepError: For any ``OSError``, ``ValueError`` or error of the platform, and where
            directories or values are nested too deeply.
    """
    try:
        yield
    except OSError as error:
        raise StepError(sanitise(f"{action}: {_reason(error)}", root)) from error
    except (ValueError, PlatformError) as error:
        raise StepError(sanitise(f"{action}: {error}", root)) from error
    except RecursionError as error:
        raise StepError(f"{action}: nested too deeply") from error


def _reason(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{error.filename}: {reason}" if isinstance(error.filename, str) else reason
