"""What a chart depends on, what that is resolved to, and how ``Chart.lock`` says so.

Source: Helm ``pkg/chart/dependency.go``, ``internal/resolver`` and ``pkg/downloader/manager.go``.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.documents.yaml_quoting import scalar_text
from promotions.engine.documents.yaml_values import load_document
from promotions.engine.goquote import go_quote
from promotions.engine.semver.constraints import Constraint, parse_constraint
from promotions.engine.semver.versions import parse_tag

FILE, OCI = "file://", "oci://"
MOST_DEPENDENCIES = 200

_TEXTS = ("name", "version", "repository", "condition", "alias")
_ALWAYS = frozenset({"name", "repository"})
_ORDER = ("name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias")
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class ChartDependency:
    """One dependency, or what one was resolved to.

    Attributes:
        version: A constraint such as ``^1.2``, or the version it was resolved to.
        repository: An address; empty for a chart that is in ``charts`` already.
        stated: All that Chart.yaml says of it.
    """

    name: str
    version: str
    repository: str
    stated: JSONObject

    @property
    def is_local(self) -> bool:
        """Return whether it is another directory."""
        return self.repository.startswith(FILE)

    @property
    def is_oci(self) -> bool:
        """Return whether it is in an OCI registry."""
        return self.repository.startswith(OCI)

    @property
    def is_alias(self) -> bool:
        """Return whether its repository is a name in somebody's own configuration of Helm."""
        return self.repository.startswith(("@", "alias:"))

    def resolved(self, version: str) -> "ChartDependency":
        """Return it as Chart.lock names it."""
        stated: JSONObject = {"name": self.name, "repository": self.repository, "version": version}
        return ChartDependency(self.name, version, self.repository, stated)


@dataclass(frozen=True, slots=True)
class ChartLock:
    """What Chart.lock says."""

    dependencies: tuple[ChartDependency, ...]
    digest: str


def read_dependencies(text: str) -> tuple[ChartDependency, ...]:
    """Return the dependencies in the text of a Chart.yaml, in its order.

    Raises:
        InvalidError: It is not YAML, or a dependency is malformed.
    """
    entries = as_list(as_object(load_document(text)).get("dependencies"))
    if len(entries) > MOST_DEPENDENCIES:
        raise InvalidError(f"the chart has more than {MOST_DEPENDENCIES} dependencies")
    return tuple(_dependency(as_object(entry)) for entry in entries)


def read_lock(text: str) -> ChartLock:
    """Return what the text of a Chart.lock says.

    Raises:
        InvalidError: It is not YAML, or malformed.
    """
    digest = as_text(as_object(load_document(text)).get("digest"))
    return ChartLock(read_dependencies(text), digest)


def write_lock(
    required: Sequence[ChartDependency], locked: Sequence[ChartDependency], *, now: datetime
) -> str:
    """Return the text of a Chart.lock, as Helm writes it."""
    lines = ["dependencies:"]
    for it in locked:
        lines.append(f"- name: {scalar_text(it.name)}")
        lines.append(f"  repository: {scalar_text(it.repository)}")
        lines.append(f"  version: {scalar_text(it.version)}")
    generated = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    lines += [f"digest: {lock_digest(required, locked)}", f'generated: "{generated}"', ""]
    return "\n".join(lines)


def lock_digest(required: Iterable[ChartDependency], locked: Iterable[ChartDependency]) -> str:
    """Return the digest by which Helm tells that a lock belongs to a Chart.yaml."""
    both = [[_as_go_writes(it.stated) for it in several] for several in (required, locked)]
    text = json.dumps(both, separators=(",", ":"), ensure_ascii=False)
    for character, escape in _HTML.items():
        text = text.replace(character, escape)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def constraint_of(dependency: ChartDependency) -> Constraint:
    """Return which versions of a dependency will do.

    Raises:
        InvalidError: Its version is no constraint.
    """
    try:
        return parse_constraint(dependency.version)
    except InvalidError as error:
        raise InvalidError(
            f"dependency {go_quote(dependency.name)} has an invalid version/constraint format:"
            f" {error}"
        ) from error


def newest_allowed(dependency: ChartDependency, versions: Iterable[str]) -> str:
    """Return the newest version that will do, as it is written; empty if none does.

    Raises:
        InvalidError: The dependency's version is no constraint.
    """
    constraint = constraint_of(dependency)
    read = (parse_tag(version) for version in versions)
    allowed = [it for it in read if it is not None and constraint.allows(it)]
    return max(allowed).original if allowed else ""


def no_version(missing: Sequence[ChartDependency]) -> InvalidError:
    """Return the error for dependencies of which no version will do, in Helm's words."""
    names = ", ".join(
        f"{go_quote(it.name)} (repository {go_quote(it.repository)},"
        f" version {go_quote(it.version)})"
        for it in missing
    )
    return InvalidError(
        f"can't get a valid version for {len(missing)} subchart(s): {names}."
        " Make sure a matching chart version exists in the repo, or change the version constraint"
        " in Chart.yaml"
    )


def _dependency(stated: JSONObject) -> ChartDependency:
    for key in _TEXTS:
        if not isinstance(stated.get(key, ""), str | None):
            raise InvalidError(f"a dependency's {key} must be text: write it in quotes")
    name = as_text(stated.get("name"))
    if not name:
        raise InvalidError("a dependency has no name")
    version, repository = as_text(stated.get("version")), as_text(stated.get("repository"))
    return ChartDependency(name, version, repository, stated)


def _as_go_writes(stated: JSONObject) -> Mapping[str, JSONValue]:
    """Return a dependency's fields in Helm's order, without those that say nothing."""
    return {
        key: _sorted(stated.get(key) or "") for key in _ORDER if key in _ALWAYS or stated.get(key)
    }


def _sorted(value: JSONValue) -> JSONValue:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(it) for it in value] if isinstance(value, list) else value
