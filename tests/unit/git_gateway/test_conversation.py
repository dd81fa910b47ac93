from datetime import UTC, datetime, timedelta

import pytest

from promotions.gateways.git.conversation import Answer, overheard

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TRACE = """\
02:52:39.945335 http.c:725              == Info: Could not resolve host: nothing to see
02:52:39.945567 http.c:684              => Send header: Authorization: Basic c2VjcmV0
remote: 02:52:39.945567 http.c:684      <= Recv header: HTTP/1.1 200 OK
02:52:39.946623 http.c:684              <= Recv header: HTTP/1.1 429 Too Many Requests
02:52:39.946627 http.c:672              <= Recv header, 0000000037 bytes (0x00000025)
02:52:39.946630 http.c:684              <= Recv header: retry-after: 17
02:52:39.946636 http.c:684              <= Recv header:
fatal: unable to access 'http://h/r.git/': The requested URL returned error: 429
"""


def test_the_trace_is_taken_out_and_the_answers_are_read() -> None:
    answers, left = overheard(TRACE)

    assert answers == (Answer(429, {"retry-after": "17"}),)
    assert answers[0].retry_after(now=NOW) == timedelta(seconds=17)
    assert left.splitlines() == [
        "remote: 02:52:39.945567 http.c:684      <= Recv header: HTTP/1.1 200 OK",
        "fatal: unable to access 'http://h/r.git/': The requested URL returned error: 429",
    ]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("99999999999999999999", 86_400),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("٣", 0),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, seconds: int) -> None:
    answer = Answer(429, {"retry-after": value})

    assert answer.retry_after(now=NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://h/b.git/info/refs?service=git-upload-pack", "https://h/b.git"),
        ("/b/info/refs?service=git-receive-pack", "http://g/b"),
        ("https://h/login", ""),
        ("", ""),
    ],
)
def test_a_redirect_names_the_repository(location: str, target: str) -> None:
    answer = Answer(302, {"location": location})

    assert answer.redirected("http://g/a.git") == target
    assert Answer(200, {"location": location}).redirected("http://g/a.git") == ""


@pytest.mark.parametrize(
    ("answer", "plea", "trouble"),
    [
        (Answer(429), True, False),
        (Answer(403), False, False),
        (Answer(403, {"retry-after": "60"}), True, False),
        (Answer(500), False, True),
        (Answer(503), False, True),
        (Answer(404), False, False),
    ],
)
def test_pleas_and_trouble_are_told_apart(answer: Answer, *, plea: bool, trouble: bool) -> None:
    assert (answer.is_plea, answer.is_trouble) == (plea, trouble)
