"""`kargo apply|create|delete -f`, deleting by name, promoting, approving, verifying, refreshing."""

from argparse import Namespace
from typing import Any

from tests.compat.cli.files import read_manifests
from tests.compat.cli.outcomes import KARGO, Outcome
from tests.compat.cli.session import CliError, Session

_DELETED = {"project": "DeleteProject", "stage": "DeleteStage", "warehouse": "DeleteWarehouse"}
_REFRESHED = {
    "clusterconfig": ("ClusterConfig", "RefreshClusterConfig"),
    "projectconfig": ("ProjectConfig", "RefreshProjectConfig"),
    "stage": ("Stage", "RefreshStage"),
    "warehouse": ("Warehouse", "RefreshWarehouse"),
}


def apply(session: Session, flags: Namespace, out: Outcome) -> None:
    """What was created is printed before what was changed."""
    text = read_manifests(flags.filename, is_recursive=flags.recursive)
    results = session.call("UpdateResource", body=text, upsert=True)["results"]
    _print_results(results, out, createdResourceManifest="created")
    _print_results(results, out, updatedResourceManifest="configured")
    _note_errors(results, out)


def create(session: Session, flags: Namespace, out: Outcome) -> None:
    text = read_manifests(flags.filename, is_recursive=flags.recursive)
    results = session.call("CreateResource", body=text)["results"]
    _print_results(results, out, createdResourceManifest="created")
    _note_errors(results, out)


def delete(session: Session, flags: Namespace, out: Outcome) -> None:
    text = read_manifests(flags.filename, is_recursive=flags.recursive)
    results = session.call("DeleteResource", body=text)["results"]
    _print_results(results, out, deletedResourceManifest="deleted")
    _note_errors(results, out)


def create_project(session: Session, flags: Namespace, out: Outcome) -> None:
    """Its manifest is written by another library: two blanks of indentation, and empty parts."""
    api = f"apiVersion: {KARGO}/v1alpha1\nkind: Project\n"
    text = f"{api}metadata:\n  creationTimestamp: null\n  name: {flags.name}\nstatus: {{}}\n"
    results = session.call("CreateResource", body=text)["results"]
    assert results, "no results returned"
    _print_results(results[:1], out, createdResourceManifest="created")
    _note_errors(results[:1], out)


def delete_named(session: Session, flags: Namespace, out: Outcome) -> None:
    """Of a Warehouse nothing is printed: the printer of that command knows no kinds."""
    place = {} if flags.noun == "project" else {"project": flags.project}
    for name in flags.names:
        with out.going_on():
            session.call(_DELETED[flags.noun], **place, **{flags.noun: name})
            if flags.noun != "warehouse":
                out.name(flags.noun, KARGO, name, "deleted")


def delete_freight(session: Session, flags: Namespace, out: Outcome) -> None:
    for it in (*flags.name, *flags.alias):
        with out.going_on():
            session.call("DeleteFreight", project=flags.project, freight_name_or_alias=it)
            out.name("Freight", KARGO, it, "deleted")


def delete_project_config(session: Session, flags: Namespace, out: Outcome) -> None:
    session.call("DeleteProjectConfig", project=flags.project)
    out.name("ProjectConfig", KARGO, flags.project, "deleted")


def delete_cluster_config(session: Session, flags: Namespace, out: Outcome) -> None:
    """Its name is left out of what is printed."""
    del flags
    session.call("DeleteClusterConfig")
    out.name("ClusterConfig", KARGO, "", "deleted")


def update_freight(session: Session, flags: Namespace, out: Outcome) -> None:
    del out  # it prints nothing
    session.call(
        "PatchFreightAlias",
        project=flags.project,
        freight_name_or_alias=flags.name or flags.old_alias,
        newAlias=flags.new_alias,
    )


def promote(session: Session, flags: Namespace, out: Outcome) -> None:
    """All ways to name Freight are sent, blank or not; 207 is a success like 201."""
    project = {"project": flags.project}
    if flags.abort:
        session.call("AbortPromotion", promotion=flags.name, **project)
        return
    body = {"freight": flags.freight, "freightAlias": flags.freight_alias}
    if flags.stage:
        body["origin"] = f"Warehouse/{flags.warehouse}" if flags.warehouse else ""
        made = [session.call("PromoteToStage", stage=flags.stage, body=body, **project)]
    else:
        found = session.call("PromoteDownstream", stage=flags.downstream_from, body=body, **project)
        made = found["promotions"]
    for it in made:
        assert it["metadata"]["namespace"] == flags.project, "--wait watches there"
        out.objects.append(it)
        out.name("Promotion", KARGO, it["metadata"]["name"], "promotion created")


def approve(session: Session, flags: Namespace, out: Outcome) -> None:
    del out  # it prints nothing
    which = flags.freight or flags.freight_alias
    where = {"project": flags.project, "freight_name_or_alias": which}
    session.call("ApproveFreight", stage=flags.stage, **where)


def verify(session: Session, flags: Namespace, out: Outcome) -> None:
    """The name is taken in lower case."""
    del out  # it prints nothing
    operation = "AbortVerification" if flags.abort else "Reverify"
    session.call(operation, project=flags.project, stage=flags.name.lower())


def refresh(session: Session, flags: Namespace, out: Outcome) -> None:
    kind, operation = _REFRESHED[flags.noun]
    parts = {} if flags.noun == "clusterconfig" else {"project": flags.project}
    if flags.noun in {"stage", "warehouse"}:
        parts[flags.noun] = flags.name
    session.call(operation, **parts)
    out.lines.append(f"{kind} '{'/'.join(parts.values())}' refreshed")


def _print_results(results: list[dict[str, Any]], out: Outcome, **operations: str) -> None:
    for key, operation in operations.items():
        for result in results:
            if result.get("error") is None and result.get(key) is not None:
                out.show(result[key], operation)


def _note_errors(results: list[dict[str, Any]], out: Outcome) -> None:
    for result in results:
        assert len(result) == 1, result
        if (error := result.get("error")) is not None:
            if not error:
                raise CliError("an error without a text", status=200, body=b"")
            out.errors.append(error)
