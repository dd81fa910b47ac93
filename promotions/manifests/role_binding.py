"""The manifests of RoleBinding and ClusterRoleBinding: which ServiceAccounts have which rules."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from common.errors import FieldProblem
from promotions.manifests.metadata import Manifest
from promotions.manifests.schema import (
    LONGEST_NAME,
    Json,
    Model,
    ResourceName,
    matching,
)
from rbac.models import RoleBinding
from rbac.selectors.role_documents import binding_with_subjects, role_binding_document
from rbac.selectors.roles import CLUSTER_ROLE, Subject

_SERVICE_ACCOUNT = "ServiceAccount"
_MAX_SUBJECTS = 1000


class RoleReference(Model):
    """Whose rules are given."""

    api_group: Json = None
    kind: Literal["Role", "ClusterRole"]
    name: ResourceName


class SubjectReference(Model):
    """Whom they are given to."""

    api_group: Json = None
    kind: str
    name: ResourceName
    namespace: Annotated[str, matching(r"[-a-z0-9.]*", "a namespace", longest=LONGEST_NAME)] = ""


class RoleBindingManifest(Manifest):
    """A RoleBinding or a ClusterRoleBinding as somebody wrote it."""

    role_ref: RoleReference
    subjects: list[SubjectReference] = Field(default_factory=list)

    def accounts(self) -> frozenset[Subject]:
        """Return the ServiceAccounts; those that name no namespace are of the binding's own."""
        return frozenset((it.namespace or self.metadata.namespace, it.name) for it in self.subjects)


def problems(manifest: RoleBindingManifest) -> Iterator[FieldProblem]:
    """Yield what cannot be bound here, or to whom."""
    if len(manifest.subjects) > _MAX_SUBJECTS:
        yield FieldProblem("subjects", f"must be no more than {_MAX_SUBJECTS}")
    for index, subject in enumerate(manifest.subjects):
        yield from _subject_problems(subject, path=f"subjects[{index}]")


def cluster_problems(manifest: RoleBindingManifest) -> Iterator[FieldProblem]:
    """Yield as :func:`problems` does, and what a ClusterRoleBinding may not say."""
    yield from problems(manifest)
    if manifest.role_ref.kind != CLUSTER_ROLE:
        yield FieldProblem("roleRef.kind", 'must be "ClusterRole" for a ClusterRoleBinding')
    for index, subject in enumerate(manifest.subjects):
        if not subject.namespace:
            reason = "is required in a ClusterRoleBinding"
            yield FieldProblem(f"subjects[{index}].namespace", reason)


def to_manifest(binding: RoleBinding) -> dict[str, Any]:
    """Write a RoleBinding or ClusterRoleBinding as Kubernetes' JSON."""
    return role_binding_document(binding_with_subjects(binding))


def _subject_problems(subject: SubjectReference, *, path: str) -> Iterator[FieldProblem]:
    if subject.kind != _SERVICE_ACCOUNT:
        yield FieldProblem(
            f"{path}.kind",
            f'must be "{_SERVICE_ACCOUNT}", not "{subject.kind}"; people are led to '
            "ServiceAccounts by the claims in their annotations",
        )
