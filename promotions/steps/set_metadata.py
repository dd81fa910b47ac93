"""``set-metadata``: writes metadata on Stages and Freight."""

from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError, NotFoundError, PlatformError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.goquote import go_quote
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.ports.metadata import MetadataKind, MetadataStore
from promotions.ports.origin import origin_of

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "SetMetadataConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["updates"],
    "properties": {
        "updates": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["kind", "name", "values"],
                "properties": {
                    "kind": {"type": "string", "enum": [kind.value for kind in MetadataKind]},
                    "name": {"type": "string", "minLength": 1, "description": "Of the object."},
                    "values": {
                        "type": "object",
                        "minProperties": 1,
                        "description": "Keys, and what each is to hold.",
                    },
                },
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class SetMetadata(StepDefaults):
    """Sets keys to exactly the values given, ``null`` included, one object after the other.

    Source: Kargo's ``set-metadata`` step, which cannot store ``null`` and does not lock.
    """

    metadata: MetadataStore

    kind: ClassVar[str] = "set-metadata"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Write.

        Raises:
            StepError: An object is missing, a key is empty or there would be too much; what was
                written before stays.
        """
        for update in map(as_object, as_list(context.config["updates"])):
            self._apply(context, update)
        return StepResult()

    def would(self, context: StepContext) -> str:
        """Name the objects."""
        updates = map(as_object, as_list(context.config["updates"]))
        named = (f"{as_text(it['kind'])} {as_text(it['name'])}" for it in updates)
        return f"set metadata of {', '.join(dict.fromkeys(named))}"

    def _apply(self, context: StepContext, update: JSONObject) -> None:
        kind, name = MetadataKind(as_text(update["kind"])), as_text(update["name"])
        values = as_object(update["values"])
        subject = f"{kind} {go_quote(name)} in namespace {go_quote(context.project)}"
        try:
            self.metadata.upsert(origin_of(context), kind=kind, name=name, values=values)
        except NotFoundError as error:
            raise StepError(f"error getting {kind}: {error}") from error
        except InvalidError as error:
            raise StepError(f"error updating metadata for {subject}: {error}") from error
        except PlatformError as error:
            raise StepError(f"error patching status of {subject}: {error}") from error
