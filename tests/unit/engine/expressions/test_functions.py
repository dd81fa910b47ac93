from collections.abc import Mapping

import pytest

from common.jsontypes import JSONObject
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.functions import FunctionScope, kargo_functions
from promotions.engine.expressions.templates import render_text
from promotions.engine.freight import (
    Artifact,
    Chart,
    Commit,
    FreightOrigin,
    FreightReference,
    Image,
)

REPO = "https://github.com/example/repo"
CHARTS = "https://charts.example.com"
WAREHOUSES: Mapping[str, tuple[JSONObject, ...]] = {
    "one": (
        {"git": {"repoURL": f"{REPO}.git"}},
        {"image": {"repoURL": "ghcr.io/example/app"}},
        {"chart": {"repoURL": CHARTS, "name": "app"}},
        {"chart": {"repoURL": "oci://ghcr.io/example/chart"}},
        {"subscription": {"name": "models"}},
    ),
    "two": (
        {"git": {"repoURL": REPO}},
        {"image": {"repoURL": "ghcr.io/example/other"}},
    ),
}
FREIGHT = {
    "Warehouse/one": FreightReference(
        "f1",
        FreightOrigin("one"),
        commits=(Commit(REPO, "abc", branch="main", tag="v1", message="fix", author="A"),),
        images=(Image("ghcr.io/example/app", "1.2.3", "sha256:1", {"k": "v"}),),
        charts=(
            Chart(CHARTS, "0.1.0", name="app"),
            Chart("oci://ghcr.io/example/chart", "2.0.0"),
        ),
        artifacts=(Artifact("custom", "models", "v7", '{"size": 12}'),),
    ),
    "Warehouse/two": FreightReference(
        "f2",
        FreightOrigin("two"),
        commits=(Commit(REPO, "def"),),
        images=(Image("ghcr.io/example/other", "2.0.0"),),
    ),
}


