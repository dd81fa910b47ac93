"""``kustomize-build``: renders a kustomization to manifests."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.documents.manifests import kargo_layout, kustomize_layout
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.ports.rendering import KustomizationBuild
from promotions.steps.support.failures import step_errors
from promotions.steps.support.kustomizations import Kustomizations
from promotions.steps.support.rendering import is_file_path, write_file, write_files
from promotions.steps.support.targets import refuse_private
from promotions.steps.support.workdir import make_directories, secure_join

_LAYOUTS = {"kargo": kargo_layout, "kustomize": kustomize_layout}

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "KustomizeBuildConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "outPath"],
    "properties": {
        "path": {
            "type": "string",
            "minLength": 1,
            "description": "The directory that holds the kustomization.",
        },
        "outPath": {
            "type": "string",
            "minLength": 1,
            "description": "Where the manifests go: a .yaml or .yml file, else a directory.",
        },
        "outputFormat": {
            "type": "string",
            "enum": [*_LAYOUTS],
            "description": "How files in a directory are named; default: kargo.",
        },
        "plugin": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "helm": {
                    "type": "object",
                    "description": "For charts in the kustomization.",
                    "additionalProperties": False,
                    "properties": {
                        "apiVersions": {
                            "type": "array",
                            "items": {"type": "string", "minLength": 1},
                            "description": "API versions that the cluster offers besides.",
                        },
                        "kubeVersion": {
                            "type": "string",
                            "description": "The version of Kubernetes to render for.",
                        },
                    },
                },
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class KustomizeBuild(StepDefaults):
    """Renders a kustomization; nothing outside the work directory is read.

    Source: Kargo's ``kustomize-build`` step.
    """

    kustomizations: Kustomizations

    kind: ClassVar[str] = "kustomize-build"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING

    def run(self, context: StepContext) -> StepResult:
        """Write the manifests, over those of an earlier run.

        Raises:
            StepError: There is no kustomization, kustomize refuses it, a chart cannot be
                fetched, or a manifest's name is no file name.
        """
        root, config = context.workdir, context.config
        out_path = as_text(config["outPath"])
        with step_errors("failed to build the kustomization", root=root):
            text = self.kustomizations.text(
                _build(root, config), tenant_uid=context.tenant_uid, project=context.project
            )
        with step_errors(f'failed to write built manifests to "{out_path}"', root=root):
            if is_file_path(out_path):
                write_file(root, out_path, text)
                return StepResult()
            layout = _LAYOUTS[as_text(config.get("outputFormat")) or "kargo"]
            make_directories(Path(secure_join(root, out_path)), mode=0o700)
            write_files(root, out_path, layout(text))
        return StepResult()


def _build(root: str, config: JSONObject) -> KustomizationBuild:
    refuse_private(root, as_text(config["path"]))
    path = secure_join(root, as_text(config["path"]))
    if not Path(path).is_dir():
        raise InvalidError(f"{as_text(config['path'])} is not a directory")
    helm = as_object(as_object(config.get("plugin")).get("helm"))
    return KustomizationBuild(
        root=root,
        path=path,
        kube_version=as_text(helm.get("kubeVersion")),
        api_versions=tuple(map(as_text, as_list(helm.get("apiVersions", ())))),
    )
