"""The answer that shows a preview, and how long a request waits for one."""

import time
from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import bad_request
from promotions.manifests.metadata import timestamp
from promotions.models import Preview

_PAUSE_SECONDS = 0.1


def is_dry_run(request: Request) -> bool:
    """Return whether the request is to be tried only: ``?dryRun=All``, as in Kubernetes.

    Raises:
        ValidationError: It has another value.
    """
    values = request.query_params.getlist("dryRun")
    if any(value not in {"", "All"} for value in values):
        raise bad_request('dryRun must be "All" if it is given')
    return "All" in values


def preview_answer(preview: Preview, *, tenant: str) -> Response:
    """Wait a while for a preview and return it: 200 when it is done, 202 while it is not.

    A preview that is not done can be fetched at ``Location``.
    """
    ends = time.monotonic() + settings.PREVIEW_WAIT_SECONDS
    while preview.finished_at is None and time.monotonic() < ends:
        time.sleep(_PAUSE_SECONDS)
        preview.refresh_from_db(fields=["finished_at", "result", "problem"])
    is_done = preview.finished_at is not None
    response = Response(_document(preview), status=200 if is_done else 202)
    if not is_done:
        arguments = [tenant, preview.project.name, preview.stage.name, preview.uid]
        response["Location"] = reverse("api-get-preview", args=arguments)
        response["Retry-After"] = "1"
    return response


def _document(preview: Preview) -> dict[str, Any]:
    return {
        "kind": "PromotionPreview",
        "uid": str(preview.uid),
        "project": preview.project.name,
        "stage": preview.stage.name,
        "freight": preview.freight.name,
        "target": preview.target_name,
        "actor": preview.actor,
        "createdAt": timestamp(preview.created_at),
        "finishedAt": timestamp(preview.finished_at) if preview.finished_at else None,
        "problem": preview.problem,
        "result": preview.result,
    }