class Objects:
    """What the functions find."""

    def __init__(self) -> None:
        self.reads: list[str] = []

    def warehouse_subscriptions(
        self, *, tenant_uid: str, project: str, warehouse: str
    ) -> tuple[JSONObject, ...] | None:
        return WAREHOUSES.get(warehouse)

    def freight_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        return {"note": "hi", "n": 3} if name == "f1" else None

    def stage_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        return {"count": 2} if name == "dev" else None

    def config_map(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        self.reads.append(name)
        return {"key": "shared" if shared else "own"} if name == "cfg" else {}

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        self.reads.append(name)
        return {"token": "shared" if shared else "own"} if name == "cfg" else {}


def evaluate(text: str, *requested: str, lookup: Objects | None = None) -> object:
    scope = FunctionScope(
        tenant_uid="t",
        project="p",
        lookup=lookup or Objects(),
        requested=tuple(map(FreightOrigin, requested or ("one",))),
        freight=FREIGHT,
        freight_status=lambda name: {"approvedFor": {}} if name == "f1" else None,
    )
    return render_text(f"${{{{ {text} }}}}", kargo_functions(scope))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"commitFrom('{REPO}').ID", "abc"),
        (f"commitFrom('{REPO.upper()}.git').Message", "fix"),
        (f"commitFrom('{REPO}', warehouse('two')).ID", "def"),
        ("commitFrom('https://github.com/example/none')", None),
        (f"commitFrom('{REPO}', warehouse('gone')) == nil", True),
        (
            f"commitFrom('{REPO}')",
            {
                "repoURL": REPO,
                "id": "abc",
                "branch": "main",
                "tag": "v1",
                "message": "fix",
                "author": "A",
            },
        ),
        ("imageFrom('ghcr.io/example/app').Tag", "1.2.3"),
        ("imageFrom('ghcr.io/example/app').Annotations.k", "v"),
        ("imageFrom('ghcr.io/example/app').Annotations.absent", ""),
        ("imageFrom('GHCR.io/example/app')", None),
        ("imageFrom('ghcr.io/example/other', warehouse('two')).Annotations", None),
        ("imageFrom('ghcr.io/example/other', warehouse('two')).Annotations == nil", True),
        ("imageFrom('ghcr.io/example/other', warehouse('two')).Annotations ?? 'none'", "none"),
        ("imageFrom('ghcr.io/example/other', warehouse('two')).Annotations.absent", ""),
        ("len(imageFrom('ghcr.io/example/other', warehouse('two')).Annotations)", 0),
        ("imageFrom('ghcr.io/example/app', warehouse('two'))?.Tag ?? 'none'", "none"),
        (f"chartFrom('{CHARTS}', 'app').Version", "0.1.0"),
        ("chartFrom('oci://ghcr.io/example/chart').Version", "2.0.0"),
        (f"chartFrom('{CHARTS}', 'app', warehouse('one')).Name", "app"),
        ("chartFrom('oci://ghcr.io/example/chart', warehouse('one')).Version", "2.0.0"),
        (f"chartFrom('{CHARTS}', 'app', warehouse('two'))", None),
        ("artifactFrom('models').Metadata.size", 12),
        ("artifactFrom('models').ArtifactType", "custom"),
        ("artifactFrom('none')", None),
        ("artifactFrom('models', warehouse('two'))", None),
        ("warehouse('x')", {"kind": "Warehouse", "name": "x"}),
        ("warehouse('x') == warehouse('x')", True),
        ("string(warehouse('x'))", "{Warehouse x}"),
        (f"string(commitFrom('{REPO}'))", f"&{{{REPO} abc main v1 fix A  }}"),
        (
            "string(imageFrom('ghcr.io/example/app'))",
            "&{ghcr.io/example/app 1.2.3 sha256:1 map[k:v] }",
        ),
        ("string(artifactFrom('models'))", "{custom models v7 map[size:12]}"),
        ("warehouse", None),
        ("quote == nil && commitFrom == nil", True),
    ],
)
def test_artifacts_are_found_in_the_freight_at_hand(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("freightMetadata('f1').note", "hi"),
        ("freightMetadata('f1').n + 1", 4),
        ("freightMetadata('gone')", None),
        ("freightStatus('f1')", {"approvedFor": {}}),
        ("freightStatus('gone')", None),
        ("stageMetadata('dev').count", 2),
        ("stageMetadata('gone')", None),
        ("configMap('cfg').key", "own"),
        ("sharedConfigMap('cfg').key", "shared"),
        ("configMap('gone')", {}),
        ("configMap('cfg').gone", ""),
        ("secret('cfg').token", "own"),
        ("sharedSecret('cfg').token", "shared"),
        ("secret('gone')", {}),
        ("semverDiff('1.2.3', 'v1.3')", "Minor"),
        ("semverDiff('1.0.0-a', '1.0.0-b')", "None"),
        ("semverDiff('x', '1.0.0')", "Incomparable"),
        ("semverParse('v1.2').IncMinor().String()", "1.3.0"),
        ("semverParse('v1.2')", "1.2.0"),
        ("semverParse('2.0.0').GreaterThan(semverParse('1.9.0'))", True),
        ("semverParse('1.2.3') == semverParse('1.2.3')", True),
        ("semverParse('1.2.3') == semverParse('1.2.4')", False),
        ("semverParse('1.2.3') == semverParse('v1.2.3')", False),
        ("semverParse('1.2.3').SetPrerelease('rc.1').String()", "1.2.3-rc.1"),
        ("semverParse('1.2.3+b').SetMetadata('').String()", "1.2.3"),
    ],
)
def test_other_objects_are_read_by_name(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("warehouse('')", "name must not be empty"),
        ("freightMetadata('')", "freight ref name must not be empty"),
        ("freightStatus('')", "freight ref name must not be empty"),
        ("stageMetadata('')", "stage name must not be empty"),
        (f"chartFrom('{CHARTS}')", "there is no chart from"),
        (f"chartFrom('{CHARTS}', 'gone')", 'there is no chart "gone" from'),
        (f"chartFrom('{CHARTS}', '', warehouse('one'))", "second must be the name"),
        (f"chartFrom('{CHARTS}', warehouse('one'), warehouse('one'))", "warehouse"),
        (f"commitFrom('{REPO}').Nope", "Nope"),
        ("commitFrom('https://github.com/example/none').ID", "ID"),
        (f"commitFrom('{REPO}', 'one')", "commitFrom"),
        (f"commitFrom('{REPO}', nil)", "commitFrom|nil"),
        ("semverParse('x')", "ersion"),
        ("semverParse('1.2.3').SetPrerelease('a b')", "ersion"),
        ("semverParse('1.2.3').major", "major"),
        ("true || semverDiff('1') == ''", "not enough arguments"),
        ("semverDiff('1', '2') == 1", "mismatched"),
    ],
)
def test_what_cannot_be_found_or_called_is_an_error_with_a_place(text: str, message: str) -> None:
    with pytest.raises(FieldExpressionError, match=message) as caught:
        evaluate(text)

    assert caught.value.column >= len("${{ ")


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        *((name, 1, 1) for name in ("warehouse", "freightMetadata", "freightStatus")),
        *((name, 1, 1) for name in ("stageMetadata", "configMap", "sharedConfigMap", "secret")),
        *((name, 1, 1) for name in ("sharedSecret", "semverParse")),
        ("semverDiff", 2, 2),
        *((name, 1, 2) for name in ("commitFrom", "imageFrom", "artifactFrom")),
        ("chartFrom", 1, 3),
    ],
)
def test_arguments_are_counted_and_must_be_strings(name: str, least: int, most: int) -> None:
    for count in (least - 1, most + 1):
        with pytest.raises(FieldExpressionError, match="arguments to call"):
            evaluate(f"{name}({', '.join(['x'] * count)})")
    for argument in ("1", "nil", "true", "[]"):
        with pytest.raises(FieldExpressionError):
            evaluate(f"{name}({', '.join([argument] * least)})")


def test_an_ambiguous_origin_is_refused() -> None:
    with pytest.raises(FieldExpressionError, match="more than one requested Warehouse"):
        evaluate(f"commitFrom('{REPO}').ID", "one", "two")


def test_a_warehouse_that_is_gone_is_an_error() -> None:
    with pytest.raises(FieldExpressionError, match='no Warehouse "ghost"'):
        evaluate(f"commitFrom('{REPO}').ID", "ghost")


def test_without_requests_nothing_is_found() -> None:
    scope = FunctionScope(tenant_uid="t", project="p", lookup=Objects(), freight=FREIGHT)

    assert render_text(f"${{{{ commitFrom('{REPO}') }}}}", kargo_functions(scope)) is None


def test_metadata_that_is_no_object_is_refused() -> None:
    artifact = Artifact("custom", "models", "v1", "[1]")
    origin = FreightOrigin("one")
    freight = {"Warehouse/one": FreightReference("f", origin, artifacts=(artifact,))}
    scope = FunctionScope("t", "p", Objects(), (origin,), freight)

    with pytest.raises(FieldExpressionError, match="not an object"):
        render_text("${{ artifactFrom('models') }}", kargo_functions(scope))


def test_a_config_map_is_read_once() -> None:
    lookup = Objects()

    evaluate("configMap('cfg').key + configMap('cfg').key + configMap('gone').x", lookup=lookup)

    assert lookup.reads == ["cfg", "gone"]
