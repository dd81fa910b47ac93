"""What a role allows: rules in Kubernetes' shape, and the form that Kargo stores them in.

Source: Kargo ``pkg/server/rbac`` (normalisation) and Kubernetes' RBAC (matching).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject, JSONValue, as_text

ANY = "*"
KARGO = "kargo.akuity.io"
_KUBERNETES = "rbac.authorization.k8s.io"
_ARGO = "argoproj.io"
_MESSAGES = "ee.kargo.akuity.io"
PLATFORM_GROUP = "kargo-platform"
"""The group of what Kargo has no words for."""

RESOURCES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "clusterconfigs",
            "clusterpromotiontasks",
            "freights",
            "freights/status",
            "projectconfigs",
            "projects",
            "promotionrequests",
            "promotions",
            "promotiontasks",
            "stages",
            "targets",
            "warehouses",
        ),
        KARGO,
    ),
    **dict.fromkeys(("configmaps", "events", "namespaces", "secrets", "serviceaccounts"), ""),
    **dict.fromkeys(("clusterrolebindings", "clusterroles", "rolebindings", "roles"), _KUBERNETES),
    **dict.fromkeys(("analysisruns", "analysistemplates", "clusteranalysistemplates"), _ARGO),
    **dict.fromkeys(("clustermessagechannels", "eventrouters", "messagechannels"), _MESSAGES),
    "auditevents": PLATFORM_GROUP,
    "controlplanes": PLATFORM_GROUP,
}
"""The API group of every kind of object, by its plural name."""

ALL_VERBS = (
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
)
PROMOTE = "promote"
"""The verb, on Stages alone, that lets Freight into them."""

MAX_RULES = 1000
"""More than this many, after they were taken apart, are refused."""
MAX_VERBS = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs on kinds of objects. ``*`` stands for any group, kind or verb; no names for all."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    def allows(self, verb: str, *, group: str, resource: str, name: str = "") -> bool:
        """Return whether this covers ``verb`` on one object, or (no ``name``) on all of them."""
        return (
            _has(self.verbs, verb)
            and _has(self.groups, group)
            and (_has(self.resources, resource) or _has_parent(self.resources, resource))
            and (not self.names or name in self.names)
        )

    def to_json(self) -> dict[str, JSONValue]:
        """Return the rule as manifests and the REST API write it."""
        names: dict[str, JSONValue] = {"resourceNames": list(self.names)} if self.names else {}
        return {
            "apiGroups": list(self.groups),
            "resources": list(self.resources),
            **names,
            "verbs": list(self.verbs),
        }


EVERYTHING = Rule((ANY,), (ANY,), (ANY,))


def read_rules(value: JSONValue, *, path: str = "rules") -> tuple[Rule, ...]:
    """Return rules as JSON has them, not normalised; ``None`` is none.

    Raises:
        InvalidError: Something in them is not of the shape.
    """
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise _invalid(path, "must be a list of rules")
    return tuple(_read(it, path=f"{path}[{index}]") for index, it in enumerate(value))


def normalise(rules: Iterable[Rule], *, path: str = "rules") -> tuple[Rule, ...]:
    """Return rules with one group, one kind and at most one name each: sorted, merged, explicit.

    A group may be left out; it is then that of the kind. The verb ``*`` becomes every verb, with
    ``promote`` for Stages.

    Raises:
        InvalidError: A kind is not known, or there are more than :data:`MAX_RULES`.
    """
    merged: dict[tuple[str, str, str], set[str]] = {}
    for index, rule in enumerate(rules):
        for key in _single(rule, path=f"{path}[{index}]"):
            merged.setdefault(key, set()).update(_verbs(rule.verbs, resource=key[1]))
            if len(merged) > MAX_RULES:
                raise _invalid(path, f"must come to no more than {MAX_RULES} single rules")
    return tuple(
        Rule((group,), (resource,), tuple(sorted(verbs)), (name,) if name else ())
        for (group, resource, name), verbs in sorted(merged.items(), key=_kargos_order)
    )


def plural_of(resource: str, *, path: str = "resourceType") -> str:
    """Return the plural name of a kind that is named by its plural or its singular.

    Raises:
        InvalidError: There is no such kind.
    """
    lowered = resource.lower()
    if lowered not in RESOURCES and f"{lowered}s" in RESOURCES:
        return f"{lowered}s"
    group_of(lowered, path=path)
    return lowered


def group_of(resource: str, *, path: str = "resourceType") -> str:
    """Return the API group of a kind.

    Raises:
        InvalidError: There is no such kind; the message names the one that may be meant.
    """
    if resource in RESOURCES:
        return RESOURCES[resource]
    meant = _meant(resource)
    hint = f'; did you mean "{meant}"?' if meant else f"; known are {', '.join(sorted(RESOURCES))}"
    raise _invalid(path, f'"{resource}" is not a kind that the platform knows{hint}')


def _single(rule: Rule, *, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield every group, kind and name that a rule covers, the name empty for all."""
    if len(rule.verbs) > MAX_VERBS:
        raise _invalid(f"{path}.verbs", f"must be no more than {MAX_VERBS}")
    for resource in dict.fromkeys(rule.resources):
        own_group = group_of(resource, path=f"{path}.resources")
        for group in dict.fromkeys(rule.groups or (own_group,)):
            for name in dict.fromkeys(rule.names or ("",)):
                yield group, resource, name


def _kargos_order(entry: tuple[tuple[str, str, str], set[str]]) -> tuple[str, tuple[str, str, str]]:
    """Return what to sort by; Kargo spells the group that has no name ``core``."""
    (group, resource, name), _ = entry
    return f"{group or 'core'}/{resource}/{name}", entry[0]


def _meant(resource: str) -> str:
    lowered = resource.lower()
    if f"{lowered}s" in RESOURCES:
        return f"{lowered}s"
    near = get_close_matches(lowered, RESOURCES, n=1)
    return near[0] if near else ""


def _verbs(verbs: Iterable[str], *, resource: str) -> set[str]:
    given = set(verbs)
    if ANY not in given:
        return given
    return {*given - {ANY}, *ALL_VERBS, *((PROMOTE,) if resource == "stages" else ())}


def _has(given: tuple[str, ...], wanted: str) -> bool:
    return wanted in given or ANY in given


def _has_parent(given: tuple[str, ...], wanted: str) -> bool:
    """Return whether ``stages/*`` or ``*/status`` covers a part such as ``stages/status``."""
    parent, _, part = wanted.partition("/")
    return bool(part) and (f"{parent}/*" in given or f"*/{part}" in given)


def _read(value: JSONValue, *, path: str) -> Rule:
    if not isinstance(value, Mapping):
        raise _invalid(path, "must be an object with apiGroups, resources and verbs")
    resources = _texts(value, "resources", path=path)
    verbs = _texts(value, "verbs", path=path)
    if not resources:
        raise _invalid(f"{path}.resources", "is required: plural names such as stages")
    if not verbs:
        raise _invalid(f"{path}.verbs", "is required: verbs such as get")
    names = _texts(value, "resourceNames", path=path)
    return Rule(_texts(value, "apiGroups", path=path), resources, verbs, names)


def _texts(value: JSONObject, key: str, *, path: str) -> tuple[str, ...]:
    given = value.get(key)
    if given is None:
        return ()
    if not isinstance(given, list | tuple) or not all(isinstance(it, str) for it in given):
        raise _invalid(f"{path}.{key}", "must be a list of strings")
    return tuple(as_text(it) for it in given)


def _invalid(path: str, reason: str) -> InvalidError:
    problem = FieldProblem(path, reason)
    return InvalidError(str(problem), problems=(problem,))
