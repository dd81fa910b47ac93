"""Django REST framework: token and session authentication, default deny, JSON first."""

from kargo_platform.settings.env import env

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rbac.rest.authentication.ApiTokenAuthentication",
        "rbac.rest.id_tokens.IdTokenAuthentication",
        "rbac.rest.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rbac.rest.permissions.DeclaredAccess"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "common.rest.errors.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "kargo_platform.openapi.operations.OperationSchema",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
KEPT_MANIFESTS_BYTES = env.int("KARGO_KEPT_MANIFESTS_BYTES", default=128 * 1024**2)
"""Room in each process for manifests that lists have sent and may send again."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
REQUEST_LIMIT_BYTES = 8 * 1024 * 1024
"""The longest body that is taken in at all; more than any route takes."""
REQUEST_BODY_SECONDS = env.float("KARGO_REQUEST_BODY_SECONDS", default=60.0)
"""How long a client may take to send a whole body."""
WATCH_KEEP_ALIVE_SECONDS = env.float("KARGO_WATCH_KEEP_ALIVE_SECONDS", default=30.0)
"""How often a watch says that it is still there."""
WATCH_CHECK_SECONDS = min(env.float("KARGO_WATCH_CHECK_SECONDS", default=50.0), 60.0)
"""The longest that a watch goes on before its access is asked for again; a minute at most."""
REQUESTS_AT_ONCE = env.int("KARGO_REQUESTS_AT_ONCE", default=32)
"""How many requests one web process works on at once, each with a database connection; others
wait. Open watches and pages do not count."""
STREAM_STALLED_SECONDS = env.float("KARGO_STREAM_STALLED_SECONDS", default=60.0)
"""How long the client of a stream may take nothing of it before it counts as gone."""
