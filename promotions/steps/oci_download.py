"""``oci-download``: brings one layer of an artifact in a registry into the work directory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError, PlatformError, UpstreamError
from common.jsontypes import JSONObject, as_text
from promotions.engine.artifacts import Blob, layer_of
from promotions.engine.goquote import go_quote
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.ports.credentials import CredentialStore
from promotions.ports.oci import ArtifactRegistry, Repository
from promotions.steps.support.downloads import begin_download
from promotions.steps.support.oci import locate, with_credential

MAX_BYTES = 100 * 1024 * 1024

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "OCIDownloadConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["imageRef", "outPath"],
    "properties": {
        "imageRef": {
            "type": "string",
            "minLength": 1,
            "pattern": r"^(oci://)?[a-zA-Z0-9._-]+(:\d+)?(/[a-zA-Z0-9._-]+)*[@:][a-zA-Z0-9._:-]+$",
            "description": "The artifact, as repository:tag or repository@digest.",
        },
        "outPath": {
            "type": "string",
            "minLength": 1,
            "description": "Where the file goes, relative to the work directory.",
        },
        "allowOverwrite": {"type": "boolean", "description": "Replace a file that is there."},
        "mediaType": {
            "type": "string",
            "minLength": 1,
            "description": "Take the first layer of this type; default: the first layer.",
        },
        "insecureSkipTLSVerify": {"type": "boolean", "description": "Accept any certificate."},
    },
}


@dataclass(frozen=True, slots=True)
class OciDownload(StepDefaults):
    """Downloads a layer of at most 100 MiB as it is stored, all of it or nothing.

    Done again in the same work directory it succeeds, since it has brought the file already.
    Source: Kargo's ``oci-download`` step, which fails there.
    """

    registry: ArtifactRegistry
    credentials: CredentialStore

    kind: ClassVar[str] = "oci-download"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING

    def run(self, context: StepContext) -> StepResult:
        """Download the layer.

        Raises:
            StepError: Another file is there, or the layer is too large (terminal); or the
                artifact or the layer cannot be had.
        """
        config = context.config
        download = begin_download(
            context,
            kind=self.kind,
            out_path=as_text(config["outPath"]),
            allow_overwrite=config.get("allowOverwrite") is True,
        )
        if download.is_done:
            return StepResult()
        repository, name = self._located(context)
        layer = self._layer(repository, name, config)
        with self.registry.blob(repository, layer) as pieces:
            download.save(_copied(pieces))
        return StepResult()

    def _located(self, context: StepContext) -> tuple[Repository, str]:
        reference = as_text(context.config["imageRef"])
        insecure = context.config.get("insecureSkipTLSVerify") is True
        try:
            located = locate(reference, insecure=insecure)
        except InvalidError as error:
            message = f"failed to parse image reference {go_quote(reference)}: {error}"
            raise StepError(message) from error
        return with_credential(located, context, credentials=self.credentials), located.name

    def _layer(self, repository: Repository, name: str, config: JSONObject) -> Blob:
        try:
            manifest = self.registry.manifest(repository, name)
        except PlatformError as error:
            reference = go_quote(as_text(config["imageRef"]))
            raise StepError(f"failed to resolve image {reference}: {error}") from error
        try:
            layer = layer_of(manifest, as_text(config.get("mediaType")))
        except InvalidError as error:
            raise StepError(f"failed to find target layer: {error}") from error
        if layer.size > MAX_BYTES:
            message = f"layer size {layer.size} exceeds maximum allowed size of {MAX_BYTES} bytes"
            raise StepError(message, terminal=True)
        return layer


def _copied(pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    except UpstreamError as error:
        raise StepError(f"failed to copy layer content: {error}") from error
