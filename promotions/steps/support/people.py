"""What do the steps share that ask people?"""

from datetime import UTC, datetime

from common.jsontypes import JSONObject

POLL_INTERVAL = "30s"
"""How often to look for answers; each wakes the promotion by itself."""

_UNSET: JSONObject = {"enum": [None, ""]}


def rules_schema(properties: JSONObject) -> JSONObject:
    """Return the schema of a list of rules: who may answer.

    Args:
        properties: What a rule may have besides claim and value, or role.
    """
    text: JSONObject = {"type": "string"}
    return {
        "type": "array",
        "maxItems": 100,
        "description": "Who may answer; without rules, whoever can see the promotion.",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "claim": {**text, "description": "A claim of the person, such as groups."},
                "value": {**text, "description": "What the claim must be or hold."},
                "role": {**text, "description": "A role that the person has in the project."},
                **properties,
            },
            "oneOf": [
                {
                    "required": ["claim", "value"],
                    "properties": {
                        "claim": {"minLength": 1},
                        "value": {"minLength": 1},
                        "role": _UNSET,
                    },
                },
                {
                    "required": ["role"],
                    "properties": {"role": {"minLength": 1}, "claim": _UNSET, "value": _UNSET},
                },
            ],
        },
    }


def asked(config: JSONObject) -> JSONObject:
    """Return what of a configuration is for people: all but how often to look."""
    return {key: value for key, value in config.items() if key != "pollInterval"}


def time_text(at: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
