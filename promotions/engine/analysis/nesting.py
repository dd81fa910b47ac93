"""Finds the templates that templates include, as Argo Rollouts does and Kargo does not.

Source: Argo Rollouts ``rollout`` getAnalysisTemplatesFromRefs, ``utils/analysis``
FilterUniqueTemplates.
"""

from collections.abc import Callable, Iterable, Sequence

from common.errors import InvalidError
from promotions.engine.analysis.templates import TemplateReference, TemplateSpec

MOST_TEMPLATES = 1000


def unique_names(names: Iterable[str]) -> list[str]:
    """Return the names without repetitions, each where it is first."""
    return list(dict.fromkeys(names))


def with_nested(
    references: Sequence[TemplateReference], *, find: Callable[[TemplateReference], TemplateSpec]
) -> list[TemplateSpec]:
    """Return the templates and all that they include, each once: the project's, then the tenant's.

    Args:
        references: Where to begin.
        find: Gives a template, or raises NotFoundError.

    Raises:
        InvalidError: There are more than a thousand.
        NotFoundError: One is not there.
    """
    found: dict[TemplateReference, TemplateSpec] = {}
    waiting = list(reversed(references))
    while waiting:
        reference = waiting.pop()
        if reference in found:
            continue
        if len(found) == MOST_TEMPLATES:
            raise InvalidError(f"more than {MOST_TEMPLATES} analysis templates are included")
        found[reference] = find(reference)
        waiting.extend(reversed(found[reference].templates))
    ordered = sorted(found, key=lambda reference: reference.cluster_scope)
    return [found[reference] for reference in ordered]
