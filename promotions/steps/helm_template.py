"""``helm-template``: renders a chart to manifests."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from common.errors import PlatformError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.documents.manifests import flat_layout, helm_layout
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.ports.rendering import (
    ChartRendering,
    MissingDependenciesError,
    Renderer,
    SetValue,
)
from promotions.steps.support.chart_dependencies import ChartDependencies
from promotions.steps.support.failures import step_errors
from promotions.steps.support.rendering import (
    existing_chart,
    existing_files,
    is_file_path,
    write_file,
    write_files,
)
from promotions.steps.support.workdir import make_directories, sanitise, secure_join

_FLAT = "flat"
_KUBE_VERSION_MARK = "invalid kube version"
_TEXTS: JSONObject = {"type": "array", "items": {"type": "string", "minLength": 1}}

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "HelmTemplateConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["outPath", "path", "releaseName"],
    "properties": {
        "path": {
            "type": "string",
            "minLength": 1,
            "description": "The chart: a directory or an archive.",
        },
        "outPath": {
            "type": "string",
            "minLength": 1,
            "description": "Where the manifests go: a .yaml or .yml file, else a directory.",
        },
        "outLayout": {
            "type": "string",
            "enum": ["helm", _FLAT],
            "description": "Of a directory: by chart and template, or one file a resource.",
        },
        "releaseName": {"type": "string", "minLength": 1, "description": "The release's name."},
        "useReleaseName": {
            "type": "boolean",
            "default": False,
            "description": "Put a directory named for the release around Helm's layout.",
        },
        "namespace": {
            "type": "string",
            "description": "The release's namespace; default: the project's name.",
        },
        "valuesFiles": {**_TEXTS, "description": "Files with values; the last one wins."},
        "ignoreMissingValueFiles": {
            "type": "boolean",
            "default": False,
            "description": "Leave out files with values that do not exist.",
        },
        "setValues": {
            "type": "array",
            "description": "Values that win over those in files.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["key", "value"],
                "properties": {
                    "key": {"type": "string", "minLength": 1, "description": "Such as image.tag."},
                    "value": {"type": "string", "description": "The value; see quote()."},
                    "literal": {
                        "type": "boolean",
                        "default": False,
                        "description": "Take the value as it is, commas and all.",
                    },
                },
            },
        },
        "buildDependencies": {
            "type": "boolean",
            "default": False,
            "description": "Fetch the chart's dependencies before.",
        },
        "includeCRDs": {"type": "boolean", "default": False, "description": "Render CRDs too."},
        "disableHooks": {"type": "boolean", "default": False, "description": "Leave out hooks."},
        "skipTests": {"type": "boolean", "default": False, "description": "Leave out tests."},
        "kubeVersion": {
            "type": "string",
            "description": "The version of Kubernetes to render for.",
        },
        "apiVersions": {**_TEXTS, "description": "API versions that the cluster offers besides."},
    },
}


@dataclass(frozen=True, slots=True)
class HelmTemplate(StepDefaults):
    """Renders a chart; nothing outside the work directory is read.

    Source: Kargo's ``helm-template`` step.
    """

    renderer: Renderer
    dependencies: ChartDependencies

    kind: ClassVar[str] = "helm-template"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING

    def run(self, context: StepContext) -> StepResult:
        """Write the manifests, over those of an earlier run.

        Raises:
            StepError: The chart or a values file is missing or wrong, dependencies are missing
                or cannot be fetched, Helm refuses, or a manifest's name is no file name.
        """
        root, config = context.workdir, context.config
        with step_errors("failed to compose values", root=root):
            files = existing_files(
                root,
                _texts(config, "valuesFiles"),
                ignore_missing=config.get("ignoreMissingValueFiles") is True,
            )
        path = as_text(config["path"])
        if config.get("buildDependencies") is True:
            with step_errors("failed to build chart dependencies", root=root):
                self.dependencies.build(context, path)
        with step_errors(f'failed to load chart from "{path}"', root=root):
            chart = existing_chart(root, path)
        text = self._rendered(_rendering(context, chart=chart, values_files=files), root=root)
        with step_errors("failed to write rendered chart", root=root):
            _write(root, config, text)
        return StepResult()

    def _rendered(self, rendering: ChartRendering, *, root: str) -> str:
        try:
            return self.renderer.chart(rendering)
        except MissingDependenciesError as error:
            raise StepError(f"missing chart dependencies: {error}") from error
        except PlatformError as error:
            action = "failed to render chart"
            if _KUBE_VERSION_MARK in error.message:
                action = (
                    "failed to initialize Helm action config: failed to parse Kubernetes version"
                    f' "{rendering.kube_version}"'
                )
            raise StepError(sanitise(f"{action}: {error}", root)) from error


def _rendering(
    context: StepContext, *, chart: str, values_files: tuple[str, ...]
) -> ChartRendering:
    config = context.config
    return ChartRendering(
        root=context.workdir,
        path=chart,
        release_name=as_text(config["releaseName"]),
        namespace=as_text(config.get("namespace")) or context.project,
        values_files=values_files,
        set_values=tuple(_set_values(config)),
        include_crds=config.get("includeCRDs") is True,
        disable_hooks=config.get("disableHooks") is True,
        skip_tests=config.get("skipTests") is True,
        kube_version=as_text(config.get("kubeVersion")),
        api_versions=_texts(config, "apiVersions"),
    )


def _set_values(config: JSONObject) -> list[SetValue]:
    entries = map(as_object, as_list(config.get("setValues", ())))
    return [
        SetValue(as_text(it["key"]), as_text(it["value"]), literal=it.get("literal") is True)
        for it in entries
    ]


def _write(root: str, config: JSONObject, text: str) -> None:
    out_path = as_text(config["outPath"])
    if is_file_path(out_path):
        write_file(root, out_path, text)
        return
    if config.get("outLayout") == _FLAT:
        make_directories(Path(secure_join(root, out_path)), mode=0o700)
        write_files(root, out_path, flat_layout(text))
        return
    if config.get("useReleaseName") is True:
        out_path = f"{out_path}/{as_text(config['releaseName'])}"
    write_files(root, out_path, helm_layout(text))


def _texts(config: JSONObject, key: str) -> tuple[str, ...]:
    return tuple(map(as_text, as_list(config.get(key, ()))))
