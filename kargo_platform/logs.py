"""Formats log records with the facts passed in ``extra``, without secrets."""

import logging
from datetime import UTC, datetime

import orjson

from common.redaction import redact

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _facts(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


class FactsFormatter(logging.Formatter):
    """``time level logger message key=value …`` on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback follows on its own lines."""
        at = datetime.fromtimestamp(record.created, tz=UTC).strftime("%H:%M:%S.%f")[:-3]
        line = f"{at} {record.levelname} {record.name} {record.getMessage()}"
        facts = " ".join(f"{key}={value}" for key, value in _facts(record).items())
        line = f"{line} {facts}" if facts else line
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return redact(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as text."""
        document = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return redact(orjson.dumps(document, default=str).decode())
