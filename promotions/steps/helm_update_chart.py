"""``helm-update-chart``: updates a chart's dependencies."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.documents.commit_messages import chart_update_message
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.chart_dependencies import ChartDependencies, VersionChange
from promotions.steps.support.failures import step_errors

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "HelmUpdateChartConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["path"],
    "properties": {
        "path": {"type": "string", "minLength": 1, "description": "The chart's directory."},
        "charts": {
            "type": "array",
            "minItems": 1,
            "description": "Versions to set in Chart.yaml before dependencies are resolved.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["repository", "name", "version"],
                "properties": {
                    "repository": {
                        "type": "string",
                        "minLength": 1,
                        "description": "Exactly as in Chart.yaml.",
                    },
                    "name": {
                        "type": "string",
                        "minLength": 1,
                        "description": "Exactly as in Chart.yaml.",
                    },
                    "version": {
                        "type": "string",
                        "minLength": 1,
                        "description": "A version, or a range of them.",
                    },
                },
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class HelmUpdateChart(StepDefaults):
    """Resolves a chart's dependencies anew and fetches them into its ``charts`` directory.

    Source: Kargo's ``helm-update-chart`` step.
    """

    dependencies: ChartDependencies

    kind: ClassVar[str] = "helm-update-chart"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING

    def run(self, context: StepContext) -> StepResult:
        """Update, and put out ``commitMessage`` if a locked version changed.

        Raises:
            StepError: Chart.yaml or Chart.lock is missing or wrong, no dependency matches, no
                version will do, or a repository cannot be read.
        """
        path = as_text(context.config["path"])
        entries = map(as_object, as_list(context.config.get("charts", ())))
        changes = [
            VersionChange(as_text(it["repository"]), as_text(it["name"]), as_text(it["version"]))
            for it in entries
        ]
        with step_errors("error updating chart dependencies", root=context.workdir):
            before, after = self.dependencies.update(context, path, changes)
        message = chart_update_message(path, before, after)
        return StepResult(output={"commitMessage": message} if message else None)
