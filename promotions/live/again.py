"""Makes a request forget who made it, so that they can be asked for again while a stream lasts."""

import copy
from typing import Any

from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def unseen(request: HttpRequest) -> HttpRequest:
    """Return a copy of a request that remembers nothing of who made it."""
    raw = copy.copy(request)
    facts: dict[str, Any] = vars(raw)
    for name in ("_cached_user", "_acached_user"):
        facts.pop(name, None)
    if "session" in facts:
        facts["session"] = type(raw.session)(raw.session.session_key)
        facts["user"] = SimpleLazyObject(lambda: get_user(raw))
    return raw
