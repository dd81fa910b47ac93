"""Applies manifests: all of them or, if anything is wrong with one, none."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import OperationalError, connection, transaction

from common.errors import ConflictError, FieldProblem, InvalidError, NotFoundError, PlatformError
from common.jsontypes import JSONObject, as_object, as_text
from common.models import Resource
from projects.models import Project, Tenant
from projects.selectors import projects_in
from promotions.manifests.documents import Document, read_documents
from promotions.manifests.kinds import (
    KINDS,
    Kind,
    Read,
    Scope,
    is_foreign,
    kind_of,
    read_manifest,
)
from promotions.models import Stage
from promotions.services.access_places import (
    ACCESS_KINDS,
    CLUSTER_KINDS,
    TENANT_NAMESPACES,
    tenant_namespaces,
)
from promotions.services.apply_kinds import Applier, save_manifest
from promotions.services.named_objects import object_named
from promotions.services.saving import Outcome, Saved
from promotions.services.stages import circle_closed, stage_graph
from rbac.actors import Actor

PROJECT_LABEL = "kargo.akuity.io/project"

_ATTEMPTS = 3


class Action(StrEnum):
    """What applying one document came to, in the words of ``kubectl``."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"


class Mode(StrEnum):
    """What may be done to what is there, or not there, already."""

    UPSERT = "upsert"
    CREATE = "create"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Applied:
    """One document and what applying it came to.

    Attributes:
        resource: The stored object; ``None`` if it was skipped or failed.
        error: What went wrong, if it failed.
    """

    document: Document
    action: Action
    resource: Resource | None = None
    warnings: tuple[str, ...] = ()
    error: PlatformError | None = None

    @property
    def label(self) -> str:
        """How a command line names it, such as ``stage.kargo.akuity.io/test``."""
        content = self.document.content
        kind = KINDS.get(as_text(content.get("kind")))
        name = as_text(as_object(content.get("metadata")).get("name"))
        noun = kind.singular if kind else as_text(content.get("kind")).lower() or "document"
        return f"{noun}/{self.resource.name if self.resource is not None else name}"

    @property
    def problems(self) -> tuple[FieldProblem, ...]:
        """What is wrong with it, where; without a place if the error has none."""
        if self.error is None:
            return ()
        found = self.error.problems if isinstance(self.error, InvalidError) else ()
        return found or (FieldProblem("", self.error.message),)


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What applying came to, a line a document, in the order they were given.

    Attributes:
        is_applied: Whether anything was stored: not in a dry run, not if a document failed.
    """

    items: tuple[Applied, ...]
    is_applied: bool = False

    @property
    def failed(self) -> tuple[Applied, ...]:
        """The documents that something is wrong with."""
        return tuple(it for it in self.items if it.action is Action.FAILED)


@dataclass(slots=True)
class _Pass:
    """One attempt at applying documents that are valid by themselves."""

    applier: Applier
    graphs: dict[int, dict[str, list[str]]] = field(default_factory=dict)
    stages: dict[int, list[str]] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)

    def save(self, read: Read) -> Saved[Any]:
        if read.kind.name != "Stage":
            return save_manifest(read, self.applier)
        project = self.applier.project(read.manifest)
        self.projects[project.pk] = project
        if project.pk not in self.graphs:
            self.graphs[project.pk] = stage_graph(project)
        saved = save_manifest(read, self.applier)
        self.stages.setdefault(project.pk, []).append(saved.resource.name)
        return saved

    def circle(self) -> tuple[PlatformError, str, str] | None:
        """Return the error, project and Stage of a circle that was closed, if any."""
        for pk, names in self.stages.items():
            project = self.projects[pk]
            closed = circle_closed(project, before=self.graphs[pk], names=names)
            if closed is not None:
                name, error = closed
                return error, project.name, name
        return None


def apply_documents(
    documents: str | bytes | Sequence[Document],
    *,
    tenant: Tenant,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    namespace: str = "",
) -> ApplyReport:
    """Create or update what the documents describe, in one transaction.

    Projects come first, then what others need, whatever the order given. Documents for other
    systems (Namespaces, Argo CD Applications, Secrets in a Namespace that the documents bring
    along and that is no project, ServiceAccounts and Roles of what is no project) are skipped with
    a warning.

    Args:
        documents: What to apply, read or not.
        tenant: Where.
        actor: Who; the caller has made sure that they may.
        now: When.
        dry_run: Try everything and store nothing.
        namespace: The project of documents that name none.

    Returns:
        What became of each document; if one failed, nothing was stored.

    Raises:
        InvalidError: The text is neither YAML nor JSON, or breaks a bound.
    """
    given = read_documents(documents) if isinstance(documents, str | bytes) else documents
    placed = [_placed(document, namespace) for document in given]
    elsewhere = _elsewhere(placed, tenant)
    unknown = _unknown_to_access(placed, tenant)
    checked = [_check(document, elsewhere=elsewhere, unknown=unknown) for document in placed]
    if any(isinstance(it, Applied) and it.action is Action.FAILED for it in checked):
        return ApplyReport(tuple(_unsaved(it) for it in checked))
    applier = Applier(tenant, actor, now)
    return _with_retries(checked, applier, dry_run=dry_run)


def apply_document(
    content: JSONObject,
    *,
    tenant: Tenant,
    actor: Actor,
    now: datetime,
    mode: Mode = Mode.UPSERT,
) -> Applied:
    """Apply one document by itself, in a transaction of its own.

    Raises:
        PlatformError: Something is wrong with it; nothing was stored.
        ConflictError: ``mode`` is to create, and it exists.
        NotFoundError: ``mode`` is to update, and it does not.
    """
    document = Document(content)
    if mode is Mode.CREATE:
        _refuse_existing(content, tenant)
    read = read_manifest(content)
    attempt = _Pass(Applier(tenant, actor, now))
    with transaction.atomic():
        saved = attempt.save(read)
        if mode is Mode.CREATE and saved.outcome is not Outcome.CREATED:
            raise _taken(read.kind, saved.resource.name)
        if mode is Mode.UPDATE and saved.outcome is Outcome.CREATED:
            raise NotFoundError("resource does not exist; its manifest was not found here")
        if (circle := attempt.circle()) is not None:
            raise circle[0]
    return Applied(document, Action(saved.outcome.value), saved.resource, read.warnings)


@dataclass(frozen=True, slots=True)
class _Checked:
    document: Document
    read: Read


def _placed(document: Document, namespace: str) -> Document:
    """Return the document in ``namespace`` if it needs one and has none."""
    kind = KINDS.get(as_text(document.content.get("kind")))
    metadata = as_object(document.content.get("metadata"))
    is_complete = kind is None or kind.scope is Scope.TENANT or "namespace" in metadata
    if is_complete or not namespace:
        return document
    content = {**document.content, "metadata": {**metadata, "namespace": namespace}}
    return replace(document, content=content)


def _check(
    document: Document, *, elsewhere: frozenset[str], unknown: frozenset[str]
) -> _Checked | Applied:
    if is_foreign(document.content):
        return _skipped(document, "not a kind of this platform")
    if _is_access(document) and _namespace(document) in unknown:
        return _skipped(document, f'the namespace "{_namespace(document)}" is not a project')
    try:
        read = read_manifest(document.content)
    except PlatformError as error:
        return Applied(document, Action.FAILED, error=error)
    namespace = read.manifest.metadata.namespace
    if read.kind.scope is Scope.NAMESPACE and namespace in elsewhere:
        return _skipped(document, f'the namespace "{namespace}" is not a project')
    return _Checked(document, read)


def _skipped(document: Document, reason: str) -> Applied:
    warning = f"{reason}; left to whoever else reads the file"
    return Applied(document, Action.SKIPPED, warnings=(warning,))


def _elsewhere(documents: Iterable[Document], tenant: Tenant) -> frozenset[str]:
    """Return the namespaces that the documents declare for something else than a project."""
    named: dict[str, set[str]] = {"Namespace": set(), "Project": set()}
    for document in documents:
        metadata = as_object(document.content.get("metadata"))
        is_ours = as_object(metadata.get("labels")).get(PROJECT_LABEL) == "true"
        kind = as_text(document.content.get("kind"))
        named.get("Project" if is_ours else kind, set()).add(as_text(metadata.get("name")))
    plain = named["Namespace"] - named["Project"] - TENANT_NAMESPACES
    return frozenset(plain.difference(_stored_projects(tenant, plain)))


def _unknown_to_access(documents: Iterable[Document], tenant: Tenant) -> frozenset[str]:
    """Return the namespaces of ServiceAccounts and the like that are none of this platform."""
    given = list(documents)
    named = {_namespace(it) for it in given if _is_access(it)} - {""}
    projects = {
        as_text(as_object(it.content.get("metadata")).get("name"))
        for it in given
        if it.content.get("kind") == "Project"
    }
    rest = named - projects - tenant_namespaces("ServiceAccount")
    return frozenset(rest.difference(_stored_projects(tenant, rest)))


def _stored_projects(tenant: Tenant, names: Iterable[str]) -> set[str]:
    return set(projects_in(tenant).filter(name__in=names).values_list("name", flat=True))


def _is_access(document: Document) -> bool:
    return as_text(document.content.get("kind")) in ACCESS_KINDS - CLUSTER_KINDS


def _namespace(document: Document) -> str:
    return as_text(as_object(document.content.get("metadata")).get("namespace"))


def _unsaved(checked: _Checked | Applied) -> Applied:
    """Return what to report of a document when another one was wrong."""
    if isinstance(checked, Applied):
        return checked
    return Applied(checked.document, Action.UNCHANGED, warnings=checked.read.warnings)


def _with_retries(
    checked: Sequence[_Checked | Applied], applier: Applier, *, dry_run: bool
) -> ApplyReport:
    """Apply in a transaction; begin again if the database ended it over a deadlock.

    Workers lock the same rows in another order. Beginning again is safe: nothing was stored.
    """
    attempts = 1 if connection.in_atomic_block else _ATTEMPTS
    for remaining in reversed(range(attempts)):
        try:
            return _apply_once(checked, applier, dry_run=dry_run)
        except OperationalError:
            if not remaining:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _apply_once(
    checked: Sequence[_Checked | Applied], applier: Applier, *, dry_run: bool
) -> ApplyReport:
    attempt = _Pass(applier)
    with transaction.atomic():
        items = _apply_all(checked, attempt)
        is_good = all(it.action is not Action.FAILED for it in items)
        if dry_run or not is_good:
            transaction.set_rollback(True)
    return ApplyReport(tuple(items), is_applied=is_good and not dry_run)


def _apply_all(checked: Sequence[_Checked | Applied], attempt: _Pass) -> list[Applied]:
    items = [_unsaved(it) for it in checked]
    ranked = sorted(
        (it.read.kind.rank, index, it)
        for index, it in enumerate(checked)
        if isinstance(it, _Checked)
    )
    for _, index, it in ranked:
        items[index] = _apply_one(it, attempt)
    if all(it.action is not Action.FAILED for it in items):
        _mark_circle(items, attempt)
    return items


def _apply_one(checked: _Checked, attempt: _Pass) -> Applied:
    warnings = checked.read.warnings
    try:
        with transaction.atomic():
            saved = attempt.save(checked.read)
    except PlatformError as error:
        return Applied(checked.document, Action.FAILED, warnings=warnings, error=error)
    action = Action(saved.outcome.value)
    return Applied(checked.document, action, saved.resource, warnings)


def _mark_circle(items: list[Applied], attempt: _Pass) -> None:
    circle = attempt.circle()
    if circle is None:
        return
    error, project, stage = circle
    for index in _stage_documents(items, project=project, name=stage):
        items[index] = replace(items[index], action=Action.FAILED, resource=None, error=error)


def _stage_documents(items: Iterable[Applied], *, project: str, name: str) -> list[int]:
    return [
        index
        for index, it in enumerate(items)
        if isinstance(it.resource, Stage)
        and it.resource.name == name
        and it.resource.project.name == project
    ]


def _refuse_existing(content: JSONObject, tenant: Tenant) -> None:
    """Refuse what is there already, whatever else may be wrong with its manifest.

    Source: Kargo's ``create_resource`` handler, which looks before anything is validated.
    """
    with suppress(InvalidError, NotFoundError):
        raise _taken(kind_of(content), object_named(content, tenant).name)


def _taken(kind: Kind, name: str) -> ConflictError:
    group = kind.api_version.rpartition("/")[0]
    plural = f"{kind.plural}.{group}" if group else kind.plural
    return ConflictError(f'{plural} "{name}" already exists')
