"""Decides which of the links that a ProjectConfig or ClusterConfig offers apply to an object.

A link's ``url`` is a Go text/template, which is another language: see ``link_urls``.
Source: Kargo ``pkg/deeplinks``.
"""

from common.jsontypes import JSONObject
from promotions.engine.expressions.bare import compile_bare


def link_applies(condition: str, *, kind: str, manifest: JSONObject, path: str) -> bool:
    """Return whether a link is to be shown for an object; without a condition it is.

    Args:
        condition: The link's ``if``, bare.
        kind: ``stage`` or ``freight``, the only variable.
        manifest: The object.
        path: Where the condition stands, such as ``spec.stageLinks[0].if``.

    Raises:
        FieldExpressionError: It is malformed, fails or does not come to true or false.
    """
    if not condition:
        return True
    return compile_bare(condition, path=path).evaluate_boolean({kind: manifest})
