"""Secrets are read for arguments, and not seen afterwards."""

import pytest
from hypothesis import given, strategies as st

from common.errors import NotFoundError
from promotions.engine.analysis.arguments import Argument, SecretKeyRef, ValueFrom
from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.secret_arguments import (
    redacted,
    redacted_metadata,
    resolve_secrets,
)

SECRETS = {"one": {"key": "12345"}, "two": {"key": "hidden", "empty": ""}}


def secret(name: str, key: str = "key", value: str | None = None) -> Argument:
    return Argument("s", value, ValueFrom(SecretKeyRef(name, key)))


def test_a_secret_is_the_value_even_of_an_argument_that_has_one() -> None:
    plain = Argument("p", "plain")
    field = Argument("f", None, ValueFrom(field_path="metadata.name"))

    resolved = resolve_secrets([plain, secret("one", value="old"), field], secrets=SECRETS.get)

    assert [it.value for it in resolved.arguments] == ["plain", "12345", None]
    assert resolved.values == {"12345"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([secret("absent")], 'secrets "absent" not found'),
        ([secret("one", "other")], "key 'other' does not exist in secret 'one'"),
        ([secret("one", "")], "key '' does not exist in secret 'one'"),
        ([secret("one"), secret("nine"), secret("ten")], 'secrets "nine" not found'),
    ],
)
def test_what_is_not_there_is_told(arguments: list[Argument], problem: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve_secrets(arguments, secrets=SECRETS.get)

    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("values", "message", "shown"),
    [
        (["12345"], "error with 12345, 12345", "error with *****, *****"),
        (["123", "12345"], "12345 123", "***** *****"),
        ([""], "nothing", "nothing"),
        (["a"], "a cat", "***** c*****t"),
        ([], "12345", "12345"),
    ],
)
def test_messages_show_no_secret(values: list[str], message: str, shown: str) -> None:
    assert redacted(Measurement(message=message), values=values).message == shown


def test_values_and_queries_show_none_but_short_ones() -> None:
    measurement = Measurement(value="hidden 12", metadata={"job-name": "hidden"})

    clean = redacted(measurement, values=["hidden", "12"])

    assert clean.value == "***** 12"
    assert clean.metadata == {"job-name": "hidden"}
    assert redacted_metadata({"Query": "a=hidden&b=12"}, values=["hidden", "12"]) == {
        "Query": "a=*****&b=12"
    }


@given(st.lists(st.text(st.characters(exclude_characters="*"), min_size=1), max_size=4), st.text())
def test_no_secret_survives_in_a_message(values: list[str], text: str) -> None:
    message = text + "".join(values)

    clean = redacted(Measurement(message=message), values=values).message

    assert not any(value in clean for value in values)
