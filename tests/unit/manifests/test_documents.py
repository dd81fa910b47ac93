import json

import pytest

from common.errors import InvalidError
from promotions.manifests.documents import MAX_BYTES, read_documents
from promotions.manifests.yaml_text import write_yaml


def contents(text: str | bytes) -> list[object]:
    return [dict(it.content) for it in read_documents(text)]


def refusal(text: str | bytes) -> str:
    with pytest.raises(InvalidError) as caught:
        read_documents(text, source="a.yaml")
    return caught.value.message


def test_each_document_knows_its_source_index_and_line() -> None:
    found = read_documents("# one\na: 1\n---\n\nb: 2\n", source="x.yaml")

    assert [it.where for it in found] == [
        "x.yaml: document 1 (line 2)",
        "x.yaml: document 2 (line 5)",
    ]


@pytest.mark.parametrize(
    "text",
    [
        'a: 1\n---\nb: "2"\n---\n',
        '[{"a": 1}, {"b": "2"}]',
        '{"a": 1}\n{"b": "2"}',
        '{"a": 1}{"b": "2"}',
        "{a: 1}\n---\n{b: '2'}",
        "- a: 1\n- b: '2'\n",
        '---\n---\nnull\n---\n{"kind": "List", "items": [{"a": 1}, {"b": "2"}]}',
        "\ufeffa: 1\n---\nb: '2'",
    ],
)
def test_yaml_json_arrays_rows_and_lists_are_read(text: str) -> None:
    assert contents(text) == [{"a": 1}, {"b": "2"}]


@pytest.mark.parametrize("text", ["", "---\n---\n", "# only a comment", "null", "{}", "[]"])
def test_empty_documents_are_left_out(text: str) -> None:
    assert read_documents(text) == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("1.20", 1.2),
        ("1e3", 1000.0),
        ("0o17", 15),
        ("017", 15),
        ("0x1F", 31),
        ("-7", -7),
        ("1_000", 1000),
        ("yes", True),
        ("off", False),
        ("~", None),
        ('"yes"', "yes"),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("v1.0", "v1.0"),
        ("=", "="),
        ("99999999999999999999", 1e20),
    ],
)
def test_scalars_are_read_as_kubernetes_reads_them(written: str, value: object) -> None:
    (document,) = contents(f"a: {written}")

    assert document == {"a": value}
    assert type(document["a"]) is type(value)  # type: ignore[index] # it is a dictionary


@pytest.mark.parametrize(
    "written",
    [
        "!(author contains '<bot@builds.test>')",
        "!(tag == 'edge') && creatorDate.Year() > 2024",
        "!(draft)",
    ],
)
def test_a_negated_expression_without_quotes_is_read_as_it_is_written(written: str) -> None:
    assert contents(f"a: {written} # why\nb: [1]") == [{"a": written, "b": [1]}]


@pytest.mark.parametrize(
    "written", ["!(a   == b)", "!(a%20b == c)", '!(a) "b"', "!(a\n  == b)", "&x !(a == b)"]
)
def test_a_negation_that_yaml_has_altered_must_be_quoted(written: str) -> None:
    assert "in quotes" in refusal(f"a: {written}")


def test_aliases_and_merge_keys_are_written_out() -> None:
    text = "base: &b {x: 1, y: 2}\nuse: *b\nmerged: {<<: *b, y: 3}\n"

    assert contents(text) == [
        {"base": {"x": 1, "y": 2}, "use": {"x": 1, "y": 2}, "merged": {"x": 1, "y": 3}}
    ]


def test_a_few_aliases_that_stand_for_millions_of_values_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    assert "more than 500000 values" in refusal("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\na: 2\n", 'a.yaml: line 2: the key "a" is there twice'),
        ('{"a": {"b": 1, "b": 2}}', 'the key "b" is there twice'),
        ("a: &x [*x]", "refers to itself"),
        ("a: *nothing", "nothing"),
        ("a: " + "[" * 150 + "]" * 150, "nested more than 100 levels deep"),
        ('{"a": ' + "[" * 150 + "]" * 150 + "}", "nested more than 100 levels deep"),
        ('{"a": ' + "[" * 99999 + "]" * 99999 + "}", "nested more than 100 levels deep"),
        ("a: .inf", "not a number that JSON has"),
        ('{"a": 1e999}', "a number is too large"),
        ('{"a": NaN}', "NaN is not a number that JSON has"),
        ('{"a": "x\\u0000"}', "NUL"),
        ('a: "\\0"', "NUL"),
        ('{"a": "\\ud800"}', "surrogate"),
        ("just text", "expected an object"),
        ("- 1\n", "expected an object"),
        ("a: [1", "not valid YAML: line"),
        ("a: !!binary aGk=", "is not supported"),
        ("a: !custom x", "is not supported"),
        (b"a: \xff", "not UTF-8"),
        ("? [1, 2]\n: x", "a key must be text"),
    ],
)
def test_what_cannot_be_a_manifest_is_refused_with_the_reason(
    text: str | bytes, reason: str
) -> None:
    assert reason in refusal(text)


def test_a_text_that_is_too_long_is_refused_unread() -> None:
    assert "split it up" in refusal("a" * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    "value",
    ["yes", "1:30", "1e3", "0o7", "", "~", "null", "<<", "a: b", "# x", "a\n b\n", " x ", "é", "-"],
)
def test_what_we_write_reads_back_as_it_was(value: str) -> None:
    document = {"a": value, "list": [value, 1, 1.5, True, None, {}, []], value or "k": 1}

    assert contents(write_yaml([document])) == [document]
    assert contents(json.dumps(document)) == [document]
