"""What the ``http`` step's configuration looks like, as JSON Schema."""

from common.jsontypes import JSONObject

_DURATION: JSONObject = {"type": "string", "pattern": "(?:\\d+(ns|us|µs|ms|s|m|h))+"}
_PAIRS: JSONObject = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "value"],
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "value": {"type": "string", "minLength": 1},
        },
    },
}
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
        "headers": {**_PAIRS, "description": "Header fields to send."},
        "queryParams": {**_PAIRS, "description": "Parameters to add to the address."},
        "body": {"type": "string", "description": "What to send."},
        "bodyFromFile": {"type": "string", "description": "The file whose content to send."},
        "insecureSkipTLSVerify": {"type": "boolean", "description": "Accept any certificate."},
        "proxy": {
            "type": "string",
            "pattern": "^$|^https?://.*$",
            "description": "The proxy to use instead of the environment's.",
        },
        "timeout": {**_DURATION, "description": "For the whole exchange; 10s by default."},
        "pollInterval": {**_DURATION, "description": "Time between attempts; 30s by default."},
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
