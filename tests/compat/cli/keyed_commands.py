"""`kargo create|update|delete` of ConfigMaps and credentials, request by request."""

from argparse import Namespace
from typing import Any

from tests.compat.cli.outcomes import Outcome
from tests.compat.cli.session import Session

_NOUNS = {
    "configmap": ("ConfigMap", "ConfigMap", "configmap"),
    "generic-credentials": ("GenericCredentials", "Secret", "generic_credentials"),
    "repo-credentials": ("RepoCredentials", "Secret", "repo_credentials"),
}
_TYPES = ("git", "helm", "image")


def create(session: Session, flags: Namespace, out: Outcome) -> None:
    """Blanks are sent along with what was given."""
    operation, _, _ = _NOUNS[flags.noun]
    body = _repo_body(flags) if flags.noun == "repo-credentials" else {"data": _pairs(flags.set)}
    body |= {"name": flags.name, "description": flags.description}
    found = session.call(f"Create{_where(flags)}{operation}", body=body, **_project(flags))
    _print(found, flags, out, "created")


def update(session: Session, flags: Namespace, out: Outcome) -> None:
    """Blanks are left out, but for ``repoUrlIsRegex``; what is printed was asked for afterwards."""
    operation, _, parameter = _NOUNS[flags.noun]
    if flags.noun == "repo-credentials":
        given = {key: it for key, it in _repo_body(flags).items() if it != ""}
    else:
        given = {"data": _pairs(flags.set), "removeKeys": flags.unset}
        given = {key: it for key, it in given.items() if it}
    if flags.description:
        given["description"] = flags.description
    named = {parameter: flags.name, **_project(flags)}
    session.call(f"Patch{_where(flags)}{operation}", body=given, **named)
    _print(session.call(f"Get{_where(flags)}{operation}", **named), flags, out, "")


def delete(session: Session, flags: Namespace, out: Outcome) -> None:
    """Ask for the server's configuration first, for the namespace to print."""
    operation, kind, parameter = _NOUNS[flags.noun]
    assert session.call("GetConfig")["sharedResourcesNamespace"]
    for name in flags.names:
        with out.going_on():
            named = {parameter: name, **_project(flags)}
            session.call(f"Delete{_where(flags)}{operation}", **named)
            out.name(kind, "", name, "deleted")


def _repo_body(flags: Namespace) -> dict[str, Any]:
    kind = next((it for it in _TYPES if getattr(flags, it)), flags.type)
    return {
        "type": kind,
        "repoUrl": flags.repo_url,
        "repoUrlIsRegex": flags.regex,
        "username": flags.username,
        "password": flags.password,
    }


def _print(found: dict[str, Any], flags: Namespace, out: Outcome, operation: str) -> None:
    assert found["metadata"]["name"] == flags.name
    out.objects.append(found)
    out.name(_NOUNS[flags.noun][1], "", flags.name, operation)


def _pairs(given: list[str]) -> dict[str, str]:
    split = [it.split("=", 1) for it in given]
    return {key.strip(): value.strip() for key, value in split}


def _where(flags: Namespace) -> str:
    return "System" if flags.system else "Shared" if flags.shared else "Project"


def _project(flags: Namespace) -> dict[str, str]:
    return {"project": flags.project} if _where(flags) == "Project" else {}
