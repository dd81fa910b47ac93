"""What becomes of a pass."""

import logging
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from common.clock import now
from common.errors import UpstreamError
from promotions import queue
from promotions.models import Work, WorkKind
from promotions.reconcilers.loop import (
    LONGEST_ERROR,
    Lease,
    Reconcile,
    claim,
    run_one,
    work_through,
)
from tests.integration.work.conftest import SHARD, MakeWork


class Passes:
    """A reconciler that keeps a record, and does as it is told."""

    def __init__(self, *, delay: timedelta | None = None, error: Exception | None = None) -> None:
        self.seen: list[UUID] = []
        self.times: list[datetime] = []
        self._delay = delay
        self._error = error

    def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        self.seen.append(uid)
        self.times.append(now)
        if self._error:
            raise self._error
        return self._delay

    @property
    def table(self) -> dict[WorkKind, Reconcile]:
        return {WorkKind.WAREHOUSE: self}


def run(passes: Passes) -> bool:
    return run_one(SHARD, passes.table, owner="worker")


def make_due(work: Work) -> None:
    Work.objects.filter(pk=work.pk).update(due_at=now())


def test_nothing_is_run_when_nothing_is_due(db: None) -> None:
    assert not run(Passes())


def test_a_pass_gets_the_object_and_a_time_at_which_it_is_due(make_work: MakeWork) -> None:
    work = make_work(due_in=0.05)
    passes = Passes()

    assert run(passes)

    assert passes.seen == [work.uid]
    assert work.due_at is not None
    assert passes.times[0] >= work.due_at


def test_a_failure_is_kept_logged_once_and_tried_again_later(
    make_work: MakeWork, caplog: pytest.LogCaptureFixture
) -> None:
    work = make_work()

    with caplog.at_level(logging.INFO, logger="promotions"):
        run(Passes(error=UpstreamError("the registry is away", retryable=True)))

    row = Work.objects.get(pk=work.pk)
    assert (row.failures, row.lease_until) == (1, None)
    assert row.last_error == "UpstreamError: the registry is away"
    assert row.due_at is not None
    assert timedelta(0) < row.due_at - now() < timedelta(seconds=1.5)
    (record,) = caplog.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)


def test_a_fault_of_our_own_is_logged_with_its_traceback(
    make_work: MakeWork, caplog: pytest.LogCaptureFixture
) -> None:
    make_work()

    with caplog.at_level(logging.INFO, logger="promotions"):
        run(Passes(error=ValueError("oops")))

    (record,) = caplog.records
    assert record.exc_info is not None


def test_a_secret_in_an_error_is_not_kept(make_work: MakeWork) -> None:
    work = make_work()

    run(Passes(error=ValueError("cannot fetch https://bob:hunter2@example.com/repo")))

    assert "hunter2" not in Work.objects.get(pk=work.pk).last_error


def test_a_very_long_error_is_cut(make_work: MakeWork) -> None:
    work = make_work()

    run(Passes(error=ValueError("x" * 10 * LONGEST_ERROR)))

    assert len(Work.objects.get(pk=work.pk).last_error) == LONGEST_ERROR


def test_work_that_fails_waits_twice_as_long_each_time_up_to_five_minutes(
    make_work: MakeWork,
) -> None:
    work = make_work()
    waits = []
    for _ in range(12):
        run(Passes(error=ValueError("always")))
        row = Work.objects.get(pk=work.pk)
        assert row.due_at is not None
        waits.append(round((row.due_at - now()).total_seconds()))
        make_due(work)

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_work_that_asks_for_itself_and_fails_does_not_spin(make_work: MakeWork) -> None:
    work = make_work()

    class Selfish(Passes):
        def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
            queue.wake(kind=WorkKind.WAREHOUSE, uid=uid, at=now)
            return super().__call__(uid, lease=lease, now=now)

    passes = Selfish(error=ValueError("always"))

    work_through(SHARD, passes.table)

    assert passes.seen == [work.uid]


def test_success_forgets_the_failures(make_work: MakeWork) -> None:
    work = make_work()
    run(Passes(error=ValueError("once")))
    make_due(work)

    run(Passes())

    row = Work.objects.get(pk=work.pk)
    assert (row.failures, row.last_error, row.due_at) == (0, "", None)


def test_an_unknown_kind_is_a_failure_like_another(make_work: MakeWork) -> None:
    work = make_work()

    run_one(SHARD, {}, owner="old worker")

    assert Work.objects.get(pk=work.pk).failures == 1


def test_a_pass_that_lost_its_lease_records_nothing(make_work: MakeWork) -> None:
    work = make_work()

    class Robbed(Passes):
        def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
            queue.revoke(kind=WorkKind.WAREHOUSE, uid=uid, at=now)
            claim(SHARD, owner="heir")
            return super().__call__(uid, lease=lease, now=now)

    run(Robbed(error=ValueError("of no interest")))

    row = Work.objects.get(pk=work.pk)
    assert (row.lease_owner, row.failures, row.last_error) == ("heir", 0, "")


def test_all_that_is_due_is_worked_through(make_work: MakeWork) -> None:
    due = {make_work().uid for _ in range(5)}
    make_work(due_in=60)
    passes = Passes()

    assert work_through(SHARD, passes.table) == 5

    assert set(passes.seen) == due


def test_what_is_left_when_the_time_is_over_is_rung_for(
    make_work: MakeWork, settings: Settings
) -> None:
    settings.WORK_BUDGET_SECONDS = 0
    make_work()

    assert work_through(SHARD, Passes().table) == 0

    assert OrmQ.objects.count() == 1


def test_a_worker_that_is_told_to_stop_ends_after_its_pass(make_work: MakeWork) -> None:
    for _ in range(3):
        make_work()
    answers = iter([True, False])

    assert work_through(SHARD, Passes().table, keep_going=lambda: next(answers)) == 1


def test_the_first_of_many_due_calls_another_worker(make_work: MakeWork) -> None:
    tenant = uuid4()
    for _ in range(2):
        make_work(tenant=tenant)

    run_one(SHARD, Passes().table, owner="worker", first=True)

    assert OrmQ.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_long_pass_keeps_its_lease(make_work: MakeWork, settings: Settings) -> None:
    settings.LEASE_SECONDS = 0.3
    make_work()
    rivals = []

    class Long(Passes):
        def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
            for _ in range(10):
                lease.lost.wait(0.1)
                rivals.append(claim(SHARD, owner="rival"))
            return None

    run(Long())

    assert rivals == [None] * 10
