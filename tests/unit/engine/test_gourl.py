from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from promotions.engine.gourl import GoURL, parse_url

PIECES = st.sampled_from(["https://", "ssh://", "git@", "h", ".x", ":22", "[::1]", "%41", "%zz"])
URLS = st.lists(
    PIECES | st.text("/?#@:%ab é\x01\u200b", max_size=4) | st.text(max_size=3), max_size=6
).map("".join)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", GoURL()),
        ("*", GoURL(path="*", raw_path="*")),
        ("mailto:a@b?c", GoURL("mailto", opaque="a@b", query="c")),
        ("file:/a", GoURL("file", path="/a", raw_path="/a", omits_host=True)),
        ("//h/a", GoURL(host="h", path="/a", raw_path="/a")),
        ("///a", GoURL(path="///a", raw_path="///a")),
        ("HTTP://u:p@H:1/a?#", GoURL("http", "", "u:p", "H:1", "/a", "/a", has_query_mark=True)),
        ("http://h/%41%20", GoURL("http", host="h", path="/A ", raw_path="/%41%20")),
        ("http://[fe80::1%25en0]/", GoURL("http", host="[fe80::1%en0]", path="/", raw_path="/")),
    ],
)
def test_a_url_falls_into_parts(text: str, url: GoURL) -> None:
    assert parse_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        ":a",
        "git@host:a/b",
        "http://a b/",
        "http://h:x/",
        "http://1:2:3/",
        "http://[::1",
        "http://[1.2.3.4]/",
        "http://x[::1]/",
        "http://h/%zz",
        "http://h/#%zz",
        "http://%41/",
        "http://u<@h/",
        "http://h/\n",
    ],
)
def test_what_go_refuses_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        parse_url(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://h/a%2fb", "https://h/a%2fb"),
        ("https://h/a b", "https://h/a%20b"),
        ("https://h/%c3%a9", "https://h/%c3%a9"),
        ("https://h/é", "https://h/%C3%A9"),
        ("https://h?", "https://h?"),
        ("https://", "https:"),
        ("https:////a", "https:////a"),
        ("http:/%2Fa", "http:/%2Fa"),
        ("a/b:c", "a/b:c"),
        ("#f g", "#f%20g"),
    ],
)
def test_a_url_is_written_as_go_writes_it(text: str, shown: str) -> None:
    assert str(parse_url(text)) == shown


def test_a_new_path_is_escaped_anew() -> None:
    url = parse_url("https://h/a%2fb.git")

    assert str(replace(url, path="/a/b")) == "https://h/a/b"


@pytest.mark.parametrize(
    ("text", "hostname"),
    [("//h:22", "h"), ("//[::1]:22", "::1"), ("//[::1]", "::1"), ("//h", "h"), ("/a", "")],
)
def test_a_hostname_has_no_port(text: str, hostname: str) -> None:
    assert parse_url(text).hostname == hostname


@pytest.mark.parametrize(
    ("text", "has_parameters"),
    [("?a", True), ("?", False), ("?&", False), ("?a;b", False), ("?%zz", False), ("?;&a", True)],
)
def test_a_query_that_cannot_be_read_has_no_parameters(
    text: str,
    has_parameters: bool,  # noqa: FBT001 - a table
) -> None:
    assert parse_url(text).has_parameters is has_parameters


@given(URLS)
def test_any_text_is_a_url_or_refused_and_its_shown_form_is_stable(text: str) -> None:
    try:
        url = parse_url(text)
    except InvalidError:
        return

    shown = str(url)

    assert str(parse_url(shown)) == shown
