"""Selects the versions of a Helm chart that a subscription wants, greatest first.

Source: Kargo ``pkg/helm`` chart selectors.
"""

from collections.abc import Iterable
from itertools import islice

from common.errors import InvalidError
from promotions.engine.selection.tagnames import TagRules, versions_newest_first

_HTTP = ("http://", "https://")
_OCI = "oci://"


def select_chart_versions(
    versions: Iterable[str], *, repo_url: str, constraint: str = "", limit: int = 0
) -> list[str]:
    """Return at most ``limit`` versions that satisfy the constraint; no limit if it is 0.

    An OCI repository cannot hold ``+`` in a tag, so ``_`` stands for it there, and only full
    versions count.

    Raises:
        InvalidError: The constraint is malformed, or the address is neither HTTP nor OCI.
    """
    is_oci = repo_url.startswith(_OCI)
    if not is_oci and not repo_url.startswith(_HTTP):
        raise InvalidError(f"{repo_url!r} is not a chart repository; use https:// or oci://.")
    rules = TagRules(constraint=constraint, strict=is_oci)
    rules.check()
    names = versions
    if is_oci:
        # Helm's registry client reads such tags strictly: not even a leading "v" is allowed.
        names = (it.replace("_", "+") for it in versions if not it.startswith("v"))
    return list(islice(versions_newest_first(names, rules), limit or None))
