"""What the audit keeps of what was changed."""

import json
from datetime import UTC, datetime

import pytest

from rbac.audit.facts import MAX_BYTES, kept_facts, kept_text


def test_secrets_are_masked_wherever_they_are() -> None:
    kept = kept_facts(
        {
            "spec": {
                "steps": [
                    {
                        "config": {
                            "password": "hunter22",
                            "headers": [{"name": "Authorization", "value": "Basic abc"}],
                            "url": "https://me:hunter22@git.example.com/x",
                            "tokens": ["hunter22"],
                        }
                    }
                ]
            }
        }
    )

    assert "hunter22" not in json.dumps(kept)
    assert "abc" not in json.dumps(kept)
    assert "git.example.com/x" in json.dumps(kept)


def test_what_only_names_a_secret_stays_readable() -> None:
    facts = {
        "secretRef": {"name": "webhook"},
        "secretName": "webhook",
        "credential_type": "git",
        "password": "${{ secret('db').password }}",
    }

    assert kept_facts(facts) == facts


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1e16, 10**16),
        (1.5e300, 15 * 10**299),
        (-0.0, 0.0),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (1.25, 1.25),
        (1e-7, 1e-7),
        (10**40, 10**40),
        ("a\0b", "a\ufffdb"),
        ("\ud800", "\ufffd"),
        ((1, 2), [1, 2]),
        (datetime(2026, 6, 1, tzinfo=UTC), "2026-06-01 00:00:00+00:00"),
    ],
)
def test_values_are_kept_as_every_database_gives_them_back(value: object, kept: object) -> None:
    assert kept_facts({"it": value}) == {"it": kept}


def test_of_giants_a_digest_is_kept() -> None:
    kept = kept_facts({"small": "x", "large": "y" * MAX_BYTES})
    many = kept_facts({str(number): "z" * 10_000 for number in range(100)})

    assert kept is not None
    assert kept["small"] == "x"
    assert kept["large"]["sizeBytes"] == MAX_BYTES + 2
    assert many is not None
    assert list(many) == ["everything"]


def test_what_is_nested_without_end_is_cut() -> None:
    nested: dict[str, object] = {}
    for _ in range(5000):
        nested = {"in": nested}

    assert "too deep" in json.dumps(kept_facts(nested))


def test_texts_lose_credentials_and_what_no_database_stores() -> None:
    assert kept_text("see https://me:pw@host/x\0") == "see https://******@host/x\ufffd"
