from hypothesis import given, strategies as st

from promotions.engine.manifest_changes import (
    MAX_LINES,
    ChangeKind,
    is_manifest,
    manifest_changes,
)

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: test
spec:
  replicas: 1
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"


def test_a_changed_resource_shows_the_lines_that_differ() -> None:
    [change] = manifest_changes([DEPLOYMENT], [DEPLOYMENT.replace("replicas: 1", "replicas: 3")])

    assert str(change.name) == "Deployment.apps test/web"
    assert change.change is ChangeKind.CHANGED
    assert "-  replicas: 1" in change.patch
    assert "+  replicas: 3" in change.patch


def test_added_and_removed_resources_are_told_apart() -> None:
    changes = manifest_changes([DEPLOYMENT], [SERVICE])

    assert [(it.name.kind, it.change) for it in changes] == [
        ("Service", ChangeKind.ADDED),
        ("Deployment", ChangeKind.REMOVED),
    ]


def test_another_file_order_or_spelling_is_no_change() -> None:
    spelled = "metadata: {namespace: test, name: 'web'}\nkind: Deployment\napiVersion: apps/v1\n"
    spelled += "spec: {replicas: 1}\n"

    assert manifest_changes([DEPLOYMENT, SERVICE], [f"{SERVICE}---\n{spelled}"]) == ()


def test_a_new_version_of_the_api_is_the_same_resource() -> None:
    [change] = manifest_changes([DEPLOYMENT], [DEPLOYMENT.replace("apps/v1", "apps/v2")])

    assert change.change is ChangeKind.CHANGED


def test_what_is_no_resource_is_passed_over() -> None:
    values = "image:\n  tag: v1\n"

    assert manifest_changes([values, "a: [", "- 1\n"], ["image:\n  tag: v2\n"]) == ()
    assert not is_manifest(values)
    assert is_manifest(f"# nothing here\n---\n{SERVICE}")


def test_a_huge_difference_is_cut() -> None:
    lines = "".join(f"  k{number}: v\n" for number in range(MAX_LINES + 100))
    config = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n{lines}"

    [change] = manifest_changes([], [config])

    assert len(change.patch.splitlines()) == MAX_LINES


@given(st.lists(st.text(max_size=80), max_size=4), st.lists(st.text(max_size=80), max_size=4))
def test_any_text_is_survived(before: list[str], after: list[str]) -> None:
    for change in manifest_changes(before, after):
        assert change.name.name
