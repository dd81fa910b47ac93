"""What the OCI steps share: which repository a reference means, and who asks for it."""

from dataclasses import dataclass, replace

from promotions.engine.references import ImageReference, resolve_reference
from promotions.engine.runner import StepContext
from promotions.ports.credentials import CredentialStore, CredentialType
from promotions.ports.oci import Repository

_OCI = "oci://"


@dataclass(frozen=True, slots=True)
class Located:
    """An artifact's place.

    Attributes:
        repository: Without credentials until :func:`with_credential` has found them.
        name: The tag or the digest.
        kind: Whose credentials open it: with ``oci://`` those of Helm, else of images.
    """

    repository: Repository
    name: str
    kind: CredentialType


def locate(reference: str, *, insecure: bool) -> Located:
    """Return where a reference in a step's configuration points to.

    Raises:
        InvalidError: It is not a reference.
    """
    parts: ImageReference = resolve_reference(reference)
    repository = Repository(f"{parts.registry}/{parts.repository}", verify_tls=not insecure)
    kind = CredentialType.HELM if reference.startswith(_OCI) else CredentialType.IMAGE
    return Located(repository, parts.digest or parts.tag, kind)


def with_credential(
    located: Located, context: StepContext, *, credentials: CredentialStore
) -> Repository:
    """Return the repository with the credential that the project has for it, if any."""
    url = located.repository.url
    found = credentials.find(
        tenant_uid=context.tenant_uid,
        project=context.project,
        kind=located.kind,
        repo_url=f"{_OCI}{url}" if located.kind is CredentialType.HELM else url,
    )
    usable = found if found and (found.username or found.password) else None
    return replace(located.repository, credential=usable)
