"""``hcl-update``: sets values in an HCL file, such as one of OpenTofu."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.documents.commit_messages import hcl_update_message
from promotions.engine.documents.hcl_update import update_hcl
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.updating import update_schema, updated_file

_VALUE: JSONObject = {
    "type": ["string", "number", "boolean"],
    "description": "The new value; text is quoted.",
}
SCHEMA = update_schema("HclUpdateConfig", language="HCL", value=_VALUE)


@dataclass(frozen=True, slots=True)
class HclUpdate(StepDefaults):
    """Sets values of attributes and of members of objects, and leaves everything else as it is.

    Source: the documentation of Kargo's ``hcl-update`` step.
    """

    kind: ClassVar[str] = "hcl-update"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Rewrite the file; its mode stays.

        Raises:
            StepError: The file is missing, is not HCL or lacks a key.
        """
        return updated_file(context, language="HCL", edit=update_hcl, message=hcl_update_message)
