"""Which Applications do a promotion's steps and health checks depend on?"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from common.jsontypes import JSONObject, as_list, as_object, as_text

_KINDS = frozenset({"argocd-update", "argocd-wait"})


class AddressedApp(NamedTuple):
    """An Application by namespace and name; the namespace may be left to the control plane."""

    namespace: str
    name: str


def addressed_by_steps(steps: Sequence[JSONObject], state: JSONObject) -> tuple[AddressedApp, ...]:
    """Return the Applications that steps have put out, each once.

    Args:
        steps: The promotion's steps, as in its manifest.
        state: The outputs of steps by alias.
    """
    aliases = [as_text(it.get("as")) for it in steps if it.get("uses") in _KINDS]
    return _once(_listed(as_object(state.get(alias))) for alias in aliases if alias)


def addressed_by_checks(checks: Iterable[JSONObject]) -> tuple[AddressedApp, ...]:
    """Return the Applications that health checks look at, each once.

    Args:
        checks: Each with its kind, ``uses``, and its ``config``.
    """
    return _once(_listed(as_object(it.get("config"))) for it in checks if it.get("uses") in _KINDS)


def _listed(value: JSONObject) -> list[AddressedApp]:
    entries = map(as_object, as_list(value.get("apps")))
    named = [AddressedApp(as_text(it.get("namespace")), as_text(it.get("name"))) for it in entries]
    return [it for it in named if it.name]


def _once(lists: Iterable[list[AddressedApp]]) -> tuple[AddressedApp, ...]:
    return tuple(dict.fromkeys(it for found in lists for it in found))
