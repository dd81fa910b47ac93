import pytest

from common.jsontypes import JSONValue
from promotions.ports.scm import (
    ScmUnavailableError,
)
from tests.fakes.scm_server import Reply, Request, serving_api
from tests.unit.scm_gateways.conftest import Answering, Script, Time, api


def linked(target: str, rel: str = "next", body: JSONValue = None) -> Reply:
    return Reply(200, body, (("Link", f'<https://e.x/1>; rel="first", <{target}>; rel="{rel}"'),))


def test_pages_are_followed_by_their_links(answering: Answering) -> None:
    github, server = answering(
        linked("/x?page=2", body=[1]), linked("?page=3&a=b", body=[2]), Reply(200, [3])
    )

    pages = list(github.pages("x", params=[("state", "open")]))

    assert pages == [[1], [2], [3]]
    assert [request.query for request in server.requests] == [
        (("state", "open"),),
        (("page", "2"),),
        (("page", "3"), ("a", "b")),
    ]
    assert all(request.header("Authorization") for request in server.requests)


@pytest.mark.parametrize("rel", ["prev", "last", "nextish"])
def test_other_links_are_not_followed(answering: Answering, rel: str) -> None:
    github, server = answering(linked("/x?page=2", rel))

    assert len(list(github.pages("x"))) == 1
    assert len(server.requests) == 1


def test_pages_that_never_end_are_bounded(time: Time) -> None:
    def endless(request: Request) -> Reply:
        return linked(f"/x?page={int(request.param('page') or 1) + 1}")

    with serving_api(endless) as server:
        assert len(list(api(server.url, time).pages("x", limit=7))) == 7
        assert len(server.requests) == 7


def test_pages_that_turn_in_a_circle_end(answering: Answering) -> None:
    github, server = answering(linked("/x"))

    assert len(list(github.pages("x"))) == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/x",
        "//elsewhere.example/x",
        "http://127.0.0.1:1/x",
        "http://127.0.0.1@elsewhere.example/x",
        "http://[::1/x",
        "http://127.0.0.1:port/x",
        "file:///etc/passwd",
    ],
)
def test_a_page_on_another_host_is_refused(answering: Answering, target: str) -> None:
    github, _ = answering(linked(target, body=[1]))
    pages = github.pages("x")

    assert next(pages) == [1]
    with pytest.raises(ScmUnavailableError, match="another host"):
        next(pages)


def test_a_redirect_on_the_same_host_is_followed(answering: Answering) -> None:
    github, server = answering(
        Reply(307, None, (("Location", "/moved?to=here"),)), Reply(201, {"id": 1})
    )

    answer = github.call("POST", "x", params=[("a", "b")], body={"t": 1})

    assert answer.status == 201
    assert (server.requests[1].method, server.requests[1].path) == ("POST", "/moved")
    assert server.requests[1].query == (("to", "here"),)
    assert server.requests[1].body == {"t": 1}


def test_a_redirect_never_turns_a_post_into_a_get(answering: Answering) -> None:
    github, server = answering(Reply(301, None, (("Location", "/moved"),)))

    with pytest.raises(ScmUnavailableError):
        github.call("POST", "x")

    assert len(server.requests) == 1


def test_a_redirect_to_another_host_is_refused(answering: Answering) -> None:
    with serving_api(Script(Reply(200, {}))) as other:
        github, _ = answering(Reply(302, None, (("Location", f"{other.url}/steal"),)))

        with pytest.raises(ScmUnavailableError, match="another host"):
            github.call("GET", "x")

        assert other.requests == []


def test_redirects_for_ever_end(answering: Answering) -> None:
    github, server = answering(Reply(302, None, (("Location", "/x"),)))

    with pytest.raises(ScmUnavailableError, match="for ever"):
        github.call("GET", "x")

    assert len(server.requests) < 10
