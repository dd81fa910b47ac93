"""``http-download``: brings a file from a web server into the work directory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError, UpstreamError
from common.jsontypes import JSONObject, as_text
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.ports.http import HttpRequest, HttpSender, HttpStream
from promotions.steps.support.downloads import Download, begin_download
from promotions.steps.support.web import DURATION_SCHEMA, PAIRS_SCHEMA, pairs, timeout

MAX_BYTES = 100 * 1024 * 1024
DEFAULT_TIMEOUT = "5m"
_SUCCESSES = range(200, 300)

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "HTTPDownloadConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["url", "outPath"],
    "properties": {
        "url": {"type": "string", "minLength": 1, "description": "An http or https address."},
        "outPath": {
            "type": "string",
            "minLength": 1,
            "description": "Where the file goes, relative to the work directory.",
        },
        "allowOverwrite": {"type": "boolean", "description": "Replace a file that is there."},
        "headers": {**PAIRS_SCHEMA, "description": "Header fields to send."},
        "queryParams": {**PAIRS_SCHEMA, "description": "Parameters to add to the address."},
        "insecureSkipTLSVerify": {"type": "boolean", "description": "Accept any certificate."},
        "timeout": {**DURATION_SCHEMA, "description": "For the whole download; 5m by default."},
    },
}


@dataclass(frozen=True, slots=True)
class HttpDownload(StepDefaults):
    """Downloads a file of at most 100 MiB, all of it or nothing.

    Done again in the same work directory it succeeds, since it has brought the file already.
    Source: Kargo's ``http-download`` step, which fails there.
    """

    sender: HttpSender

    kind: ClassVar[str] = "http-download"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING

    def run(self, context: StepContext) -> StepResult:
        """Download the file.

        Raises:
            StepError: Another file is there, or the request cannot be built (terminal); the
                server refuses (failed) or announces too much (failed and terminal); or the
                exchange or the writing went wrong.
        """
        config = context.config
        download = begin_download(
            context,
            kind=self.kind,
            out_path=as_text(config["outPath"]),
            allow_overwrite=config.get("allowOverwrite") is True,
        )
        if not download.is_done:
            self._bring(_request(config), download)
        return StepResult()

    def _bring(self, request: HttpRequest, download: Download) -> None:
        try:
            with self.sender.stream(request) as response:
                _check(response)
                download.save(_pieces(response))
        except InvalidError as error:
            raise StepError(f"error building HTTP request: {error}", terminal=True) from error
        except UpstreamError as error:
            raise StepError(f"error sending HTTP request: {error}") from error


def _request(config: JSONObject) -> HttpRequest:
    return HttpRequest(
        method="GET",
        url=as_text(config["url"]),
        timeout=timeout(config, default=DEFAULT_TIMEOUT),
        max_bytes=MAX_BYTES,
        headers=pairs(config.get("headers", ())),
        params=pairs(config.get("queryParams", ())),
        verify_tls=config.get("insecureSkipTLSVerify") is not True,
    )


def _check(response: HttpStream) -> None:
    if response.status not in _SUCCESSES:
        raise StepError(f"HTTP request failed with status {response.status}", failed=True)
    if response.length is not None and response.length > MAX_BYTES:
        message = f"download exceeds limit of {MAX_BYTES} bytes"
        raise StepError(message, failed=True, terminal=True)


def _pieces(response: HttpStream) -> Iterator[bytes]:
    try:
        yield from response.pieces
    except UpstreamError as error:
        if error.code == "response_too_large":
            raise StepError(f"download exceeds limit of {MAX_BYTES} bytes") from error
        raise StepError(f"failed to read response body: {error}") from error
