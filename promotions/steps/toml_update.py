"""``toml-update``: sets scalars in a TOML file."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.documents.commit_messages import toml_update_message
from promotions.engine.documents.toml_update import update_toml
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.updating import update_schema, updated_file

SCHEMA = update_schema("TomlUpdateConfig", language="TOML")


@dataclass(frozen=True, slots=True)
class TomlUpdate(StepDefaults):
    """Sets scalars in a TOML file and leaves everything else as it is.

    Source: Kargo's ``toml-update`` step.
    """

    kind: ClassVar[str] = "toml-update"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Rewrite the file; its mode stays.

        Raises:
            StepError: The file is missing, is not TOML or lacks a key.
        """
        return updated_file(context, language="TOML", edit=update_toml, message=toml_update_message)
