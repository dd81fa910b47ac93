"""``yaml-update``: sets scalars in a YAML file."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.documents.commit_messages import yaml_update_message
from promotions.engine.documents.yaml_update import update_yaml
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.updating import update_schema, updated_file

SCHEMA = update_schema("YamlUpdateConfig", language="YAML")


@dataclass(frozen=True, slots=True)
class YamlUpdate(StepDefaults):
    """Sets scalars in a YAML file and leaves everything else as it is.

    Source: Kargo's ``yaml-update`` step.
    """

    kind: ClassVar[str] = "yaml-update"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Rewrite the file; its mode stays.

        Raises:
            StepError: The file is missing, is not YAML or lacks a key.
        """
        return updated_file(context, language="YAML", edit=update_yaml, message=yaml_update_message)
