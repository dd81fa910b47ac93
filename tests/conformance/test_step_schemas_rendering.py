"""Our schemas accept what Kargo's do: steps that run Helm and Kustomize."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from promotions import wiring
from tests.conformance.vectors import DIRECTORY

SCHEMAS = DIRECTORY.parent / "reference" / "data" / "step-schemas"
if not SCHEMAS.is_dir():
    pytest.skip(f"Kargo's step schemas are not in {SCHEMAS}", allow_module_level=True)

CHART = {"path": "c", "outPath": "o", "releaseName": "r"}
BUILD = {"path": "p", "outPath": "o"}
UPDATE = {"repository": "https://example.com", "name": "dep", "version": "1.0.0"}
SET = {"key": "a", "value": "b"}
IMAGE = {"image": "nginx", "tag": "1.0"}


def without(config: dict[str, str], key: str) -> dict[str, str]:
    return {name: value for name, value in config.items() if name != key}


NO_TEXTS: list[Any] = ["", 1, None, []]
PLUGINS: list[Any] = [
    {},
    {"helm": {}},
    {"helm": {"kubeVersion": ""}},
    {"helm": {"kubeVersion": "1.30"}},
    {"helm": {"kubeVersion": 1}},
    {"helm": {"apiVersions": []}},
    {"helm": {"apiVersions": ["a/v1"]}},
    {"helm": {"apiVersions": [""]}},
    {"helm": {"apiVersions": "a"}},
    {"helm": {"more": 1}},
    {"helm": None},
    {"exec": {}},
    None,
]


def wrong(config: dict[str, str]) -> list[dict[str, Any]]:
    """Return configurations in which one required text is missing, empty or none."""
    return [
        *(without(config, key) for key in config),
        *({**config, key: value} for key in config for value in NO_TEXTS),
        {**config, "more": 1},
    ]


CASES: dict[str, list[Any]] = {
    "helm-template": [
        CHART,
        {},
        *wrong(CHART),
        *({**CHART, "outLayout": it} for it in ("helm", "flat", "", "tree", None)),
        *(
            {**CHART, key: value}
            for key in (
                "useReleaseName",
                "ignoreMissingValueFiles",
                "buildDependencies",
                "includeCRDs",
                "disableHooks",
                "skipTests",
            )
            for value in (True, False, None, "true", 1)
        ),
        *({**CHART, key: value} for key in ("namespace", "kubeVersion") for value in ("", "x", 1)),
        *(
            {**CHART, key: value}
            for key in ("valuesFiles", "apiVersions")
            for value in ([], ["x"], [""], [1], "x", None)
        ),
        *(
            {**CHART, "setValues": value}
            for value in (
                [],
                [SET],
                [{**SET, "literal": True}],
                [{**SET, "literal": "yes"}],
                [{**SET, "value": ""}],
                [{**SET, "value": 1}],
                [{**SET, "key": ""}],
                [{**SET, "more": 1}],
                [{"key": "a"}],
                [{"value": "a"}],
                ["a=b"],
                {"a": "b"},
            )
        ),
    ],
    "helm-update-chart": [
        {"path": "c"},
        *wrong({"path": "c"}),
        {"path": "c", "charts": []},
        {"path": "c", "charts": [UPDATE]},
        {"path": "c", "charts": [UPDATE, UPDATE]},
        *({"path": "c", "charts": [it]} for it in wrong(UPDATE)),
        {"path": "c", "charts": UPDATE},
    ],
    "kustomize-build": [
        BUILD,
        *wrong(BUILD),
        *({**BUILD, "outputFormat": it} for it in ("kargo", "kustomize", "", "flat", None, 1)),
        *({**BUILD, "plugin": it} for it in PLUGINS),
    ],
    "kustomize-set-image": [
        {"path": "p"},
        *wrong({"path": "p"}),
        {"path": "p", "images": []},
        *(
            {"path": "p", "images": [it]}
            for it in (
                IMAGE,
                {"image": "nginx"},
                {"tag": "1"},
                {**IMAGE, "image": ""},
                {**IMAGE, "tag": ""},
                {**IMAGE, "digest": "d"},
                {**IMAGE, "digest": ""},
                {"image": "nginx", "digest": "d"},
                {"image": "nginx", "digest": "d", "tag": ""},
                {"image": "nginx", "digest": ""},
                {**IMAGE, "name": "", "newName": ""},
                {**IMAGE, "name": "x", "newName": "*"},
                {**IMAGE, "tag": 1},
                {**IMAGE, "more": 1},
            )
        ),
    ],
}


def accepts(schema: Any, config: Any) -> bool:
    return Draft202012Validator(schema).is_valid(config)


@pytest.mark.parametrize(
    ("kind", "config"), [(kind, config) for kind, configs in CASES.items() for config in configs]
)
def test_a_configuration_is_accepted_by_both_or_by_none(kind: str, config: Any) -> None:
    kargos = json.loads((SCHEMAS / f"{kind}-config.json").read_text(encoding="utf-8"))

    ours = wiring.step_registry().find(kind).schema

    assert accepts(ours, config) == accepts(kargos, config)
