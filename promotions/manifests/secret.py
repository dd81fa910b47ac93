"""The manifest of a Secret: read with its values, written without."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from common.errors import FieldProblem
from projects.models import Secret
from promotions.manifests.config_map import key_problems
from promotions.manifests.metadata import CORE_API, PREFIX, Manifest, manifest_to, metadata_to
from promotions.manifests.schema import Strings

REDACTED = "*** REDACTED ***"
"""Stands for a value in what we write; read back, it means: as it is."""

CREDENTIAL_LABEL = f"{PREFIX}cred-type"
REPO_URL = "repoURL"
REPO_URL_IS_REGEX = "repoURLIsRegex"


class SecretManifest(Manifest):
    """A Secret as somebody wrote it; ``data`` is base64, ``stringData`` is not and wins."""

    type: str = "Opaque"
    data: Strings = Field(default_factory=dict, repr=False)
    string_data: Strings = Field(default_factory=dict, repr=False)
    immutable: bool | None = None

    def values(self) -> dict[str, str]:
        """Return every key with its plain value; call it only when :func:`problems` is empty."""
        decoded = {key: _decoded(value) or "" for key, value in self.data.items()}
        return {**decoded, **self.string_data}


def problems(manifest: SecretManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema, without quoting a value."""
    yield from key_problems(manifest.data, path="data")
    yield from key_problems(manifest.string_data, path="stringData")
    for key, value in manifest.data.items():
        if _decoded(value) is None:
            reason = "must be the base64 of UTF-8 text; plain text belongs in stringData"
            yield FieldProblem(f"data.{key}", reason)


def to_manifest(secret: Secret) -> dict[str, Any]:
    """Write a Secret as Kubernetes' JSON, values redacted; only the repository's URL is shown."""
    shown = dict.fromkeys(secret.keys, REDACTED)
    if secret.repo_url:
        shown[REPO_URL] = secret.repo_url
    if secret.repo_url_is_regex:
        shown[REPO_URL_IS_REGEX] = "true"
    metadata = metadata_to(secret, namespace=secret.namespace, has_generation=False)
    return manifest_to(
        "Secret", metadata, api_version=CORE_API, type=secret.type, stringData=shown or None
    )


def _decoded(value: str) -> str | None:
    if value == REDACTED:
        return value
    try:
        text = base64.b64decode("".join(value.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return None if "\0" in text else text
