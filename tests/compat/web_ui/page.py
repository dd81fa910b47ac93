"""Calls the API as pages of Kargo's web UI do in a browser, and reads answers as they do.

Every request has ``Accept: */*``; all but manifests say that they are JSON, also those without a
body. A page that gets 401 signs out; an answer with another content type than JSON is text to it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from django.test import Client

from tests.compat.web_ui.yaml_text import stringify

Query = Mapping[str, str | int | bool | Iterable[str]]

_MARKUP_OR_DOCUMENT = 200
"""What is longer than this is no message to the toast that shows errors."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page keeps of a response."""

    status: int
    content_type: str
    body: bytes

    @property
    def is_signed_out(self) -> bool:
        return self.status == 401

    @property
    def data(self) -> Any:
        """What the page goes on with after a success: JSON, text, or nothing."""
        assert 200 <= self.status < 300, (self.status, self.body)
        if self.status == 204:
            return None
        return json.loads(self.body) if "application/json" in self.content_type else self.text

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def toast(self) -> str:
        """The message that the page shows for an error; empty if it finds none."""
        assert self.status >= 400, (self.status, self.body)
        body = json.loads(self.body)
        message = body.get("error") if isinstance(body, dict) else body
        return message if isinstance(message, str) and len(message) <= _MARKUP_OR_DOCUMENT else ""


class Page:
    """A page with a token in its local storage, or without one; ``base`` is its base path."""

    def __init__(self, client: Client, token: str = "", *, base: str = "") -> None:
        self._client = client
        self._token = token
        self._base = base

    def with_token(self, token: str) -> "Page":
        """Return the page of somebody else."""
        return Page(self._client, token, base=self._base)

    def get(self, path: str, **query: Any) -> Any:
        """Return what a query of the page gives it."""
        return self.send("GET", path, query=query).data

    def act(self, method: str, path: str, body: object = None, **query: Any) -> Any:
        """Return what a mutation of the page gives it."""
        return self.send(method, path, body, query=query).data

    def send(
        self, method: str, path: str, body: object = None, *, query: Query | None = None
    ) -> Answer:
        """Send JSON, or nothing that says it is JSON."""
        payload = "" if body is None else json.dumps(body)
        return self._fetch(method, path, payload, "application/json", query or {})

    def manifests(self, method: str, *documents: object, **query: Any) -> Answer:
        """Send manifests to ``/v1beta1/resources`` as the YAML that the page makes of them."""
        text = "---\n".join(it if isinstance(it, str) else stringify(it) for it in documents)
        return self._fetch(method, "/v1beta1/resources", text, "text/plain", query)

    def _fetch(
        self, method: str, path: str, payload: str, content_type: str, query: Query
    ) -> Answer:
        headers = {"Accept": "*/*"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        response = self._client.generic(
            method,
            self._base + path,
            payload,
            content_type=content_type,
            query_params=None,
            QUERY_STRING=serialized(query),
            headers=headers,
        )
        kind = response.headers.get("Content-Type", "")
        return Answer(response.status_code, kind, response.content)


def serialized(query: Query) -> str:
    """Return a query as the UI writes it: arrays repeated, and nothing at all for empty ones."""
    pairs: list[tuple[str, str]] = []
    for key, value in query.items():
        if isinstance(value, bool):
            pairs.append((key, "true" if value else "false"))
        elif isinstance(value, str | int):
            pairs.append((key, str(value)))
        else:
            pairs.extend((key, item) for item in value)
    return "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in pairs)
