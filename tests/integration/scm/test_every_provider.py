"""What holds for all providers, each against a fake that keeps the provider's own rules."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from common.errors import InvalidError
from promotions.engine.scm.providers import GitProvider
from promotions.ports.scm import (
    NewPullRequest,
    PullRequest,
    PullRequestFilter,
    PullRequestQuery,
    ScmAuthenticationError,
    ScmError,
    ScmLimitError,
    ScmNotFoundError,
    ScmRefusedError,
    ScmUnavailableError,
)
from tests.fakes.scm_repository import Pull
from tests.fakes.scm_server import Fault, Json, Reply
from tests.integration.scm.hosts import Host

NEW = NewPullRequest(title="Use v2", description="Because.", source="change", target="main")
BAD_GATEWAY = Reply(502, raw=b"<html>bad gateway</html>", headers=(("Content-Type", "text/html"),))


def opened(host: Host, *, source: str = "change") -> Pull:
    return host.repository.open("Use v2", "", source, "main")


def merge(host: Host, number: int = 1, *, method: str = "") -> PullRequest | None:
    return host.client().merge(number, method=method)


def test_a_pull_request_is_created_as_asked(host: Host) -> None:
    head = host.repository.head("change")

    created = host.client().create(NEW)

    pull = host.repository.pulls[1]
    assert (pull.title, pull.description) == ("Use v2", "Because.")
    assert (pull.source, pull.target) == ("change", "main")
    assert (created.number, created.is_open, created.is_merged) == (1, True, False)
    assert created.merge_commit == ""
    assert head.startswith(created.head_commit)
    assert created.created_at is not None
    assert created.created_at.replace(microsecond=0) == datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC)


def test_the_page_of_a_pull_request_is_told(host: Host) -> None:
    pages = {
        GitProvider.AZURE: "https://dev.azure.com/org/team/_git/app/pullrequest/1",
        GitProvider.BITBUCKET: "https://bitbucket.org/team/app/pull-requests/1",
        GitProvider.GITEA: f"{host.server.url}/team/app/pulls/1",
        GitProvider.GITLAB: f"{host.server.url}/team/app/-/merge_requests/1",
    }

    assert host.client().create(NEW).url == pages[host.provider]


def test_a_branch_that_is_gone_cannot_be_merged(host: Host) -> None:
    with pytest.raises(ScmError) as caught:
        host.client().create(NewPullRequest("T", "", "gone", "main"))

    assert not caught.value.retryable


def test_a_pull_request_is_read(host: Host) -> None:
    pull = opened(host)

    read = host.client().get(1)

    assert (read.number, read.is_open, read.is_merged) == (1, True, False)
    assert pull.head.startswith(read.head_commit)


def test_a_pull_request_that_is_not_there_is_not_found(host: Host) -> None:
    with pytest.raises(ScmNotFoundError) as caught:
        host.client().get(7)

    assert caught.value.status == 404


def test_a_draft_is_open(host: Host) -> None:
    opened(host).is_draft = True

    assert host.client().get(1).is_open


def test_a_closed_pull_request_is_neither_open_nor_merged(host: Host) -> None:
    opened(host).state = "closed"

    read = host.client().get(1)

    assert (read.is_open, read.is_merged, read.merge_commit) == (False, False, "")


def test_the_whole_id_of_what_was_merged_is_told_everywhere(host: Host) -> None:
    pull = opened(host)
    host.repository.merge(pull)
    main = host.repository.head("main")
    client = host.client()

    found = client.find(PullRequestQuery(state=PullRequestFilter.ANY))

    assert client.get(1).merge_commit == main
    assert [it.merge_commit for it in found] == [main]
    assert len(main) == 40


def test_what_is_not_merged_has_no_merge_commit(host: Host) -> None:
    opened(host)

    assert host.client().get(1).merge_commit == ""


@pytest.mark.parametrize(
    ("state", "numbers"),
    [
        (PullRequestFilter.ANY, {1, 2, 3}),
        (PullRequestFilter.OPEN, {1}),
        (PullRequestFilter.CLOSED, {2, 3}),
    ],
)
def test_pull_requests_are_found_by_state(
    host: Host, state: PullRequestFilter, numbers: set[int]
) -> None:
    opened(host)
    host.repository.commit("other", {"a": "b"})
    host.repository.merge(opened(host, source="other"))
    opened(host).state = "closed"

    found = host.client().find(PullRequestQuery(state=state))

    assert {it.number for it in found} == numbers


def test_pull_requests_are_found_by_their_branches(host: Host) -> None:
    host.repository.commit("stage", {"x": "y"})
    host.repository.commit("change-2", {"image.txt": "v3\n"})
    host.repository.open("wanted", "", "change", "main")
    host.repository.open("other target", "", "change", "stage")
    host.repository.open("other source", "", "change-2", "main")

    found = host.client().find(PullRequestQuery(source="change", target="main"))

    assert [it.number for it in found] == [1]


def test_pull_requests_are_found_by_the_whole_id_of_their_head(host: Host) -> None:
    old = opened(host)
    old.state, old.head = "closed", "1" * 40
    opened(host)
    query = PullRequestQuery(
        state=PullRequestFilter.ANY,
        source="change",
        target="main",
        head_commit=host.repository.head("change"),
    )

    assert [it.number for it in host.client().find(query)] == [2]


def test_a_branch_of_the_same_name_in_a_fork_is_another(host: Host) -> None:
    opened(host).is_fork = True

    assert host.client().find(PullRequestQuery(source="change", target="main")) == ()


def test_pull_requests_are_found_on_every_page(host: Host) -> None:
    opened(host)
    for number in range(2, 122):
        host.repository.pulls[number] = replace(
            host.repository.pulls[1], number=number, state="closed"
        )
    query = PullRequestQuery(state=PullRequestFilter.ANY, source="change", target="main")

    assert len(host.client().find(query)) == 121


def test_a_ready_pull_request_is_merged(host: Host) -> None:
    opened(host)

    merged = merge(host)

    assert merged is not None
    assert (merged.is_merged, merged.is_open) == (True, False)
    assert merged.merge_commit == host.repository.head("main")
    assert host.repository.git("show", "main:image.txt") == "v2"


def test_what_is_merged_already_is_returned_and_not_merged_again(host: Host) -> None:
    host.repository.merge(opened(host))
    main = host.repository.head("main")

    merged = merge(host, method="whatever")

    assert merged is not None
    assert merged.merge_commit == main == host.repository.head("main")
    assert {it.method for it in host.server.requests} == {"GET"}


def test_what_was_closed_by_hand_is_not_merged(host: Host) -> None:
    opened(host).state = "closed"
    words = "is abandoned" if host.provider is GitProvider.AZURE else "is closed but not merged"

    with pytest.raises(ScmRefusedError, match=f"pull request 1 {words}"):
        merge(host)


def test_a_draft_is_not_ready(host: Host) -> None:
    opened(host).is_draft = True

    assert merge(host) is None


def test_a_branch_that_may_not_be_merged_into_is_refused(host: Host) -> None:
    opened(host)
    host.repository.protected.add("main")

    with pytest.raises((ScmRefusedError, ScmAuthenticationError)) as caught:
        merge(host)

    assert not caught.value.retryable


def test_a_merge_method_that_the_provider_has_not_is_refused(host: Host) -> None:
    opened(host)

    with pytest.raises(InvalidError, match='unsupported merge method "teleport"'):
        merge(host, method="teleport")

    assert host.repository.pulls[1].state == "open"


def test_squashing_is_asked_for(host: Host) -> None:
    opened(host)

    merged = merge(host, method="squash")

    assert merged is not None
    assert merged.merge_commit == host.repository.head("main")
    assert len(host.repository.git("rev-list", "--parents", "-1", "main").split()) == 2


@pytest.mark.parametrize("lost", [BAD_GATEWAY, Reply(504)])
def test_a_merge_whose_answer_was_lost_is_seen_to_have_happened(host: Host, lost: Reply) -> None:
    opened(host)
    method = {GitProvider.AZURE: "PATCH", GitProvider.GITLAB: "PUT"}.get(host.provider, "POST")
    host.server.fail(Fault(method, after=lost))

    merged = merge(host)

    assert merged is not None
    assert merged.merge_commit == host.repository.head("main")
    assert host.repository.git("rev-list", "--count", "main") == "3"


def test_a_creation_whose_answer_was_lost_is_not_repeated(host: Host) -> None:
    host.server.fail(Fault("POST", "pullrequests|pulls|merge_requests", after=BAD_GATEWAY))

    with pytest.raises(ScmUnavailableError) as caught:
        host.client().create(NEW)

    assert caught.value.retryable
    assert len(host.repository.pulls) == 1
    assert len(host.client().find(PullRequestQuery(source="change", target="main"))) == 1


def test_a_read_is_tried_again_after_a_server_error(host: Host) -> None:
    opened(host)
    host.server.fail(Fault("GET", before=BAD_GATEWAY), Fault("GET", before=Reply(503)))

    assert host.client().get(1).number == 1
    assert host.pauses == [0.5, 1.0]


def test_a_limit_is_waited_for(host: Host) -> None:
    limited = Reply(429, None, (("Retry-After", "3"),))
    host.server.fail(Fault("POST", before=limited))

    assert host.client().create(NEW).number == 1
    assert host.pauses == [3.0]
    assert len(host.repository.pulls) == 1


def test_a_limit_that_lasts_is_an_error(host: Host) -> None:
    opened(host)
    host.server.fail(Fault(before=Reply(429, None, (("Retry-After", "3600"),))))

    with pytest.raises(ScmLimitError):
        host.client().get(1)


def test_a_wrong_token_is_refused_and_not_shown(host: Host) -> None:
    opened(host)

    with pytest.raises(ScmAuthenticationError) as caught:
        host.client(token="wrong-token").get(1)

    assert not caught.value.retryable
    assert "wrong-token" not in str(caught.value)


def test_a_token_may_have_a_line_break_at_its_end(host: Host) -> None:
    opened(host)

    assert host.client(token=f"{host.fake.token}\n").get(1).number == 1


def test_the_token_is_in_no_repr(host: Host) -> None:
    assert host.fake.token not in repr(host.client())


@pytest.mark.parametrize(
    "reply", [Reply(200), Reply(200, {}), Reply(200, []), Reply(200, "x"), Reply(200, {"iid": "1"})]
)
def test_an_answer_that_is_no_pull_request_makes_no_sense(host: Host, reply: Reply) -> None:
    host.server.fail(Fault(before=reply))

    with pytest.raises(ScmUnavailableError, match="no sense"):
        host.client().get(1)


@pytest.mark.parametrize(
    "reply", [Reply(200), Reply(200, {}), Reply(200, {"values": 3, "value": "x"}), Reply(200, [3])]
)
def test_a_list_that_is_none_makes_no_sense(host: Host, reply: Reply) -> None:
    host.server.fail(Fault(before=reply))

    with pytest.raises(ScmUnavailableError, match="no sense"):
        host.client().find(PullRequestQuery())


def test_numbers_that_make_no_sense_are_refused(host: Host) -> None:
    broken: Json = {"iid": 0, "number": True, "id": -1, "pullRequestId": "1"}
    host.server.fail(Fault(before=Reply(200, broken)))

    with pytest.raises(ScmUnavailableError, match="no sense"):
        host.client().get(1)
