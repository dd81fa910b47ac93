"""Texts that are small and cost much, or are nearly manifests: YAML, JSON and what is neither."""

import json
from collections.abc import Iterator
from typing import Any

KARGO = "kargo.akuity.io/v1alpha1"
_STAGE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {name: evil, namespace: demo}
spec:
  requestedFreight:
  - origin: {kind: Warehouse, name: main}
    sources: {direct: true}
"""
_DEEP = 100_000
_LARGE = 4 << 20


def config_map(data: Any, **metadata: Any) -> dict[str, Any]:
    """Return the manifest of a ConfigMap of the project ``demo``."""
    whole = {"name": "evil", "namespace": "demo", **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": whole, "data": data}


def yaml_bombs() -> dict[str, bytes]:
    """Return YAML texts by what they do."""
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]\n"
        for number in range(1, 10)
    )
    merges = "m0: &m0 {k0: v}\n" + "".join(
        f"m{number}: &m{number} {{<<: [{', '.join([f'*m{number - 1}'] * 20)}], k{number}: v}}\n"
        for number in range(1, 20)
    )
    texts = {
        "a billion laughs": laughs,
        "laughs in a manifest": _STAGE + "  vars: &v [" + "x, " * 100 + "]\n" + laughs,
        "merge keys of merge keys": merges,
        "an alias of itself": "a: &a [*a]\n",
        "a merge of itself": "a: &a\n  <<: *a\n",
        "an alias of nothing": "a: *b\n",
        "deep lists": "[" * _DEEP,
        "deep closed lists": "[" * 5000 + "]" * 5000,
        "deep maps": "{a: " * _DEEP,
        "deep blocks": "".join(f"{' ' * depth}a:\n" for depth in range(2500)),
        "deep sequences": "- " * _DEEP,
        "deep questions": "? " * 20_000,
        "a huge scalar": "a: " + "x" * (_LARGE - 10),
        "a huge quoted scalar": 'a: "' + "\\n" * (_LARGE // 2 - 10) + '"',
        "a huge folded scalar": "a: >\n" + "  x\n\n" * (_LARGE // 6 - 10),
        "a huge integer": "a: " + "9" * 1_000_000,
        "a huge hexadecimal integer": "a: 0x" + "f" * 1_000_000,
        "a huge octal integer": "a: 0" + "7" * 1_000_000,
        "a huge sexagesimal integer": "a: 1" + ":59" * 100_000,
        "a huge float": "a: 1e999999999",
        "a long float": "a: 0." + "1" * 1_000_000,
        "underscores": "a: 1" + "_" * 1_000_000,
        "not a number": "a: .nan\nb: .inf\n",
        "many documents": "---\n{}\n" * 500_000,
        "many small manifests": "---\nkind: Nothing\n" * 200_000,
        "duplicate keys": "kind: Stage\nkind: Project\n",
        "many keys": "{" + "".join(f"k{number}: v, " for number in range(250_000)) + "}",
        "many duplicate keys": "{" + "k: v, " * 600_000 + "}",
        "many anchors": "".join(f"- &a{number} x\n" for number in range(200_000)),
        "python objects": "!!python/object/apply:os.system ['touch /tmp/owned']",
        "python names": "a: !!python/name:os.system",
        "python modules": "!!python/module:os {}",
        "python tuples": "!!python/tuple [1, 2]",
        "binary": "a: !!binary gIGC",
        "sets": "!!set {a, b}",
        "ordered maps": "!!omap [a: 1]",
        "own tags": "!own {a: b}",
        "tag directives": "%TAG ! tag:yaml.org,2002:python/\n---\n!object/apply:os.getcwd []",
        "many directives": "%YAML 1.1\n" * 100_000 + "---\na: b\n",
        "tabs": "a:\n\t- b\n",
        "list keys": "? [a, b]\n: c\n",
        "map keys": "? {a: b}\n: c\n",
        "null keys": "~: a\n",
        "a comment": "#" * (_LARGE - 10),
        "many comments": "#\n" * (_LARGE // 2 - 10),
        "brackets of all kinds": "[{" * 20_000,
        "unclosed quotes": '"' * 1_000_001,
        "colons": ":" * 1_000_000,
        "dashes": "-" * 1_000_000,
        "stars": "*" * 1_000_000,
        "ampersands": "&" * 1_000_000,
        "exclamation marks": "!" * 1_000_000,
        "percents": "%" * 1_000_000,
        "pipes": "a: |" + "\n" * 3_000_000,
        "blanks": " " * (_LARGE - 10),
        "line ends": "\n" * (_LARGE - 10),
        "carriage returns": "\r" * (_LARGE - 10),
        "next lines": "\u0085" * 1_000_000,
        "flow in flow": "{a: [" * 10_000 + "]}" * 10_000,
    }
    return {name: text.encode() for name, text in texts.items()}


def byte_bombs() -> dict[str, bytes]:
    """Return bodies that are no proper text."""
    return {
        "a byte order mark": b"\xef\xbb\xbf" + b"kind: Nothing",
        "two byte order marks": b"\xef\xbb\xbf" * 2 + b"kind: Nothing",
        "UTF-16": _STAGE.encode("utf-16"),
        "UTF-16 without a mark": _STAGE.encode("utf-16-le"),
        "UTF-32": _STAGE.encode("utf-32"),
        "Latin-1": "a: é".encode("latin-1"),
        "overlong": b"a: \xc0\xaf",
        "a lone surrogate": b"a: \xed\xa0\x80",
        "an escaped lone surrogate": b'a: "\\ud800"',
        "a NUL": b"a: b\x00c",
        "an escaped NUL": b'kind: "Sta\\0ge"',
        "control characters": bytes(range(32)) * 100,
        "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 1000,
        "random": bytes(it * 7 % 256 for it in range(100_000)),
        "nothing": b"",
        "null": b"null",
        "a number": b"5",
        "a text": b'"text"',
        "true": b"true",
        "a form": b"kind=Stage&metadata=x",
        "a multipart form": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
        "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    }


def json_bombs() -> dict[str, bytes]:
    """Return JSON texts by what they do."""
    texts = {
        "deep lists": "[" * _DEEP + "]" * _DEEP,
        "deep unclosed lists": "[" * 1_000_000,
        "deep objects": '{"a":' * _DEEP + "1" + "}" * _DEEP,
        "nesting that is nearly allowed": '{"a":' * 120 + "1" + "}" * 120,
        "duplicate keys": '{"kind": "Stage", "kind": "Project"}',
        "many duplicate keys": "{" + '"k": 1, ' * 400_000 + '"k": 1}',
        "many keys": json.dumps({f"k{number}": 1 for number in range(200_000)}),
        "not a number": '{"a": NaN}',
        "infinity": '{"a": -Infinity}',
        "a huge integer": '{"a": ' + "9" * 1_000_000 + "}",
        "a huge negative integer": '{"a": -' + "9" * 1_000_000 + "}",
        "a huge exponent": '{"a": 1e999999999}',
        "a long fraction": '{"a": 0.' + "1" * 1_000_000 + "}",
        "a lone surrogate": '{"a": "\\ud800"}',
        "a NUL": '{"a": "\\u0000"}',
        "a huge text": '{"a": "' + "x" * (1 << 20) + '"}',
        "many numbers": "[" + "1," * 1_000_000 + "1]",
        "many empty lists": "[" + "[]," * 1_000_000 + "[]]",
        "many values in a row": "{} " * 1_000_000,
        "many manifests": "[" + '{"kind": "x"},' * 200_000 + '{"kind": "x"}]',
        "lists of lists of nothing": "[" + "[[[]]]," * 300_000 + "[]]",
        "unclosed": '{"a": "b',
        "a trailing comma": '{"a": "b",}',
        "rubbish behind": '{"a": "b"} x',
    }
    return {name: text.encode() for name, text in texts.items()}


def odd_manifests() -> dict[str, Any]:
    """Return manifests that are nearly right."""
    many = {f"k{number}": "v" for number in range(10_000)}
    stage: dict[str, Any] = {
        "apiVersion": KARGO,
        "kind": "Stage",
        "metadata": {"name": "evil", "namespace": "demo"},
        "spec": {"requestedFreight": []},
    }
    return {
        "10,000 labels": config_map({"a": "b"}, labels=many),
        "10,000 annotations": config_map({"a": "b"}, annotations=many),
        "10,000 keys": config_map(many),
        "1 MiB of name": config_map({"a": "b"}, name="x" * (1 << 20)),
        "1 MiB of namespace": config_map({"a": "b"}, namespace="x" * (1 << 20)),
        "1 MiB of label": config_map({"a": "b"}, labels={"x" * (1 << 20): "y" * (1 << 20)}),
        "1 MiB of kind": {**stage, "kind": "x" * (1 << 20)},
        "1 MiB of apiVersion": {**stage, "apiVersion": "x" * (1 << 20)},
        "10,000 vars": {
            **stage,
            "spec": {"vars": [{"name": f"v{number}", "value": "x"} for number in range(10_000)]},
        },
        "10,000 steps": {
            **stage,
            "spec": {
                "requestedFreight": [],
                "promotionTemplate": {"spec": {"steps": [{"uses": "http"}] * 10_000}},
            },
        },
        "10,000 requests": {
            **stage,
            "spec": {
                "requestedFreight": [
                    {
                        "origin": {"kind": "Warehouse", "name": f"w{number}"},
                        "sources": {"direct": True},
                    }
                    for number in range(10_000)
                ]
            },
        },
        "10,000 unknown fields": {**stage, "spec": many},
        "a list where an object belongs": {**stage, "metadata": []},
        "an object where a text belongs": {**stage, "metadata": {"name": {}, "namespace": "demo"}},
        "a number where an object belongs": {**stage, "spec": 5},
        "no metadata": {"apiVersion": KARGO, "kind": "Stage"},
        "null everywhere": {"apiVersion": KARGO, "kind": "Stage", "metadata": None, "spec": None},
        "a list of kinds": {**stage, "kind": ["Stage"]},
        "lists in lists": {
            "kind": "StageList",
            "items": [{"kind": "StageList", "items": [stage] * 5}],
        },
        "lists of itself": _nested_lists(60),
        "10,000 rules": {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "evil", "namespace": "demo"},
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}] * 10_000,
        },
        "rules that multiply": {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "evil", "namespace": "demo"},
            "rules": [
                {
                    "apiGroups": [f"g{number}" for number in range(2000)],
                    "resources": [f"r{number}" for number in range(2000)],
                    "verbs": [f"v{number}" for number in range(2000)],
                }
            ],
        },
        "10,000 subjects": {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "evil", "namespace": "demo"},
            "roleRef": {"kind": "Role", "name": "kargo-viewer"},
            "subjects": [
                {"kind": "ServiceAccount", "name": f"s{number}"} for number in range(10_000)
            ],
        },
        "100,000 claims": {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": "evil",
                "namespace": "demo",
                "annotations": {
                    "rbac.kargo.akuity.io/claims": json.dumps(
                        {"groups": [f"g{number}" for number in range(100_000)]}
                    )
                },
            },
        },
        "a costly expression": {
            "apiVersion": KARGO,
            "kind": "Warehouse",
            "metadata": {"name": "evil", "namespace": "demo"},
            "spec": {
                "freightCreationCriteria": {"expression": "(" * 50_000 + ")" * 50_000},
                "subscriptions": [{"git": {"repoURL": "https://git.example.com/a.git"}}],
            },
        },
        "a costly pattern": {
            "apiVersion": KARGO,
            "kind": "Warehouse",
            "metadata": {"name": "evil", "namespace": "demo"},
            "spec": {
                "subscriptions": [
                    {
                        "git": {
                            "repoURL": "https://git.example.com/a.git",
                            "allowTags": "(a+)+" * 5000 + "$",
                            "includePaths": [
                                "regex:" + "(" * 5000 + ")" * 5000,
                                "glob:" + "{a,b}" * 500,
                            ],
                        }
                    }
                ]
            },
        },
        "a costly version": {
            "apiVersion": KARGO,
            "kind": "Warehouse",
            "metadata": {"name": "evil", "namespace": "demo"},
            "spec": {
                "subscriptions": [
                    {
                        "image": {
                            "repoURL": "registry.example.com/a",
                            "constraint": " || ".join([">=1.0.0 <2.0.0"] * 20_000),
                        }
                    }
                ]
            },
        },
    }


def odd_names() -> Iterator[str]:
    """Yield names that look like another, mean another place, or are no names."""
    yield from (
        "DEMO",
        "Demo",
        "d\u0435mo",
        "demo\u200b",
        "\uff44emo",
        "demo\u202e",
        "demo ",
        " demo",
    )
    yield from ("demo.", ".demo", "..", ".", "%2e%2e", "demo/../side", "demo%2Fstages", "demo\\..")
    yield from ("demo\n", "demo\r\nX: y", "demo;x", "demo'--", 'demo"', "demo*", "demo%", "de_o")
    yield from ("x" * 254, "x" * 8000, "0", "-1", "null", "true", "{}", "[]", "<script>", "$(id)")
    yield from ("İ", "ß", "ﬁ", "\ufeffdemo", "demo\u0301", "🚢", "{{7*7}}", "${{ 7*7 }}", "~", "*")


def _nested_lists(depth: int) -> dict[str, Any]:
    content: dict[str, Any] = {"kind": "List", "items": []}
    for _ in range(depth):
        content = (
            {"kind": "List", "items": [content, content]}
            if depth < 0
            else {
                "kind": "List",
                "items": [content],
            }
        )
    return content
