"""Which step kinds do installed packages add?

A package names, under the entry point group ``kargo_platform.steps``, a callable that takes
:class:`~promotions.steps.catalogue.StepPorts` and returns its step runners. See
``docs/steps/own-steps.md``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from common.errors import InvalidError
from promotions.engine.runner import StepRunner
from promotions.steps.catalogue import StepPorts

GROUP = "kargo_platform.steps"


class BrokenStepPackageError(InvalidError):
    """An installed package cannot give the steps that it announces."""

    code = "broken_step_package"


@dataclass(frozen=True, slots=True)
class InstalledStep:
    """A step of an installed package; ``package`` is its name and version."""

    runner: StepRunner
    package: str


def installed_steps(ports: StepPorts) -> tuple[InstalledStep, ...]:
    """Return the steps of all installed packages, ordered by entry point.

    Raises:
        BrokenStepPackageError: A package cannot be loaded, or what it gives are no steps.
    """
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    return tuple(step for point in points for step in _steps_of(point, ports))


def _steps_of(point: EntryPoint, ports: StepPorts) -> tuple[InstalledStep, ...]:
    package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    try:
        made = point.load()(ports)
        runners = tuple(made) if isinstance(made, Iterable) else (made,)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise _broken(package, point, str(error)) from error
    for runner in runners:
        if not isinstance(runner, StepRunner):
            raise _broken(package, point, f"{type(runner).__name__} is not a step runner")
    return tuple(InstalledStep(runner, package) for runner in runners)


def _broken(package: str, point: EntryPoint, reason: str) -> BrokenStepPackageError:
    return BrokenStepPackageError(
        f'The steps of package {package} (entry point "{point.name}") cannot be loaded: {reason}. '
        "Mend the package, or uninstall it."
    )
