import pytest

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.goyaml import write_yaml
from promotions.engine.expressions.values import AnyMap, Function, Record


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null\n"),
        (True, "true\n"),
        (-7, "-7\n"),
        (1.0, "1\n"),
        (1e6, "1e+06\n"),
        (1.5e-7, "1.5e-07\n"),
        (float("inf"), ".inf\n"),
        (float("-inf"), "-.inf\n"),
        (float("nan"), ".nan\n"),
        ([], "[]\n"),
        ({}, "{}\n"),
        ([1, [2, [3]], {}], "- 1\n- - 2\n  - - 3\n- {}\n"),
        (
            {"b": 1, "a": {"c": [1, {"d": 2, "e": 3}]}},
            "a:\n    c:\n        - 1\n        - d: 2\n          e: 3\nb: 1\n",
        ),
        ([{"a": 1, "b": {"c": 2}}], "- a: 1\n  b:\n    c: 2\n"),
        (b"hi", "- 104\n- 105\n"),
    ],
)
def test_values_are_written_in_block_style(value: object, text: str) -> None:
    assert write_yaml(value) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "~", "null", "true", "False", "yes", "No", "on", "OFF", "y", "N"),
        *("1", "-1", "+1", "0x1F", "0o17", "0777", "08", "0b11", "1_000", "1e3", "1.5", ".5"),
        *(".inf", "-.INF", ".NaN", "1:30", "190:20:30", "2024-01-15", "2024-1-5"),
        *("2024-01-15T10:20:30Z", "2024-01-15 10:20:30", "18446744073709551615"),
    ],
)
def test_what_would_be_another_type_stands_in_double_quotes(text: str) -> None:
    assert write_yaml(text) == f'"{text}"\n'


@pytest.mark.parametrize(
    "text",
    [
        *("a", "a b", "a:b", "a#b", "-a", "?a", ":a", "a,b", "a]", "it's", 'say "hi"', "v1.2.3"),
        *("http://x/y", "sha256:ab", "1.2.3", "2024-13-01", "2023-02-29", "12:60", "0xFFg"),
        *("0xFFFFFFFFFFFFFFFFF", "1__", "inf", "héllo", "日本", "C:\\x", "2024-01-15T10:20:30"),
    ],
)
def test_plain_text_stays_plain(text: str) -> None:
    assert write_yaml(text).rstrip("\n") in (text, f'"{text}"')
    assert write_yaml([text]) == f"- {write_yaml(text)}"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a: b", "'a: b'"),
        ("#a", "'#a'"),
        ("a #b", "'a #b'"),
        ("- a", "'- a'"),
        ("-", "'-'"),
        ("? a", "'? a'"),
        ("a:", "'a:'"),
        ("[a]", "'[a]'"),
        ("*a", "'*a'"),
        ("'q'", "'''q'''"),
        (" lead", "' lead'"),
        ("trail ", "'trail '"),
        ("--- a", "'--- a'"),
        ("@a", "'@a'"),
        ("a\tb", '"a\\tb"'),
        ("\x07", '"\\a"'),
        ("\x7f", '"\\x7F"'),
        ("a\xa0b", "a\xa0b"),
        ("😀", '"\\U0001F600"'),
        ("a\rb", '"a\\rb"'),
        ("a \nb", '"a \\nb"'),
    ],
)
def test_text_is_quoted_as_far_as_needed(text: str, written: str) -> None:
    assert write_yaml(text) == f"{written}\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\nb", "k: |-\n    a\n    b\n"),
        ("a\nb\n", "k: |\n    a\n    b\n"),
        ("a\n\n", "k: |+\n    a\n\n"),
        ("a\n\nb\n", "k: |\n    a\n\n    b\n"),
        (" a\nb", "k: |4-\n     a\n    b\n"),
        ("\na", "k: |4-\n\n    a\n"),
    ],
)
def test_text_of_several_lines_is_a_block(text: str, written: str) -> None:
    assert write_yaml({"k": text}) == written


def test_the_hint_of_a_block_counts_from_what_it_stands_in() -> None:
    assert write_yaml([" a\n"]) == "- |2\n   a\n"
    assert write_yaml([{"k": " a\n"}]) == "- k: |2\n     a\n"


def test_text_that_is_not_utf8_is_binary() -> None:
    assert write_yaml("\udcff") == "!!binary /w==\n"


def test_keys_are_ordered_as_people_do() -> None:
    keys = ["b", "a10", "a2", "a-b", "B", "_", "1", "a", "é", "10", "9"]

    written = write_yaml(dict.fromkeys(keys, 0)).replace('"', "").splitlines()

    assert [line.partition(":")[0] for line in written] == [
        *("_", "1", "9", "10", "B", "a", "a-b", "a2", "a10", "b", "é")
    ]


def test_keys_that_are_no_strings_come_first() -> None:
    assert write_yaml(AnyMap({"a": 1, 2: 2, True: 3})) == "true: 3\n2: 2\na: 1\n"


def test_a_key_that_is_long_or_of_several_lines_is_marked() -> None:
    assert write_yaml({"k" * 129: 1}) == f"? {'k' * 129}\n: 1\n"
    assert write_yaml({"a\nb": 1}) == "? |-\n    a\n    b\n: 1\n"


def test_a_record_is_a_struct_in_its_own_order() -> None:
    record = Record("v1.Thing", {"RepoURL": "x", "ID": "", "Tags": []})

    assert write_yaml([record]) == '- repourl: x\n  id: ""\n  tags: []\n'


def test_a_record_without_fields_is_its_text() -> None:
    assert write_yaml(Record("v1.Status", text="1.0")) == '"1.0"\n'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Function("f", lambda _: None), "cannot marshal"),
        (nested(200), "deeply"),
        (["x" * 1_000_000] * 9, "too long"),
    ],
)
def test_what_cannot_be_written_is_refused(value: object, message: str) -> None:
    with pytest.raises(OperandError, match=message):
        write_yaml(value)
