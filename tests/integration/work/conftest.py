"""Work to claim, and workers to claim it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db.models.functions import Now

from promotions.models import Work, WorkKind

MakeWork = Callable[..., Work]

SHARD = "default"


@pytest.fixture
def make_work(db: None) -> MakeWork:
    """Make a due Work row; ``due_in`` is seconds from now, ``None`` is not due."""

    def make(*, tenant: UUID | None = None, due_in: float | None = -1, shard: str = SHARD) -> Work:
        work = Work.objects.create(
            kind=WorkKind.WAREHOUSE, uid=uuid4(), tenant_uid=tenant or uuid4(), shard=shard
        )
        if due_in is not None:
            Work.objects.filter(pk=work.pk).update(due_at=Now() + timedelta(seconds=due_in))
        work.refresh_from_db()
        return work

    return make


@pytest.fixture
def expire() -> Callable[[Work], None]:
    """Let the lease on a Work row run out."""

    def expire(work: Work) -> None:
        Work.objects.filter(pk=work.pk).update(lease_until=Now() - timedelta(seconds=1))

    return expire
