"""The frame of the REST API, apart from any endpoint."""

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse, QueryDict
from django.urls import include, path
from django.views import View
from rest_framework.exceptions import NotAuthenticated, Throttled

from common.errors import (
    ConflictError,
    FieldProblem,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PlatformError,
    UpstreamError,
)
from common.rest.errors import exception_handler
from common.rest.requests import bad_request, count_of, flag_of, list_of, text_of
from rbac.authorizer import PUBLIC
from rbac.checks import routes, view_classes


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InvalidError("bad spec"), 422, "bad spec"),
        (bad_request("bad body"), 400, "bad body"),
        (InvalidError("no", code="freight_not_available"), 400, "no"),
        (
            InvalidError("bad", problems=(FieldProblem("spec.a", "is missing"),)),
            422,
            "bad: spec.a: is missing",
        ),
        (ForbiddenError("stop"), 403, "stop"),
        (NotFoundError("gone"), 404, "gone"),
        (ConflictError("late"), 409, "late"),
        (UpstreamError("down", retryable=True), 502, "down"),
        (PlatformError("inside"), 500, "internal server error"),
        (RuntimeError("inside"), 500, "internal server error"),
        (NotAuthenticated(), 401, "no token provided"),
        (Http404(), 404, "not found"),
        (PermissionDenied("csrf"), 403, "csrf"),
        (RequestDataTooBig(), 413, "request body too large"),
        (Throttled(), 429, "Request was throttled."),
    ],
)
def test_every_error_has_one_answer(error: Exception, status: int, message: str) -> None:
    response = exception_handler(error, {})

    assert (response.status_code, response.data) == (status, {"error": message})


def test_queries_are_read_as_clients_write_them() -> None:
    query = QueryDict("a=1,2&a=3&b=&c=true&d=TRUE&e=7")

    assert list_of(query, "a") == ["1", "2", "3"]
    assert list_of(query, "b") == list_of(query, "z") == []
    assert (flag_of(query, "c"), flag_of(query, "d")) == (True, False)
    assert (count_of(query, "e"), count_of(query, "b")) == (7, 0)


@pytest.mark.parametrize("text", ["-1", "x", "²", "1" * 30])
def test_a_number_that_is_none_is_a_bad_request(text: str) -> None:
    query = QueryDict(mutable=True)
    query["page"] = text

    with pytest.raises(InvalidError, match="whole number"):
        count_of(query, "page")


def test_null_and_absent_texts_are_alike_and_others_are_refused() -> None:
    assert text_of({"a": None}, "a") == text_of({}, "a") == text_of({"a": " "}, "a") == ""
    for value in (1, ["x"], "a\0b"):
        with pytest.raises(InvalidError):
            text_of({"a": value}, "a")


class Declared(View):
    access_verb = PUBLIC


def undeclared(request: object) -> HttpResponse:
    return HttpResponse()


def test_the_url_table_is_walked_to_its_leaves() -> None:
    table = [path("a/", include([path("b", Declared.as_view()), path("c", undeclared)]))]

    found = dict(routes(table))

    assert list(found) == ["a/b", "a/c"]
    assert view_classes(found["a/b"]) == (Declared,)
    assert view_classes(found["a/c"]) == ()
