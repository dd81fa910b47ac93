"""The ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
_django = get_asgi_application()

from django.conf import settings  # noqa: E402 -- what follows needs Django's settings

from kargo_platform.admission import taking_turns  # noqa: E402
from kargo_platform.bodies import bounding_bodies  # noqa: E402
from kargo_platform.callers import knowing_callers  # noqa: E402
from kargo_platform.streams import ending_streams  # noqa: E402

application = bounding_bodies(
    knowing_callers(
        taking_turns(
            ending_streams(_django, stalled_seconds=settings.STREAM_STALLED_SECONDS),
            at_once=settings.REQUESTS_AT_ONCE,
        ),
        body_seconds=settings.REQUEST_BODY_SECONDS,
    ),
    limit_bytes=settings.REQUEST_LIMIT_BYTES,
)
