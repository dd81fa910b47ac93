"""Values in HCL text are replaced where they stand."""

import re

import pytest
from hypothesis import given, settings, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.hcl_positions import HclBlock, hcl_positions
from promotions.engine.documents.hcl_update import MAX_CHARACTERS, hcl_literal, update_hcl
from promotions.engine.documents.keypaths import Update

MAIN = """# The app
terraform {
  required_version = ">= 1.5" # keep
}
terraform {
  backend "s3" { bucket = "b" }
}

variable "tag" {
  type    = string
  default = "v1" // the tag
}

resource "aws_instance" "web" {
  ami   = data.aws_ami.latest.id /* looked up */
  count = var.on ? 2 : 0
  user_data = <<-EOT
    #!/bin/sh
    echo "${var.tag}" } # no comment
    EOT
  tags = {
    Name    = "web-${upper("x}")}"
    version : "1.0", "app.kubernetes.io/name" = "n"
    (var.key) = 1
    nested = { deep = [1, { x = 2 }] }
  }
  lifecycle { ignore_changes = [tags["a"], ami] }
  dynamic "setting" {
    for_each = { for k, v in var.all : k => v }
    content { name = setting.key }
  }
}

resource aws_instance "db" {
  ami = merge({ a = 1 }, {
    b = 2
  })
}
"""


def update(text: str, key: str, value: JSONValue) -> str:
    return update_hcl(text, [Update(key, value)])


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("terraform.required_version", '">= 1.5" #', '"x" #'),
        ("terraform.backend.s3.bucket", '{ bucket = "b" }', '{ bucket = "x" }'),
        ("variable.tag.default", '"v1" // the tag', '"x" // the tag'),
        ("variable.tag.type", "= string", '= "x"'),
        ("resource.aws_instance.web.ami", "data.aws_ami.latest.id /*", '"x" /*'),
        ("resource.aws_instance.web.count", "var.on ? 2 : 0", '"x"'),
        ("resource.aws_instance.web.tags.Name", '"web-${upper("x}")}"', '"x"'),
        ("resource.aws_instance.web.tags.version", '"1.0",', '"x",'),
        (r"resource.aws_instance.web.tags.app\.kubernetes\.io/name", '"n"', '"x"'),
        ("resource.aws_instance.web.dynamic.setting.content.name", "setting.key", '"x"'),
        ("resource.aws_instance.db.ami", "merge({ a = 1 }, {\n    b = 2\n  })", '"x"'),
    ],
)
def test_exactly_the_value_is_replaced(key: str, before: str, after: str) -> None:
    assert MAIN.count(before) == 1

    assert update(MAIN, key, "x") == MAIN.replace(before, after)


