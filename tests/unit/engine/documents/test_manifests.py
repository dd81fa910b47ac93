"""Rendered text is split into documents, and those are named."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from promotions.engine.documents.manifest_identity import Identity, read_identity
from promotions.engine.documents.manifests import (
    flat_layout,
    helm_layout,
    kargo_layout,
    kustomize_layout,
    split_documents,
)
from promotions.engine.filenames import is_plain_file_name

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
_NAMES = st.text(string.ascii_letters + string.digits + ".-", min_size=1, max_size=30)


def manifest(kind: str, name: str, api_version: str = "v1", namespace: str = "") -> str:
    place = f"  namespace: {namespace}\n" if namespace else ""
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name}\n{place}"


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("", []),
        ("\n---\n \n---\n", []),
        ("a: 1\n---\nb: 2", ["a: 1", "b: 2"]),
        ("---\na: 1\n--- # comment\nb: 2\n---  \n", ["a: 1", "b: 2"]),
        ("a: |\n  ---\n  x\n", ["a: |\n  ---\n  x"]),
        ("a: 1\r\n---\r\nb: 2\r\n", ["a: 1", "b: 2"]),
    ],
)
def test_a_text_splits_at_its_separators(text: str, documents: list[str]) -> None:
    assert split_documents(text) == documents


@pytest.mark.parametrize("line", ["--- a: 1", "----", "---a"])
def test_a_separator_with_something_behind_it_is_refused(line: str) -> None:
    with pytest.raises(InvalidError, match="invalid Yaml document separator: "):
        split_documents(f"a: 1\n{line}\n")


@pytest.mark.parametrize(
    ("document", "identity"),
    [
        ("", Identity()),
        ("- a\n- {kind: K, metadata: {name: n}}", Identity()),
        ("just text", Identity()),
        ("kind: K\nmetadata: {name: 5}", Identity()),
        ("kind: true\nmetadata: {name: n}", Identity()),
        ("kind: K\nmetadata: {name: '5'}", Identity(kind="K", name="5")),
        ("a: {kind: X, metadata: {name: y}}\nkind: K", Identity(kind="K")),
        ("metadata:\n  x: {name: no}\n  name: yes-it-is", Identity(name="yes-it-is")),
        ("metadata.name: no\n? [a, b]\n: c\nkind: K", Identity(kind="K")),
        ("a: *b\nkind: K", Identity(kind="K")),
        (manifest("K", "n", "a.b/v1", "s"), Identity("a.b/v1", "K", "s", "n")),
    ],
)
def test_a_manifest_says_what_it_is(document: str, identity: Identity) -> None:
    assert read_identity(document) == identity


@pytest.mark.parametrize("document", ["a: [", "\x07", "a: " + "[" * 5000, "{" * 5000])
def test_a_document_that_cannot_be_read_is_refused(document: str) -> None:
    with pytest.raises(InvalidError):
        read_identity(document)


def test_flat_names_have_group_kind_namespace_and_name() -> None:
    text = "---\n".join(
        [
            manifest("Service", "Web"),
            manifest("Deployment", "web", "apps/v1", "prod"),
            manifest("Rule", "r", "a.b.example.com/v1"),
            "kind: List\n",
            "metadata: {name: x}\n",
            manifest("Service", "Web") + "# later\n",
        ]
    )

    files = flat_layout(text)

    assert list(files) == [
        "service-web.yaml",
        "apps-deployment-prod-web.yaml",
        "a_b_example_com-rule-r.yaml",
        "resource-0.yaml",
        "resource-1.yaml",
    ]
    assert files["service-web.yaml"].endswith("# later")


def test_kargos_names_always_have_the_namespace_and_kustomizes_if_there_are_several() -> None:
    one = manifest("Deployment", "web", "apps/v1", "prod")
    two = manifest("Role", "r", "rbac.authorization.k8s.io/v1", "dev")
    wide = manifest("ClusterRole", "c", "rbac.authorization.k8s.io/v1")

    assert list(kargo_layout(f"{one}---\n{wide}")) == [
        "prod-deployment-web.yaml",
        "clusterrole-c.yaml",
    ]
    assert list(kustomize_layout(f"{one}---\n{wide}")) == [
        "apps_v1_deployment_web.yaml",
        "rbac.authorization.k8s.io_v1_clusterrole_c.yaml",
    ]
    assert list(kustomize_layout(f"{one}---\n{two}---\n{wide}")) == [
        "prod_apps_v1_deployment_web.yaml",
        "dev_rbac.authorization.k8s.io_v1_role_r.yaml",
        "rbac.authorization.k8s.io_v1_clusterrole_c.yaml",
    ]


def test_helms_layout_has_a_file_for_each_source() -> None:
    text = (
        "---\n# Source: c/templates/a.yaml\na: 1\n"
        "---\n# Source: c/templates/b.yaml\nb: 1\n"
        "---\n# Source: c/templates/a.yaml\n# Source: c/../x\na: 2\n"
    )

    assert helm_layout(text) == {
        "c/templates/a.yaml": "---\n# Source: c/templates/a.yaml\na: 1\n"
        "---\n# Source: c/templates/a.yaml\n# Source: c/../x\na: 2\n",
        "c/templates/b.yaml": "---\n# Source: c/templates/b.yaml\nb: 1\n",
    }
    assert helm_layout("\n") == {}


@pytest.mark.parametrize("layout", [flat_layout, kargo_layout, kustomize_layout])
@pytest.mark.parametrize("kind", ["../owned/marker", "a/b", "'a\\b'", "/etc"])
def test_a_name_that_leaves_the_directory_is_refused(
    layout: Callable[[str], dict[str, str]], kind: str
) -> None:
    with pytest.raises(InvalidError, match='unsafe generated resource filename "'):
        layout(manifest(kind, "x"))


@given(_TEXT, _TEXT, _TEXT, _TEXT)
def test_every_name_is_plain_or_refused(version: str, kind: str, name: str, place: str) -> None:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    text = manifest(quoted(kind), quoted(name), quoted(version), quoted(place))

    for layout in (flat_layout, kargo_layout, kustomize_layout):
        try:
            files = layout(text)
        except InvalidError:
            continue
        assert len(files) == 1
        assert all(map(is_plain_file_name, files))


@given(_NAMES, _NAMES)
def test_a_flat_name_says_what_is_in_the_file(kind: str, name: str) -> None:
    (file,) = flat_layout(manifest(f"'{kind}'", f"'{name}'", "apps/v1"))

    assert file == f"apps-{kind}-{name}.yaml".lower()
