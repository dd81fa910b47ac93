"""Secrets are taken out of what people read."""

import base64
import json
from threading import Thread
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, strategies as st

from common.jsontypes import JSONObject, JSONValue
from common.redaction import (
    MASK,
    MIN_SECRET_LENGTH,
    is_secret_name,
    mask_json,
    mask_secret_fields,
    mask_secrets,
    note_secrets,
    noted_secrets,
    noting_secrets,
    redact,
    redact_json,
)


@pytest.mark.parametrize(
    "shown",
    ["p@ss/word", "p%40ss%2Fword", base64.b64encode(b"p@ss/word").decode()],
)
def test_a_secret_is_masked_in_its_usual_encodings(shown: str) -> None:
    assert redact(f"<{shown}>", secrets=["p@ss/word"]) == f"<{MASK}>"


def test_user_information_and_bearer_tokens_are_masked_without_being_known() -> None:
    assert redact("https://bob:pw@host/x") == f"https://{MASK}@host/x"
    assert redact("Authorization: Bearer abcdefgh.123") == f"Authorization: Bearer {MASK}"


def test_short_and_empty_secrets_do_not_mask_everything() -> None:
    assert redact("a b c", secrets=["", "a", " "]) == "a b c"


def test_json_is_redacted_in_depth() -> None:
    assert redact_json({"a": ["x-hunter2", 1]}, secrets=["hunter2"]) == {"a": [f"x-{MASK}", 1]}


def test_fields_with_telling_names_are_masked() -> None:
    value: JSONObject = {
        "apiKey": "x",
        "user": "bob",
        "nested": [{"signing_key": "y", "token": ""}],
    }

    assert mask_secret_fields(value) == {
        "apiKey": MASK,
        "user": "bob",
        "nested": [{"signing_key": MASK, "token": ""}],
    }
    assert is_secret_name("X-Auth-Token")
    assert not is_secret_name("passenger")


SECRET = "hunter2/+? s3cr\u00e9t"


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        f"  {SECRET}\n",
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"a:{SECRET}:b".encode()).decode(),
    ],
)
def test_no_encoding_of_a_secret_gets_through(shown: str) -> None:
    masked = redact(f"<{shown}>", secrets=[SECRET])

    assert MASK in masked
    assert "hunter2" not in masked
    assert "cr\u00e9t" not in masked


def test_the_lines_of_a_key_are_masked_one_by_one() -> None:
    key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA1\nx7Jq0m2ZkqP5t\n-----END KEY-----\n"

    shown = redact("line 2 is x7Jq0m2ZkqP5t\n-----END KEY-----", secrets=[key])

    assert shown == f"line 2 is {MASK}\n-----END KEY-----"


def test_the_values_in_a_secret_that_is_json_are_masked() -> None:
    secret = '{"type": "account", "key": ["tiptoe-through", {"pin": 493817}]}'

    shown = redact_json({"a": "tiptoe-through", "b": 493817, "c": 12}, secrets=[secret])

    assert shown == {"a": MASK, "b": MASK, "c": 12}


@pytest.mark.parametrize("number", [4938172, 4938172.0, -4938172])
def test_a_secret_that_became_a_number_is_masked(number: float) -> None:
    assert mask_json([number], secrets=["4938172"]) == [MASK]


def test_true_false_and_null_are_no_secrets() -> None:
    assert redact("true or null", secrets=["true", "null", "False"]) == "true or null"


def test_keys_that_hold_a_secret_are_masked() -> None:
    assert mask_json({"x-hunter2": 1}, secrets=["hunter2"]) == {f"x-{MASK}": 1}


def test_what_only_looks_like_a_credential_stays_where_programs_read() -> None:
    address = "ssh://git@github.com/team/app"

    assert mask_secrets(address) == address
    assert mask_json({"url": address}) == {"url": address}
    assert redact(address) == f"ssh://{MASK}@github.com/team/app"


def test_what_is_handed_out_in_a_block_is_masked_everywhere_in_it() -> None:
    with noting_secrets():
        note_secrets(["hunter2", ""])
        with noting_secrets():
            note_secrets(["swordfish"])
        shown = redact("hunter2 and swordfish")
        known = noted_secrets()

    assert shown == f"{MASK} and {MASK}"
    assert known == {"hunter2", "swordfish"}
    assert redact("hunter2") == "hunter2"
    assert noted_secrets() == frozenset()


def test_another_thread_does_not_see_what_is_noted_here() -> None:
    found: list[frozenset[str]] = []
    with noting_secrets():
        note_secrets(["hunter2"])
        thread = Thread(target=lambda: found.append(noted_secrets()))
        thread.start()
        thread.join()

    assert found == [frozenset()]


_WORDS = {"true", "false", "null", "none"}
_JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda it: st.lists(it, max_size=3) | st.dictionaries(st.text(max_size=5), it, max_size=3),
    max_leaves=10,
)
_SECRETS = st.text(st.characters(exclude_characters="*", codec="utf-8"), min_size=4, max_size=40)


@given(st.lists(_SECRETS, min_size=1, max_size=5), st.lists(st.text(max_size=20), max_size=6))
def test_no_secret_survives_among_other_text(secrets: list[str], around: list[str]) -> None:
    told = {it.strip() for it in secrets if len(it.strip()) >= MIN_SECRET_LENGTH}
    told = {it for it in told if it.lower() not in _WORDS}
    text = "|".join([*around, *told, *around])

    shown = mask_secrets(text, secrets=secrets)

    assert [it for it in told if it in shown] == []


@given(_SECRETS, st.binary(max_size=7), st.binary(max_size=7))
def test_no_secret_can_be_read_from_base64(secret: str, before: bytes, after: bytes) -> None:
    assume(len(secret.strip()) > MIN_SECRET_LENGTH + 1)
    encoded = base64.b64encode(before + secret.encode() + after).decode()

    shown = mask_secrets(encoded, secrets=[secret])

    assert MASK in shown


@given(_SECRETS, _JSON)
def test_masking_keeps_the_shape_of_json(secret: str, value: JSONValue) -> None:
    once = mask_json({"secret": secret, "value": value}, secrets=[secret])

    assert mask_json(once, secrets=[secret]) == once
    assert isinstance(once, dict)
    assert type(once["value"]) in {type(value), str}


@given(st.text(max_size=200))
def test_without_a_secret_nothing_changes(text: str) -> None:
    assert mask_secrets(text) == text
