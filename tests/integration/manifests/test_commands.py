import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from projects.models import Project
from promotions.manifests.documents import read_documents
from promotions.models import Stage
from tests.integration.manifests.support import PROJECT, STAGE, WAREHOUSE, changed

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def write(folder: Path, name: str, *texts: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n---\n".join(texts), encoding="utf-8")
    return path


def test_apply_prints_a_line_a_document_in_the_words_of_kubectl(tmp_path: Path) -> None:
    path = write(tmp_path, "all.yaml", PROJECT, WAREHOUSE, STAGE)

    first, _ = run("apply", "-f", str(path))
    second, _ = run("apply", "-f", str(path))

    assert first.splitlines() == [
        "project.kargo.akuity.io/demo created",
        "warehouse.kargo.akuity.io/main created",
        "stage.kargo.akuity.io/test created",
    ]
    assert "stage.kargo.akuity.io/test unchanged" in second


def test_a_directory_is_searched_recursively_in_order(tmp_path: Path) -> None:
    write(tmp_path, "b/stages.yml", STAGE)
    write(tmp_path, "a/project.json", json.dumps(read_documents(PROJECT)[0].content))
    write(tmp_path, "c.yaml", WAREHOUSE)
    write(tmp_path, "notes.txt", "not: [a manifest")

    out, _ = run("apply", "-f", str(tmp_path))

    assert [line.split("/")[0] for line in out.splitlines()] == [
        "project.kargo.akuity.io",
        "stage.kargo.akuity.io",
        "warehouse.kargo.akuity.io",
    ]


def test_an_error_names_file_document_and_path_and_nothing_is_applied(tmp_path: Path) -> None:
    path = write(tmp_path, "all.yaml", PROJECT, changed(WAREHOUSE, spec__interval="soon"))
    err = io.StringIO()

    with pytest.raises(CommandError, match="nothing was applied"):
        call_command("apply", "-f", str(path), stdout=io.StringIO(), stderr=err)

    assert err.getvalue().strip() == (
        f"Error: {path}: document 2 (line 7): warehouse.kargo.akuity.io/main: "
        'spec.interval: must be a duration such as 30s, 5m or 1h30m, not "soon"'
    )
    assert not Project.objects.exists()


def test_text_that_is_not_yaml_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "bad.yaml", "a: [1\nb: 2")
    err = io.StringIO()

    with pytest.raises(CommandError):
        call_command("apply", "-f", str(path), stdout=io.StringIO(), stderr=err)

    assert f"{path}: not valid YAML: line 2" in err.getvalue()


def test_unknown_fields_are_warned_about(tmp_path: Path) -> None:
    path = write(tmp_path, "all.yaml", PROJECT, changed(WAREHOUSE, spec__intervall="5m"))

    _, err = run("apply", "-f", str(path))

    assert 'unknown field "spec.intervall"; did you mean "interval"?' in err


def test_a_dry_run_stores_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "all.yaml", PROJECT)

    out, _ = run("apply", "-f", str(path), "--dry-run")

    assert out.strip() == "project.kargo.akuity.io/demo created (dry run)"
    assert not Project.objects.exists()


def test_a_missing_file_and_an_unknown_tenant_are_errors(tmp_path: Path) -> None:
    path = write(tmp_path, "all.yaml", PROJECT)

    with pytest.raises(CommandError, match="no file or directory"):
        run("apply", "-f", str(tmp_path / "none.yaml"))
    with pytest.raises(CommandError, match='tenant "nobody" not found'):
        run("apply", "-f", str(path), "--tenant", "nobody")
    with pytest.raises(CommandError, match="nothing to apply"):
        run("apply", "-f", str(write(tmp_path, "empty.yaml", "---\n---\n")))


def test_what_export_prints_can_be_applied(tmp_path: Path) -> None:
    run("apply", "-f", str(write(tmp_path, "all.yaml", PROJECT, WAREHOUSE, STAGE)))

    yaml_text, _ = run("export", "--project", "demo")
    json_text, _ = run("export", "-o", "json")
    out, _ = run(
        "apply",
        "-f",
        str(write(tmp_path, "a.yaml", yaml_text)),
        "-f",
        str(write(tmp_path, "b.json", json_text)),
    )

    assert all(line.endswith("unchanged") for line in out.splitlines())
    assert len(out.splitlines()) == 6
    assert Stage.objects.count() == 1


def test_exporting_a_project_that_is_not_there_is_an_error() -> None:
    with pytest.raises(CommandError, match="not found"):
        run("export", "--project", "nowhere")
