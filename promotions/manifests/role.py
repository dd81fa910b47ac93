"""The manifests of Role and ClusterRole: rules, to be bound to somebody."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from common.errors import FieldProblem
from promotions.manifests.metadata import Manifest
from promotions.manifests.schema import Model
from rbac.models import Role
from rbac.rules import Rule
from rbac.selectors.role_documents import role_document

_MAX_RULES = 1000


class PolicyRule(Model):
    """Verbs on kinds of objects."""

    api_groups: list[str] = Field(default_factory=list)
    resources: list[str] = Field(default_factory=list)
    resource_names: list[str] = Field(default_factory=list)
    verbs: list[str] = Field(default_factory=list)


class RoleManifest(Manifest):
    """A Role or a ClusterRole as somebody wrote it."""

    rules: list[PolicyRule] = Field(default_factory=list)

    def own_rules(self) -> tuple[Rule, ...]:
        """Return the rules as they are judged and stored."""
        return tuple(
            Rule(
                tuple(it.api_groups),
                tuple(it.resources),
                tuple(it.verbs),
                tuple(it.resource_names),
            )
            for it in self.rules
        )


def problems(manifest: RoleManifest) -> Iterator[FieldProblem]:
    """Yield what Kubernetes would refuse in the rules."""
    if len(manifest.rules) > _MAX_RULES:
        yield FieldProblem("rules", f"must be no more than {_MAX_RULES}")
    for index, rule in enumerate(manifest.rules):
        path = f"rules[{index}]"
        if not rule.verbs:
            yield FieldProblem(f"{path}.verbs", "is required: verbs such as get")
        if not rule.resources:
            yield FieldProblem(f"{path}.resources", "is required: plural names such as stages")
        if not rule.api_groups:
            reason = 'is required: groups such as kargo.akuity.io, or "" for the core group'
            yield FieldProblem(f"{path}.apiGroups", reason)


def to_manifest(role: Role) -> dict[str, Any]:
    """Write a Role or ClusterRole as Kubernetes' JSON."""
    return role_document(role)
