"""Requests to look again that come while a pass is on its way."""

from promotions.models import Stage, Warehouse


def is_asked_again(resource: Stage | Warehouse) -> bool:
    """Return whether somebody asked for a refresh after a pass had read ``resource``.

    If such a pass fails, the next one must not be put off: whoever asked waits for it.
    """
    stored = type(resource).objects.filter(pk=resource.pk)
    return stored.exclude(refresh_token=resource.refresh_token).exists()
