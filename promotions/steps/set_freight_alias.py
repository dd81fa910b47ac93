"""``set-freight-alias``: gives a piece of Freight another alias."""

from dataclasses import dataclass
from typing import ClassVar

from common.errors import ConflictError, InvalidError, NotFoundError, PlatformError
from common.jsontypes import JSONObject, as_text
from promotions.engine.goquote import go_quote
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.ports.metadata import MetadataStore
from promotions.ports.origin import origin_of

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "SetFreightAliasConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "alias"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "description": "The Freight's name."},
        "alias": {"type": "string", "minLength": 1, "description": "Unique in the project."},
    },
}


@dataclass(frozen=True, slots=True)
class SetFreightAlias(StepDefaults):
    """Renames Freight; giving it the alias that it has succeeds.

    Source: Kargo's ``set-freight-alias`` step, which ends for good on errors that may pass, and
    whose message shows the new alias twice.
    """

    metadata: MetadataStore

    kind: ClassVar[str] = "set-freight-alias"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Rename.

        Raises:
            StepError: The Freight is missing, or the alias is taken or none (Failed, terminal);
                or the platform did not answer.
        """
        name, alias = as_text(context.config["name"]), as_text(context.config["alias"])
        subject = f"{go_quote(name)} in project {go_quote(context.project)}"
        try:
            old = self.metadata.set_freight_alias(origin_of(context), name=name, alias=alias)
        except NotFoundError as error:
            message = f"freight {go_quote(name)} not found in project {go_quote(context.project)}"
            raise StepError(message, failed=True, terminal=True) from error
        except (ConflictError, InvalidError) as error:
            message = f"failed to patch alias for Freight {subject}: {error}"
            raise StepError(message, failed=True, terminal=True) from error
        except PlatformError as error:
            raise StepError(f"failed to patch alias for Freight {subject}: {error}") from error
        quoted = f"from {go_quote(old)} to {go_quote(alias)}"
        return StepResult(message=f"updated alias of Freight {go_quote(name)} {quoted}")

    def would(self, context: StepContext) -> str:
        """Name the Freight and its alias."""
        name, alias = as_text(context.config["name"]), as_text(context.config["alias"])
        return f"give Freight {name} the alias {alias}"
