"""The queue in the database."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django_q.conf import Conf
from django_q.models import OrmQ

from common.clock import now
from kargo_platform.workers.brokers import NotifyingBroker, ResilientBroker, channel_of

NESTED_LOOP = (
    *("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize"),
    *("indexscan", "bitmapscan", "indexonlyscan"),
)
"""What to forbid PostgreSQL so that it looks at a sub-query once for every row."""


@pytest.fixture
def broker(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[ResilientBroker]:
    monkeypatch.setattr(Conf, "BULK", 2)  # django-q2's, read once from the settings
    monkeypatch.setattr(Conf, "POLL", 0.01)
    kind = NotifyingBroker if connection.vendor == "postgresql" else ResilientBroker
    broker = kind(list_key="here")
    yield broker
    if isinstance(broker, NotifyingBroker):
        broker.close()


def test_what_came_first_is_taken_first_and_only_once(broker: ResilientBroker) -> None:
    ids = [broker.enqueue(f"package {number}") for number in range(3)]

    taken = [broker.dequeue(), broker.dequeue(), broker.dequeue()]

    assert taken == [
        [(ids[0], "package 0"), (ids[1], "package 1")],
        [(ids[2], "package 2")],
        None,
    ]


def test_what_was_taken_and_never_acknowledged_comes_again(broker: ResilientBroker) -> None:
    ring = broker.enqueue("package")
    broker.dequeue()
    OrmQ.objects.update(lock=now() - timedelta(seconds=1))

    assert broker.dequeue() == [(ring, "package")]


def test_what_is_acknowledged_is_gone(broker: ResilientBroker) -> None:
    ring = broker.enqueue("package")

    broker.acknowledge(ring)

    assert not OrmQ.objects.exists()


def test_another_shards_queue_is_left_alone(broker: ResilientBroker) -> None:
    type(broker)(list_key="there").enqueue("package")

    assert broker.dequeue() is None


def test_the_longest_shard_name_makes_a_channel_that_postgresql_takes() -> None:
    assert len(channel_of("x" * 63)) < 64
    assert channel_of("a") != channel_of("b")


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no plan that could take more"
)
def test_no_more_is_taken_than_was_asked_for_whatever_the_plan(broker: ResilientBroker) -> None:
    ids = [broker.enqueue(f"package {number}") for number in range(5)]
    with connection.cursor() as cursor:
        for way in NESTED_LOOP:
            cursor.execute(f"SET LOCAL enable_{way} = off")

    assert broker.dequeue() == [(ids[0], "package 0"), (ids[1], "package 1")]
