"""What the stores behind steps' ports share: whose promotion it is, and a database that fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import DataError, InterfaceError, OperationalError, transaction

from common.errors import InvalidError, UpstreamError
from promotions.models import Promotion
from promotions.ports.origin import StepOrigin
from rbac.actors import Actor, ActorKind, controller


@contextmanager
def stored() -> Iterator[None]:
    """Open a transaction; a database that cannot be reached is an error that may pass.

    Raises:
        UpstreamError: It cannot be reached, or ended the transaction (retryable).
        InvalidError: It cannot hold a value, such as a text with a NUL character.
    """
    try:
        with transaction.atomic():
            yield
    except DataError as error:
        raise InvalidError("a value cannot be stored: it is too long or has a NUL") from error
    except (InterfaceError, OperationalError) as error:
        raise UpstreamError(
            "The platform's database did not answer; the step may be tried again.",
            retryable=True,
            code="database_unavailable",
        ) from error


def promotion_of(origin: StepOrigin) -> Promotion | None:
    """Return the promotion that a step is in, with project and tenant; ``None`` if it is gone.

    A preview has none.
    """
    try:
        uid = UUID(origin.promotion_uid)
    except ValueError:
        return None
    rows = Promotion.objects.filter(uid=uid, project__tenant__uid=origin.tenant_uid)
    return rows.select_related("project__tenant").first()


def actor_of(promotion: Promotion | None) -> Actor:
    """Return who is answerable for what a promotion's steps do: whoever asked for it."""
    if promotion is None or not promotion.actor:
        return controller("promotion")
    return Actor(kind=ActorKind.SYSTEM, name=promotion.actor, is_operator=True)
