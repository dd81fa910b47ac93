"""How the REST APIs describe themselves."""

SPECTACULAR_SETTINGS = {
    "TITLE": "Kargo Platform",
    "DESCRIPTION": "Kargo's REST API under `/v1beta1`, and what Kargo has no words for under "
    "`/api/v1`. Every tenant has both under `/t/<tenant>`; without it they are those of the tenant "
    "`default`.",
    "VERSION": "v1beta1",
    "OAS_VERSION": "3.0.3",
    "SERVERS": [
        {"url": "/", "description": "The tenant `default`"},
        {
            "url": "/t/{tenant}",
            "description": "Any tenant",
            "variables": {"tenant": {"default": "default"}},
        },
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    },
    "SCHEMA_PATH_PREFIX": "",
    "SCHEMA_COERCE_PATH_PK": False,
    "SCHEMA_COERCE_PATH_PK_SUFFIX": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [],
}
