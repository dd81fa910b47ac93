"""``record-audit-event``: writes an event into the audit log."""

from dataclasses import dataclass
from typing import ClassVar

from common.errors import PlatformError
from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.ports.audit import AuditLog, RecordedEvent
from promotions.ports.origin import origin_of

DEFAULT_TYPE = "recorded"

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "RecordAuditEventConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["message"],
    "properties": {
        "message": {"type": "string", "minLength": 1, "maxLength": 10_000},
        "type": {"type": "string", "maxLength": 64, "description": "Default: recorded."},
        "actor": {
            "type": "string",
            "maxLength": 253,
            "description": "Whom it is attributed to; default: who asked for the promotion.",
        },
        "data": {
            "type": "object",
            "maxProperties": 100,
            "additionalProperties": {"type": "string", "maxLength": 10_000},
        },
    },
}


@dataclass(frozen=True, slots=True)
class RecordAuditEvent(StepDefaults):
    """Records one event, however often it is run.

    Source: Kargo's ``record-audit-event`` step, after its documentation.
    """

    audit: AuditLog

    kind: ClassVar[str] = "record-audit-event"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Record.

        Raises:
            StepError: The log did not take it.
        """
        config = context.config
        data = as_object(config.get("data"))
        event = RecordedEvent(
            type=as_text(config.get("type")) or DEFAULT_TYPE,
            message=as_text(config["message"]),
            actor=as_text(config.get("actor")),
            data={key: as_text(value) for key, value in data.items()},
        )
        try:
            self.audit.record(origin_of(context), event)
        except PlatformError as error:
            raise StepError(f"error recording the event: {error}") from error
        return StepResult()

    def would(self, context: StepContext) -> str:
        """Name the event's type."""
        return f"record an audit event: {as_text(context.config.get('type')) or DEFAULT_TYPE}"
