"""How do the Argo CD steps' configurations say which Applications they are about?"""

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text

_NAME: JSONObject = {"type": "string", "minLength": 1}
_SELECTOR: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "description": "Applications with these labels, instead of one by name.",
    "properties": {
        "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}},
        "matchExpressions": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["key", "operator"],
                "properties": {
                    "key": _NAME,
                    "operator": {
                        "type": "string",
                        "enum": ["In", "NotIn", "Exists", "DoesNotExist"],
                    },
                    "values": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
    "anyOf": [
        {"required": ["matchLabels"], "properties": {"matchLabels": {"minProperties": 1}}},
        {"required": ["matchExpressions"], "properties": {"matchExpressions": {"minItems": 1}}},
    ],
}


def apps_schema(title: str, properties: JSONObject) -> JSONObject:
    """Return the schema of a configuration that is a list ``apps``.

    Args:
        title: What the schema is called.
        properties: What an entry may have besides name or selector, and namespace.
    """
    entry: JSONObject = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {**_NAME, "description": "The Application; or give a selector."},
            "namespace": {**_NAME, "description": "Where it is; default: the operator's setting."},
            "selector": _SELECTOR,
            **properties,
        },
        "oneOf": [
            {
                "required": ["name"],
                "properties": {"name": {"minLength": 1}, "selector": {"enum": [None]}},
            },
            {"required": ["selector"], "properties": {"name": {"enum": ["", None]}}},
        ],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": ["apps"],
        "properties": {"apps": {"type": "array", "minItems": 1, "items": entry}},
    }


def described_apps(config: JSONObject) -> str:
    """Return which Applications a configuration is about, in words."""
    return ", ".join(map(_described, as_list(config.get("apps"))))


def _described(entry: JSONValue) -> str:
    app = as_object(entry)
    named = f'"{as_text(app.get("name"))}"' if app.get("name") else "those with the labels it wants"
    namespace = as_text(app.get("namespace"))
    return f'{named} in namespace "{namespace}"' if namespace else named
