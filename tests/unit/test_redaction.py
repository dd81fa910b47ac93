"""Secrets are taken out of what people read."""

import base64

import pytest

from common.jsontypes import JSONObject
from common.redaction import MASK, is_secret_name, mask_secret_fields, redact, redact_json


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
