"""A Secret as the routes for credentials show it: every key, no value, few annotations.

Source: Kargo's REST server, sanitizeCredentialSecret.
"""

from typing import Any

from projects.models import Secret
from promotions.manifests.metadata import CORE_API, PREFIX, manifest_to, metadata_to
from promotions.manifests.secret import REDACTED, REPO_URL, REPO_URL_IS_REGEX

DESCRIPTION = f"{PREFIX}description"
REPLICATE_TO = f"{PREFIX}replicate-to"
USERNAME = "username"
PASSWORD = "password"  # noqa: S105 - a key's name
GENERIC = "generic"
REPOSITORY_TYPES = ("git", "helm", "image")


def to_credential(secret: Secret, *, username: str = "") -> dict[str, Any]:
    """Write a Secret as JSON; what is for a repository shows its address and ``username``."""
    shown = dict.fromkeys(secret.keys, REDACTED)
    told = {DESCRIPTION, REPLICATE_TO} if secret.credential_type == GENERIC else {DESCRIPTION}
    if secret.credential_type in REPOSITORY_TYPES:
        plain = {
            REPO_URL: secret.repo_url,
            REPO_URL_IS_REGEX: "true" if secret.repo_url_is_regex else "false",
            USERNAME: username,
        }
        shown.update({key: it for key, it in plain.items() if key in shown})
    metadata = metadata_to(secret, namespace=secret.namespace, has_generation=False)
    if secret.annotations:
        metadata["annotations"] = {
            key: it if key in told else REDACTED for key, it in secret.annotations.items()
        }
    return manifest_to(
        "Secret", metadata, api_version=CORE_API, type=secret.type, stringData=shown or None
    )
