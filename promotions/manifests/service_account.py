"""The manifest of a ServiceAccount: who a role is, and the claims that lead people to it."""

from collections.abc import Iterator
from typing import Any

from common.errors import FieldProblem, InvalidError
from promotions.manifests.metadata import Manifest
from promotions.manifests.schema import Json
from rbac.claims import CLAIMS, claims_in
from rbac.models import ServiceAccount
from rbac.selectors.role_documents import service_account_document


class ServiceAccountManifest(Manifest):
    """A ServiceAccount as somebody wrote it; what only matters to pods is known and ignored."""

    automount_service_account_token: Json = None
    image_pull_secrets: Json = None
    secrets: Json = None


def problems(manifest: ServiceAccountManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong with the claims in its annotations."""
    try:
        claims_in(manifest.metadata.annotations)
    except InvalidError as error:
        yield from error.problems or (FieldProblem(f"metadata.annotations[{CLAIMS}]", "is wrong"),)


def to_manifest(account: ServiceAccount) -> dict[str, Any]:
    """Write a ServiceAccount as Kubernetes' JSON."""
    return service_account_document(account)
