"""``oci-push``: copies an artifact to another repository, or gives it another tag."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.artifacts import (
    Artifact,
    annotated,
    byte_count,
    compressed_size,
    is_artifact,
)
from promotions.engine.goquote import go_quote
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.ports.credentials import CredentialStore
from promotions.ports.oci import ArtifactRegistry
from promotions.steps.support.oci import Located, locate, with_credential

_OCI = "oci://"

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "OCIPushConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["srcRef", "destRef"],
    "properties": {
        "srcRef": {
            "type": "string",
            "minLength": 1,
            "pattern": r"^(oci://)?[a-zA-Z0-9._-]+(:\d+)?(/[a-zA-Z0-9._-]+)*[@:][a-zA-Z0-9._:-]+$",
            "description": "What to copy, as repository:tag or repository@digest.",
        },
        "destRef": {
            "type": "string",
            "minLength": 1,
            "pattern": r"^(oci://)?[a-zA-Z0-9._-]+(:\d+)?(/[a-zA-Z0-9._-]+)*[:][a-zA-Z0-9._-]+$",
            "description": "Where it goes, as repository:tag.",
        },
        "annotations": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "To add; a key may begin with index: or manifest: to say to what.",
        },
        "insecureSkipTLSVerify": {"type": "boolean", "description": "Accept any certificate."},
    },
}


@dataclass(frozen=True, slots=True)
class OciPush(StepDefaults):
    """Copies an image, an index of images, a Helm chart or any other artifact as it is.

    What the destination has already is not sent; if its tag stands for the same digest, nothing
    is. Source: Kargo's ``oci-push`` step.

    Attributes:
        max_bytes: The most that may go to another repository, compressed; 0 forbids it, and a
            negative number sets no limit.
    """

    registry: ArtifactRegistry
    credentials: CredentialStore
    max_bytes: int

    kind: ClassVar[str] = "oci-push"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Push, and put out ``image``, ``digest`` and ``tag``.

        Raises:
            StepError: A reference is malformed (failed and terminal); the artifact is too large
                or of an unknown kind (terminal); or a registry refuses or is out of reach.
        """
        source = _located(context, "srcRef", "source")
        target = _located(context, "destRef", "destination")
        origin = with_credential(source, context, credentials=self.credentials)
        place = with_credential(target, context, credentials=self.credentials)
        shown = go_quote(as_text(context.config["srcRef"]))
        try:
            artifact = self.registry.artifact(origin, source.name)
        except PlatformError as error:
            raise StepError(f"failed to get source artifact {shown}: {error}") from error
        wanted = self._prepared(artifact, context, is_copy=origin.url != place.url)
        destination = as_text(context.config["destRef"]).removeprefix(_OCI)
        try:
            self.registry.push(wanted, source=origin, target=place, tag=target.name)
        except PlatformError as error:
            what = "image index" if wanted.is_index else "image"
            message = f"failed to push {what} to {go_quote(destination)}: {error}"
            raise StepError(message) from error
        return StepResult(
            output={"image": destination, "digest": wanted.digest, "tag": target.name}
        )

    def would(self, context: StepContext) -> str:
        """Name the artifact and where it would go."""
        return f"push {context.config['srcRef']} to {context.config['destRef']}"

    def _prepared(self, artifact: Artifact, context: StepContext, *, is_copy: bool) -> Artifact:
        """Return the artifact as it is to be pushed, if it may be."""
        if is_copy and self.max_bytes == 0:
            raise StepError("cross-repository push is disabled", terminal=True)
        for document in artifact.manifests():
            if not is_artifact(document.media_type):
                message = f"unsupported media type {go_quote(document.media_type)}"
                raise StepError(message, terminal=True)
        try:
            size = compressed_size(artifact)
            wanted = annotated(artifact, _annotations(context.config))
        except InvalidError as error:
            raise StepError(f"failed to resolve source image: {error}") from error
        if is_copy and 0 <= self.max_bytes < size:
            message = (
                f"compressed artifact size {byte_count(size)} exceeds maximum allowed size of"
                f" {byte_count(self.max_bytes)}"
            )
            raise StepError(message, terminal=True)
        return wanted


def _located(context: StepContext, field: str, what: str) -> Located:
    reference = as_text(context.config[field])
    insecure = context.config.get("insecureSkipTLSVerify") is True
    try:
        return locate(reference, insecure=insecure)
    except InvalidError as error:
        message = f"failed to parse {what} reference {go_quote(reference)}: {error}"
        raise StepError(message, failed=True, terminal=True) from error


def _annotations(config: JSONObject) -> Mapping[str, str]:
    annotations = as_object(config.get("annotations"))
    return {key: as_text(value) for key, value in annotations.items()}
