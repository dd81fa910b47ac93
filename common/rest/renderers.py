"""Writes answers as JSON, whatever a client says it accepts."""

from collections.abc import Iterable, Mapping

import orjson
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OrjsonRenderer(BaseRenderer):
    """JSON by orjson; an answer without data has no body."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, object] | None = None,
    ) -> bytes:
        """Return ``data`` as bytes."""
        del accepted_media_type, renderer_context
        return b"" if data is None else orjson.dumps(data)


class JsonAlways(BaseContentNegotiation):
    """Never answers 406: a client that asks for an event stream gets JSON errors too."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return none: views read bodies themselves, bounded."""
        del request, parsers
        return None

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        del request, format_suffix
        first = next(iter(renderers))
        return first, first.media_type