def test_a_heredoc_is_replaced_up_to_its_marker() -> None:
    updated = update(MAIN, "resource.aws_instance.web.user_data", "x")

    assert updated == re.sub(r"<<-EOT.*?EOT", '"x"', MAIN, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("text", "updated"),
    [
        ("a=1", 'a="x"'),
        ("a = 1", 'a = "x"'),
        ("\ufeffa = 1\r\nb = 2\r\n", '\ufeffa = "x"\r\nb = 2\r\n'),
        ("a = 1# one\n", 'a = "x"# one\n'),
        ("a\t=\t1 \t\nb = 2", 'a\t=\t"x" \t\nb = 2'),
        ("a = <<E\r\nx\r\n  E\r\nb = 1\r\n", 'a = "x"\r\nb = 1\r\n'),
        ("a = <<E\n${<<F\nE\nF\n}\nE\n", 'a = "x"\n'),
        ('a = "$${" # }', 'a = "x" # }'),
        ('a = "%%{\\"" # }', 'a = "x" # }'),
        ('a = "$$${b}"', 'a = "x"'),
        ("a = (\n1 + # one\n2)\nb = 1", 'a = "x"\nb = 1'),
        ("a = {\n}.b\nb = 1", 'a = "x"\nb = 1'),
        ("a = [for x in y : x][0]\n", 'a = "x"\n'),
        ("/* a = 0 */ a = 1", '/* a = 0 */ a = "x"'),
        ("é-1 = 1\na = -1.5e3\n", 'é-1 = 1\na = "x"\n'),
        ('a = f("%{ if b }x%{ else ~}y%{ endif }")', 'a = "x"'),
        ('a = b["c"].*.d[*]\n', 'a = "x"\n'),
        ("a = !b && c <= d # <<E\n", 'a = "x" # <<E\n'),
    ],
)
def test_what_surrounds_a_value_stays(text: str, updated: str) -> None:
    assert update(text, "a", "x") == updated


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("v1", '"v1"'),
        ("", '""'),
        ('a"b\\c\n\r\t', '"a\\"b\\\\c\\n\\r\\t"'),
        ("\x00\x1b\x7f", '"\\u0000\\u001b\\u007f"'),
        ("${x}", '"$${x}"'),
        ("%{ if x }", '"%%{ if x }"'),
        ("$${x}", '"\\u0024$${x}"'),
        ("%%%{x}", '"\\u0025\\u0025%%{x}"'),
        ("100% $5 $ {", '"100% $5 $ {"'),
        ("é😀", '"é😀"'),
        (42, "42"),
        (-1.5, "-1.5"),
        (1e21, "1000000000000000000000"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_a_value_is_written_so_that_it_says_what_it_says(value: JSONValue, literal: str) -> None:
    assert hcl_literal(value) == literal
    assert update("a = 1", "a", value) == f"a = {literal}"


def test_several_updates_are_made_and_the_last_of_a_key_counts() -> None:
    updates = [Update("a", 1), Update("b.c", "x"), Update("a", 2)]

    assert update_hcl("a = 0\nb = { c = 1 }\n", updates) == 'a = 2\nb = { c = "x" }\n'


@pytest.mark.parametrize(
    ("text", "key", "value", "message"),
    [
        ("a = 1", "b", 1, 'error updating key "b": key path not found'),
        ("a = 1", "a.b", 1, "key path not found"),
        ("a {\n}", "a", 1, "addresses a block"),
        ('a "b" {\nc = 1\n}', "a.c", 1, "key path not found"),
        ('a "b" {\nc = 1\n}', "a.b", 1, "addresses a block"),
        ("a = {\n b = 1\n}", "a", 1, "addresses an object instead of a value"),
        ("a = [1]", "a", 1, "addresses a tuple instead of a value"),
        ("a = [1]", "a.0", 1, "key path not found"),
        ("a = 1\na = 2", "a", 1, "addresses more than one value"),
        ("a {\nb = 1\n}\na {\nb = 2\n}", "a.b", 1, "addresses more than one value"),
        ("a = { for b in c : b => 1 }", "a.b", 1, "key path not found"),
        ('a = { "${b}" = 1 }', "a.b", 1, "key path not found"),
        ("a = { b = 1 }.c", "a.b", 1, "key path not found"),
        ("a = 1", "", 1, "empty key"),
        ("a = 1", "a", None, "neither a string nor"),
        ("a = 1", "a", [1], "neither a string nor"),
        ("a = 1", "a", "\ud800", "Unicode"),
    ],
)
def test_what_cannot_be_updated_is_an_error(
    text: str, key: str, value: JSONValue, message: str
) -> None:
    with pytest.raises(InvalidError, match=message):
        update(text, key, value)


@pytest.mark.parametrize(
    "text",
    [
        *("a", "a =", "a = \n", "= 1", "a = 1 }", "a {", "a { b = 1", "a }", "1 = 2", '"a" = 1'),
        *('a = "x', 'a = "x\ny"', "a = (1", "a = [1)", "a = }", "a = <<E\nx\n", "/* x", "a = 1 /*"),
        *('a = "${b"', 'a = "${b}', 'a "${b}" {\n}', "a = { b }", "a = { b = }", "a = { b = 1"),
        *("a = 1, b = 2", "a b c", "a = {,}", "a = )", '{"a": 1}', "a { } b = 1"),
        *("a {" * 100_000, "a = " + "[" * 100_000, "a = " + '"${' * 100_000),
        *("a = {a=" * 100_000, "a = " + "/*" * 400_000, "a = <<E\n" + "${" * 100_000),
        *("a = " + "<<E\n" * 100_000, "a = " + "<" * 400_000 + "(", "#" * (MAX_CHARACTERS + 1)),
    ],
)
def test_what_is_not_hcl_is_refused_at_once(text: str) -> None:
    with pytest.raises(InvalidError):
        update(text, "a", 1)


VALUES = (
    st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
)
WRITTEN = st.sampled_from(
    [
        *("1", '"b # c"', "var.x", 'f("}", [1])', "<<E\n a = 1\n E", '"${x["y"]}"', "{ a = 1 }"),
        *("[\n 1,\n 2\n]", "b ? c : d", "(\n1\n)", "{\n x = 1 # y\n}", "[for a in b : a]"),
    ]
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), WRITTEN), min_size=1), st.data(), VALUES)
def test_an_update_changes_its_value_and_nothing_around_it(
    pairs: list[tuple[str, str]], data: st.DataObject, value: JSONValue
) -> None:
    lines = [f"{key} = {written}\n" for key, written in pairs]
    number = data.draw(st.integers(0, len(pairs) - 1))
    text = f"top = 1\nblock {{\n{''.join(lines)}}}\n"
    key, written = pairs[number]
    is_single = [it for it, _ in pairs].count(key) == 1
    if not is_single or written[0] in "[{":
        with pytest.raises(InvalidError):
            update(text, f"block.{key}", value)
        return

    updated = update(text, f"block.{key}", value)

    lines[number] = f"{key} = {hcl_literal(value)}\n"
    assert updated == f"top = 1\nblock {{\n{''.join(lines)}}}\n"
    assert update(updated, f"block.{key}", value) == updated


@given(st.text())
def test_a_text_stays_one_string_without_templates(value: str) -> None:
    literal = hcl_literal(value)

    body = hcl_positions(f"a {literal} {{\n}}\n")

    assert len(body) == 1
    _, block = body[0]
    assert isinstance(block, HclBlock)
    assert not re.search(r"(?<![$%\\])(\$|%)\{", literal)


@settings(deadline=None, max_examples=500)
@given(st.text(alphabet="ab=.[]{}()<E#/*\"'$%\\ \n\r,:-1", max_size=40))
def test_any_text_is_updated_or_refused(text: str) -> None:
    try:
        updated = update(text, "a", "x")
    except InvalidError:
        return

    assert update(updated, "a", "x") == updated
