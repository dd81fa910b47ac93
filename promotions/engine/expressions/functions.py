"""Kargo's own functions: freight, metadata, config maps, secrets and versions.

Source: Kargo ``pkg/expressions/function``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.expressions.artifacts import (
    artifact_record,
    chart_record,
    commit_record,
    image_record,
    origin_record,
)
from promotions.engine.expressions.builtins.dates import now_function
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import AnyMap, Function, Record
from promotions.engine.expressions.versions import VERSION_FUNCTIONS
from promotions.engine.freight import (
    Artifact,
    Chart,
    Commit,
    FreightCollection,
    FreightOrigin,
    FreightReference,
    Image,
)
from promotions.engine.urls import normalise_git_url

_ORIGIN = "v1alpha1.FreightOrigin"


class Lookup(Protocol):
    """Reads of one tenant's objects; a missing object is ``None`` or empty, never an error."""

    def warehouse_subscriptions(
        self, *, tenant_uid: str, project: str, warehouse: str
    ) -> tuple[JSONObject, ...] | None:
        """Return a Warehouse's subscriptions as in its manifest."""
        ...

    def freight_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        """Return a Freight's metadata by key."""
        ...

    def stage_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        """Return a Stage's metadata by key."""
        ...

    def config_map(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        """Return a ConfigMap's data."""
        ...

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        """Return a generic Secret's data."""
        ...


@dataclass(frozen=True, slots=True)
class FunctionScope:
    """What the functions of one promotion step work on.

    Attributes:
        requested: The origins that the Stage asks Freight from.
        freight: The Freight at hand, by origin.
        freight_status: Reads a Freight's status; without it ``freightStatus`` knows none.
        clock: Tells the time to ``now()``; without it there is no such function.
    """

    tenant_uid: str
    project: str
    lookup: Lookup
    requested: tuple[FreightOrigin, ...] = ()
    freight: FreightCollection = field(default_factory=dict)
    freight_status: Callable[[str], JSONObject | None] | None = None
    clock: Callable[[], datetime] | None = None


def kargo_functions(scope: FunctionScope) -> dict[str, object]:
    """Return the functions that a step's expressions may call, by name, status functions apart."""
    functions = (
        Function("warehouse", _warehouse, 1, 1, ("string",)),
        Function("commitFrom", _Finder(scope).commit, 1, 2, ("string", _ORIGIN)),
        Function("imageFrom", _Finder(scope).image, 1, 2, ("string", _ORIGIN)),
        Function("chartFrom", _Finder(scope).chart, 1, 3, ("string",)),
        Function("artifactFrom", _Finder(scope).artifact, 1, 2, ("string", _ORIGIN)),
        *_metadata_functions(scope),
        *_data_functions(scope),
        *VERSION_FUNCTIONS,
        *([now_function(scope.clock)] if scope.clock is not None else []),
    )
    return {function.name: function for function in functions}


class _Finder:
    """Finds an artifact in the Freight at hand, and first the origin it must come from."""

    def __init__(self, scope: FunctionScope) -> None:
        self.scope = scope

    def commit(self, arguments: Sequence[object]) -> object:
        url = normalise_git_url(_text(arguments[0]))

        def subscribes(subscription: JSONObject) -> bool:
            git = as_object(subscription.get("git"))
            return bool(git) and normalise_git_url(as_text(git.get("repoURL"))) == url

        found: Iterable[Commit] = (
            it
            for it in self._reference(arguments[1:], subscribes, f"a commit from {url}").commits
            if normalise_git_url(it.repo_url) == url
        )
        return _first(map(commit_record, found))

    def image(self, arguments: Sequence[object]) -> object:
        url = _text(arguments[0])

        def subscribes(subscription: JSONObject) -> bool:
            return as_object(subscription.get("image")).get("repoURL") == url

        found: Iterable[Image] = (
            it
            for it in self._reference(arguments[1:], subscribes, f"an image from {url}").images
            if it.repo_url == url
        )
        return _first(map(image_record, found))

    def chart(self, arguments: Sequence[object]) -> object:
        url, name, origin = _chart_arguments(arguments)

        def subscribes(subscription: JSONObject) -> bool:
            chart = as_object(subscription.get("chart"))
            return chart.get("repoURL") == url and as_text(chart.get("name")) == name

        what = f'chart "{name}" from {url}' if name else f"chart from {url}"
        reference = self._reference(origin, subscribes, what, required=True)
        found: Iterable[Chart] = (
            it for it in reference.charts if it.repo_url == url and it.name == name
        )
        return _first(map(chart_record, found))

    def artifact(self, arguments: Sequence[object]) -> object:
        name = _text(arguments[0])

        def subscribes(subscription: JSONObject) -> bool:
            generic = as_object(subscription.get("subscription"))
            return bool(generic) and generic.get("name") == name

        reference = self._reference(arguments[1:], subscribes, f"an artifact of {name}")
        found: Iterable[Artifact] = (
            it for it in reference.artifacts if it.subscription_name == name
        )
        return _first(map(artifact_record, found))

    def _reference(
        self,
        given: Sequence[object],
        subscribes: Callable[[JSONObject], bool],
        what: str,
        *,
        required: bool = False,
    ) -> FreightReference:
        """Return the Freight of the origin given, or of the only one that could provide it."""
        if given:
            key = _origin_key(given)
        else:
            origins = [
                origin
                for origin in self.scope.requested
                for subscription in self._subscriptions(origin)
                if subscribes(subscription)
            ]
            if len(origins) > 1:
                raise OperandError(
                    f"more than one requested Warehouse could provide {what}; name one with "
                    "warehouse() as the last argument"
                )
            if not origins and required:
                raise OperandError(f"there is no {what} in the referenced Freight")
            key = str(origins[0]) if origins else ""
        missing = FreightReference(name="", origin=FreightOrigin(name=""))
        return self.scope.freight.get(key, missing)

    def _subscriptions(self, origin: FreightOrigin) -> tuple[JSONObject, ...]:
        project = self.scope.project
        found = self.scope.lookup.warehouse_subscriptions(
            tenant_uid=self.scope.tenant_uid, project=project, warehouse=origin.name
        )
        if found is None:
            raise OperandError(f'there is no Warehouse "{origin.name}" in project "{project}"')
        return found


def _chart_arguments(arguments: Sequence[object]) -> tuple[str, str, Sequence[object]]:
    """Return the URL, the name, empty if there is none, and the origin or nothing."""
    url, *rest = arguments
    if not rest or not isinstance(rest[0], str):
        return _text(url), "", rest
    name, *origin = rest
    if origin and not name:
        raise OperandError("of three arguments the second must be the name of a chart")
    return _text(url), _text(name), origin


def _warehouse(arguments: Sequence[object]) -> object:
    name = _text(arguments[0])
    if not name:
        raise OperandError("name must not be empty")
    return origin_record(FreightOrigin(name=name))


def _origin_key(given: Sequence[object]) -> str:
    origin = given[0]
    if len(given) > 1 or not isinstance(origin, Record) or origin.type_name != _ORIGIN:
        raise OperandError("the last argument must be a warehouse()")
    return f"{origin.fields['Kind']}/{origin.fields['Name']}"


def _metadata_functions(scope: FunctionScope) -> Iterable[Function]:
    def freight_metadata(name: str) -> JSONObject | None:
        return scope.lookup.freight_metadata(
            tenant_uid=scope.tenant_uid, project=scope.project, name=name
        )

    def stage_metadata(name: str) -> JSONObject | None:
        return scope.lookup.stage_metadata(
            tenant_uid=scope.tenant_uid, project=scope.project, name=name
        )

    def freight_status(name: str) -> JSONObject | None:
        return scope.freight_status(name) if scope.freight_status else None

    yield _named_read("freightMetadata", "freight ref name", freight_metadata)
    yield _named_read("freightStatus", "freight ref name", freight_status)
    yield _named_read("stageMetadata", "stage name", stage_metadata)


def _named_read(function: str, noun: str, read: Callable[[str], JSONObject | None]) -> Function:
    def call(arguments: Sequence[object]) -> object:
        name = _text(arguments[0])
        if not name:
            raise OperandError(f"{noun} must not be empty")
        return read(name)

    return Function(function, call, 1, 1, ("string",), result="map[string]interface {}")


def _data_functions(scope: FunctionScope) -> Iterable[Function]:
    """Yield the readers of config maps and secrets; each name is read once per scope."""
    sources: Mapping[str, tuple[Callable[..., JSONObject], bool]] = {  # type: ignore[explicit-any]  # two methods of one shape
        "configMap": (scope.lookup.config_map, False),
        "sharedConfigMap": (scope.lookup.config_map, True),
        "secret": (scope.lookup.secret, False),
        "sharedSecret": (scope.lookup.secret, True),
    }
    for function, (read, shared) in sources.items():
        yield _cached_read(scope, function, read, shared=shared)


def _cached_read(  # type: ignore[explicit-any]  # as above
    scope: FunctionScope, function: str, read: Callable[..., JSONObject], *, shared: bool
) -> Function:
    known: dict[str, AnyMap] = {}

    def call(arguments: Sequence[object]) -> object:
        name = _text(arguments[0])
        if name not in known:
            found = read(
                tenant_uid=scope.tenant_uid, project=scope.project, name=name, shared=shared
            )
            known[name] = AnyMap(dict(found.items()), missing="")
        return known[name]

    return Function(function, call, 1, 1, ("string",))


def _first(records: Iterable[Record]) -> Record | None:
    return next(iter(records), None)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise OperandError("expected a string")
    return value
