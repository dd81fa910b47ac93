"""Commit messages about edits."""

from promotions.engine.documents.commit_messages import (
    chart_update_message,
    json_update_message,
    set_image_message,
    toml_update_message,
    yaml_merge_message,
    yaml_update_message,
)
from promotions.engine.documents.keypaths import Update
from promotions.engine.documents.kustomization import ImageTarget

UPDATES = (
    Update("image.tag", "v1"),
    Update("port", "80"),
    Update("replicas", 3),
    Update("ratio", 2.0),
    Update("debug", value=False),
    Update("nothing", None),
)


def test_each_format_shows_values_in_its_own_way() -> None:
    yaml_lines = ["- image.tag: v1", '- port: "80"', "- replicas: 3", "- ratio: 2"]
    json_lines = ['- image.tag: "v1"', '- port: "80"', "- replicas: 3", "- ratio: 2"]
    toml_lines = ["- image.tag: 'v1'", "- port: '80'", "- replicas: 3", "- ratio: 2.0"]
    last = ["- debug: false", "- nothing: <nil>"]

    assert yaml_update_message("v.yaml", UPDATES) == "\n".join(
        ["Updated v.yaml", "", *yaml_lines, *last]
    )
    assert json_update_message("v.json", UPDATES) == "\n".join(
        ["Updated v.json", "", *json_lines, *last]
    )
    assert toml_update_message("v.toml", UPDATES) == "\n".join(
        ["Updated v.toml", "", *toml_lines, *last]
    )


def test_a_merge_names_its_files_in_order() -> None:
    assert yaml_merge_message(["a"], "out") == "Wrote a to out"
    assert yaml_merge_message(["b", "a"], "out") == "Merged 2 YAML files to out\n- b\n- a"


def test_images_are_sorted() -> None:
    one, two = ImageTarget("b", new_tag="1"), ImageTarget("a", new_name="z", digest="sha256:1")

    assert set_image_message("p", [one]) == "Updated p to use new image\n\n- b:1"
    assert set_image_message("p", [two, one]) == (
        "Updated p to use new images\n\n- b:1\n- z@sha256:1"
    )


def test_chart_dependencies_are_compared_by_version() -> None:
    before = {"same": "1.0.0", "newer": "1.0.0", "gone": "1.0.0"}
    after = {"same": "1.0.0", "newer": "1.1.0", "added": "2.0.0"}

    assert chart_update_message("charts/x", before, after) == (
        "Updated chart dependencies for charts/x\n\n"
        "- added: 2.0.0\n- gone: removed\n- newer: 1.0.0 -> 1.1.0"
    )


def test_without_changes_there_is_nothing_to_say() -> None:
    assert yaml_update_message("p", ()) == json_update_message("p", ()) == ""
    assert toml_update_message("p", ()) == yaml_merge_message((), "out") == ""
    assert set_image_message("p", ()) == chart_update_message("p", {"a": "1"}, {"a": "1"}) == ""
