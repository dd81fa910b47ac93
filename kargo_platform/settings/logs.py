"""Logs: one line each on standard error; facts in ``extra``."""

from kargo_platform.settings.env import env

LOG_LEVEL = env.str("KARGO_LOG_LEVEL", default="INFO")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "kargo_platform.logs.FactsFormatter"},
        "json": {"()": "kargo_platform.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.str("KARGO_LOG_FORMAT", default="plain"),
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django-q": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "git": {"level": "WARNING"},
    },
}
