"""Fuzzes the webhook receivers: valid deliveries of every event, mutated and properly signed."""

import json
from dataclasses import dataclass
from random import Random

from common.jsontypes import JSONValue
from promotions.engine.webhooks.decisions import (
    Decision,
    RefreshPromotions,
    RefreshWarehouses,
    Reply,
)
from promotions.engine.webhooks.receivers import decide
from promotions.engine.webhooks.warehouse_matching import is_concerned
from tests.fuzz.trial import try_all
from tests.unit.engine.webhooks.samples import SAMPLES, Sample, delivery, proof

_TEXTS = (
    *(
        "",
        " ",
        "x",
        "main",
        "refs/heads/",
        "refs/tags/v1",
        "1.2.3",
        "a/b",
        "/",
        "//",
        "..",
        "%",
        "%zz",
    ),
    *(
        "https://h/a.git",
        "git@h:a/b",
        "ssh://[::1",
        "http://h:x/",
        "oci://h/a",
        "h:1:2",
        "a:b@sha256:0",
    ),
    *(
        "\ud800",
        "\udc80",
        "\0",
        "é",
        "🔑",
        "\u200b",
        "\ufeff",
        "ß",
        "İ",
        "x" * 5000,
        "a" * 300 + "/b",
    ),
    *("published", "closed", "merge", "git.push", "PUSH_ARTIFACT", "docker", "oci", "pushed"),
)
_SCALARS: tuple[JSONValue, ...] = (
    *(None, True, False, 0, -1, 1, 2048, 2**63 - 1, 2**63, -(2**63), 10**30, 0.5, 1e308, -0.0),
    *([], {}, [None], [[]], [{}], {"": None}),
)
_SPLICES = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"\\",
        b"\\u",
        b"\\ud800",
        b"\xff",
        b"\xe2\x82",
        b"\0",
    ),
    *(b"null", b"NaN", b"1e999", b"-", b"[" * 2000, b'{"a":' * 2000, b"9" * 5000, b"\xef\xbb\xbf"),
)
_SUBSCRIPTIONS = (
    {"git": {"repoURL": "https://github.com/acme/shop", "includePaths": ["a.txt", "glob:**/x"]}},
    {"git": {"repoURL": "git@h:a/b", "commitSelectionStrategy": "SemVer"}},
    {"image": {"repoURL": "ghcr.io/acme/shop", "constraint": "^1"}},
    {"chart": {"repoURL": "oci://quay.io/acme/shop"}},
)
_MOST_MUTATIONS = 4
_SMALL = 400


@dataclass(frozen=True, slots=True)
class _Attempt:
    name: str
    body: bytes
    proves_nothing: bool


def run(seconds: float, seed: int) -> list[str]:
    """Return the findings."""
    return try_all(_attempt, _decide, seconds=seconds, seed=seed)


def _attempt(random: Random) -> object:
    name = random.choice(sorted(SAMPLES))
    payload: object = json.loads(json.dumps(SAMPLES[name].payload))
    for _ in range(random.randint(0, _MOST_MUTATIONS)):
        payload = _mutated(payload, random)
    body = json.dumps(payload, ensure_ascii=random.random() < 0.5).encode(errors="surrogatepass")
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        body = _spliced(body, random)
    return _Attempt(name, body, proves_nothing=random.random() < 0.1)


def _mutated(value: object, random: Random) -> object:
    """Return the value with something else somewhere in it."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(sorted(value))
        rest = {other: it for other, it in value.items() if other != key}
        new_key = random.choice((key, key, key, key.upper(), key.title(), random.choice(_TEXTS)))
        return rest if random.random() < 0.1 else {**rest, new_key: _mutated(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.9:
        at = random.randrange(len(value))
        changed = [*value[:at], _mutated(value[at], random), *value[at + 1 :]]
        is_small = len(json.dumps(changed)) < _SMALL
        return changed * random.choice((1, 1, 1, 2, 700)) if is_small else changed
    return random.choice((random.choice(_TEXTS), random.choice(_SCALARS)))


def _spliced(body: bytes, random: Random) -> bytes:
    start = random.randint(0, len(body))
    end = min(len(body), start + random.choice((0, 0, 1, 5)))
    return body[:start] + random.choice(_SPLICES) + body[end:]


def _decide(made: object) -> None:
    assert isinstance(made, _Attempt)
    sample = SAMPLES[made.name]
    authentic = delivery(sample.kind, made.body, sample.headers)
    decision = decide(sample.kind, authentic)
    _check(decision)
    assert decide(sample.kind, authentic) == decision
    if made.proves_nothing and proof(sample.kind, b""):
        _check_refusal(sample, made.body)


def _check(decision: Decision) -> None:
    match decision:
        case Reply(status, body):
            assert status in {200, 400, 501}, status
            json.dumps(body).encode()
        case RefreshPromotions(url):
            url.encode()
        case RefreshWarehouses(urls, qualifiers, files):
            for texts in (urls, qualifiers, files):
                assert list(texts) == sorted(set(texts))
                "".join(texts).encode()
            assert "" not in (*urls, *qualifiers)
            is_concerned(_SUBSCRIPTIONS, decision)


def _check_refusal(sample: Sample, body: bytes) -> None:
    """Check that a body counts for nothing if it was signed with another key."""
    wrong = delivery(sample.kind, body, sample.headers)
    headers = {**wrong.headers, **proof(sample.kind, body, b"another key")}
    refused = decide(sample.kind, type(wrong)(headers, body, wrong.secret))
    assert isinstance(refused, Reply)
    assert refused.status == 401
