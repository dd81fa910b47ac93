"""``json-update``: sets scalars in a JSON file."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.documents.commit_messages import json_update_message
from promotions.engine.documents.json_update import update_json
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.updating import update_schema, updated_file

SCHEMA = update_schema("JsonUpdateConfig", language="JSON")


@dataclass(frozen=True, slots=True)
class JsonUpdate(StepDefaults):
    """Sets scalars in a JSON file, makes what is missing and leaves everything else as it is.

    Source: Kargo's ``json-update`` step.
    """

    kind: ClassVar[str] = "json-update"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Rewrite the file; its mode stays.

        Raises:
            StepError: The file is missing, is not JSON or cannot hold a key.
        """
        return updated_file(context, language="JSON", edit=update_json, message=json_update_message)
