"""What the ``http`` step's configuration looks like, as JSON Schema."""

from common.jsontypes import JSONObject
from promotions.steps.support.web import DURATION_SCHEMA, PAIRS_SCHEMA

_EXPRESSION: JSONObject = {"type": "string"}

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "HTTPConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["url"],
    "properties": {
        "method": {
            "type": "string",
            "enum": ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"],
            "default": "GET",
        },
        "url": {"type": "string", "minLength": 1, "description": "An http or https address."},
        "headers": {**PAIRS_SCHEMA, "description": "Header fields to send."},
        "queryParams": {**PAIRS_SCHEMA, "description": "Parameters to add to the address."},
        "body": {"type": "string", "description": "What to send."},
        "bodyFromFile": {
            "type": "string",
            "minLength": 1,
            "description": "The file whose content to send.",
        },
        "insecureSkipTLSVerify": {"type": "boolean", "description": "Accept any certificate."},
        "proxy": {
            "type": "string",
            "pattern": "^https?://.*$",
            "description": "The proxy to use instead of the environment's.",
        },
        "timeout": {**DURATION_SCHEMA, "description": "For the whole exchange; 10s by default."},
        "pollInterval": {
            **DURATION_SCHEMA,
            "description": "Time between attempts; 30s by default.",
        },
        "responseContentType": {
            "type": "string",
            "enum": ["application/json", "application/yaml", "text/plain"],
            "description": "How to read the body, whatever the response says.",
        },
        "successExpression": {**_EXPRESSION, "description": "True if the step has succeeded."},
        "failureExpression": {**_EXPRESSION, "description": "True if the step has failed."},
        "errorExpression": {**_EXPRESSION, "description": "Why it failed, as text."},
        "outputs": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "fromExpression"],
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "fromExpression": {"type": "string", "minLength": 1},
                },
            },
        },
    },
    "not": {
        "required": ["body", "bodyFromFile"],
        "properties": {"body": {"minLength": 1}, "bodyFromFile": {"minLength": 1}},
    },
}
