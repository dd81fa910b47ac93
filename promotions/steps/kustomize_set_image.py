"""``kustomize-set-image``: sets images in a kustomization."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.documents.commit_messages import set_image_message
from promotions.engine.documents.kustomization import ImageTarget, set_images
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.ports.control_plane import ControlPlane
from promotions.steps.support.failures import step_errors
from promotions.steps.support.workdir import read_text, rewrite_text, secure_join

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_TEXT: JSONObject = {"type": "string"}
SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "KustomizeSetImageConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["path"],
    "properties": {
        "path": {
            "type": "string",
            "minLength": 1,
            "description": "The directory that holds the kustomization.",
        },
        "images": {
            "type": "array",
            "description": "The images to set; without it, every image of the Freight.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["image"],
                "properties": {
                    "image": {
                        "type": "string",
                        "minLength": 1,
                        "description": "The image's repository.",
                    },
                    "name": {**_TEXT, "description": "Its name in the kustomization."},
                    "newName": {**_TEXT, "description": "The repository to use; * keeps it."},
                    "tag": {**_TEXT, "description": "The tag to use; * keeps it."},
                    "digest": {**_TEXT, "description": "The digest to use; * keeps it."},
                },
                "oneOf": [
                    {
                        "required": ["tag"],
                        "properties": {"tag": {"minLength": 1}, "digest": {"maxLength": 0}},
                    },
                    {
                        "required": ["digest"],
                        "properties": {"digest": {"minLength": 1}, "tag": {"maxLength": 0}},
                    },
                ],
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class KustomizeSetImage(StepDefaults):
    """Sets images in the one kustomization of a directory.

    Source: Kargo's ``kustomize-set-image`` step.
    """

    control_plane: ControlPlane

    kind: ClassVar[str] = "kustomize-set-image"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Rewrite the kustomization's images.

        Raises:
            StepError: There is not exactly one kustomization, it cannot be edited, or without
                configured images it is unclear which Freight an image comes from.
        """
        path = as_text(context.config["path"])
        with step_errors("error setting images", root=context.workdir):
            file = _kustomization(context.workdir, path)
            targets = _configured(context.config) or self._from_freight(context)
            before = read_text(context.workdir, file)
            after, settled = set_images(before, targets)
            if after != before:
                rewrite_text(context.workdir, file, after)
        message = set_image_message(path, settled)
        return StepResult(output={"commitMessage": message} if message else None)

    def _from_freight(self, context: StepContext) -> tuple[ImageTarget, ...]:
        self._refuse_ambiguity(context)
        return tuple(
            ImageTarget(name=image.repo_url, new_tag=image.tag, digest=image.digest)
            for _, reference in sorted(context.freight.items())
            for image in reference.images
        )

    def _refuse_ambiguity(self, context: StepContext) -> None:
        origins: dict[str, str] = {}
        for request in context.freight_requests:
            for repo_url in self._image_repositories(context, request.origin.name):
                first = origins.setdefault(repo_url, str(request.origin))
                if first != str(request.origin):
                    raise InvalidError(
                        "manual configuration required due to ambiguous result: image"
                        f" {repo_url} comes from {first} and from {request.origin};"
                        " list the images to set under images"
                    )

    def _image_repositories(self, context: StepContext, warehouse: str) -> list[str]:
        subscriptions = self.control_plane.warehouse_subscriptions(
            tenant_uid=context.tenant_uid, project=context.project, warehouse=warehouse
        )
        if subscriptions is None:
            raise InvalidError(f'Warehouse "{warehouse}" not found in Project "{context.project}"')
        images = (as_object(it.get("image")) for it in subscriptions)
        return [as_text(image["repoURL"]) for image in images if "repoURL" in image]


def _kustomization(workdir: str, path: str) -> str:
    """Return the path of the one kustomization in a directory, relative to the work directory."""
    directory = Path(secure_join(workdir, path))
    found = [
        name
        for name in FILE_NAMES
        if (directory / name).is_file() and not (directory / name).is_symlink()
    ]
    if not found:
        raise InvalidError(f'could not find any Kustomization files in "{path}"')
    if len(found) > 1:
        raise InvalidError(
            f'ambiguous result: found multiple Kustomization files in "{path}": {", ".join(found)}'
        )
    return f"{path}/{found[0]}"


def _configured(config: JSONObject) -> tuple[ImageTarget, ...]:
    entries = map(as_object, as_list(config.get("images", ())))
    return tuple(
        ImageTarget(
            name=as_text(entry.get("name")) or as_text(entry["image"]),
            new_name=as_text(entry.get("newName")),
            new_tag=as_text(entry.get("tag")),
            digest=as_text(entry.get("digest")),
        )
        for entry in entries
    )
