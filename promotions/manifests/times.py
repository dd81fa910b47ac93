"""Reads the times that manifests hold."""

from datetime import datetime

from pydantic_core import PydanticCustomError


def time_from(text: str) -> datetime:
    """Read an RFC 3339 time.

    Raises:
        ValueError: It is none, or says no offset from UTC.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("the time has no offset from UTC")
    return at


def check_time(text: str) -> str:
    """Return the text if it is an RFC 3339 time.

    Raises:
        PydanticCustomError: It is none.
    """
    try:
        time_from(text)
    except ValueError as error:
        example = {"example": "2026-01-31T00:00:00Z"}
        raise PydanticCustomError("time", "must be a time such as {example}", example) from error
    return text
