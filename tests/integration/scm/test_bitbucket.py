"""What is special to Bitbucket Cloud."""

import pytest

from promotions.ports.scm import (
    ScmRefusedError,
    ScmUnavailableError,
)
from tests.fakes.scm_server import Fault, Reply
from tests.integration.scm.hosts import LABELLED, Host, conflict


def test_bitbucket_leaves_labels_out(bitbucket: Host) -> None:
    bitbucket.client().create(LABELLED)

    assert "labels" not in bitbucket.server.sent("POST")[0].body


def test_bitbucket_conflicts_are_an_error(bitbucket: Host) -> None:
    conflict(bitbucket.repository)

    with pytest.raises(ScmRefusedError, match="merge conflicts"):
        bitbucket.client().merge(1)


def test_bitbucket_uses_the_repositorys_way_of_merging_unless_told(bitbucket: Host) -> None:
    bitbucket.repository.open("T", "", "change", "main")

    bitbucket.client().merge(1)

    assert "merge_strategy" not in bitbucket.server.sent("POST")[0].body


def test_bitbucket_is_waited_for_while_it_merges_in_the_background(bitbucket: Host) -> None:
    bitbucket.repository.open("T", "", "change", "main")
    bitbucket.repository.background = 3

    merged = bitbucket.client().merge(1)

    assert merged is not None
    assert merged.merge_commit == bitbucket.repository.head("main")
    assert bitbucket.pauses == [1, 1]


def test_bitbucket_that_merges_for_ever_is_an_error_to_come_back_from(bitbucket: Host) -> None:
    bitbucket.repository.open("T", "", "change", "main")
    bitbucket.repository.background = 12

    with pytest.raises(ScmUnavailableError, match="still being merged") as caught:
        bitbucket.client().merge(1)

    assert caught.value.retryable
    assert bitbucket.pauses == [1] * 10


def test_bitbucket_must_know_its_own_commit(bitbucket: Host) -> None:
    bitbucket.repository.merge(bitbucket.repository.open("T", "", "change", "main"))
    bitbucket.server.fail(Fault("GET", "/commit/", before=Reply(200, {"hash": "f" * 40})))

    with pytest.raises(ScmUnavailableError, match="no sense"):
        bitbucket.client().get(1)
