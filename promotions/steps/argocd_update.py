"""``argocd-update``: changes the sources of Argo CD Applications and syncs them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.steps.support.argocd import apps_schema, described_apps

_TEXT: JSONObject = {"type": "string", "minLength": 1}
_UNSET: JSONObject = {"enum": [None, ""]}

_KUSTOMIZE: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "images": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["repoURL"],
                "properties": {
                    "repoURL": _TEXT,
                    "newName": _TEXT,
                    "tag": {"type": "string"},
                    "digest": {"type": "string"},
                },
                "oneOf": [
                    {"properties": {"digest": _UNSET, "tag": _UNSET}},
                    {
                        "required": ["digest"],
                        "properties": {"digest": {"minLength": 1}, "tag": _UNSET},
                    },
                    {
                        "required": ["tag"],
                        "properties": {"digest": _UNSET, "tag": {"minLength": 1}},
                    },
                ],
            },
        }
    },
}
_HELM: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["images"],
    "properties": {
        "images": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["key", "value"],
                "properties": {"key": _TEXT, "value": {"type": "string"}},
            },
        }
    },
}
_SOURCE: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["repoURL"],
    "properties": {
        "repoURL": {**_TEXT, "description": "Which of the Application's sources."},
        "chart": {**_TEXT, "description": "The chart, for a source that is a Helm repository."},
        "desiredRevision": {**_TEXT, "description": "What the source is to be synced to."},
        "updateTargetRevision": {
            "type": "boolean",
            "description": "Also write desiredRevision to the source.",
        },
        "kustomize": _KUSTOMIZE,
        "helm": _HELM,
    },
    "oneOf": [
        {
            "properties": {
                "desiredRevision": _UNSET,
                "updateTargetRevision": {"enum": [False, None]},
            }
        },
        {"required": ["desiredRevision"], "properties": {"desiredRevision": {"minLength": 1}}},
    ],
}

SCHEMA = apps_schema(
    "ArgoCDUpdateConfig", {"sources": {"type": "array", "minItems": 1, "items": _SOURCE}}
)


@dataclass(frozen=True, slots=True)
class ArgoCDUpdate(StepDefaults):
    """Says that no Argo CD is connected: nothing connects one to the platform yet.

    Source: Kargo's ``argocd-update`` step without Argo CD integration.
    """

    kind: ClassVar[str] = "argocd-update"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING
    default_timeout: ClassVar[timedelta | None] = timedelta(minutes=5)

    def run(self, _context: StepContext) -> StepResult:
        """Refuse.

        Raises:
            StepError: Always.
        """
        raise StepError(
            "Argo CD integration is disabled on this controller; cannot update Argo CD"
            " Application resources"
        )

    def would(self, context: StepContext) -> str:
        """Name the Applications."""
        return f"update and sync the Argo CD Applications {described_apps(context.config)}"
