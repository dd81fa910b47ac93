"""`kargo create|delete role|token`, `kargo grant` and `kargo revoke`, request by request."""

import base64
from argparse import Namespace
from typing import Any

from tests.compat.cli.outcomes import KARGO, Outcome
from tests.compat.cli.session import Session

_ROLE = ("Role", f"rbac.{KARGO}")


def create_role(session: Session, flags: Namespace, out: Outcome) -> None:
    """The description that was given never leaves the command line."""
    body: dict[str, Any] = {"metadata": {"name": flags.name, "creationTimestamp": None}}
    if flags.claim:
        body["claims"] = _claims(flags)
    found = session.call("CreateProjectRole", project=flags.project, body=body)
    out.objects.append(found)
    out.name(*_ROLE, found["metadata"]["name"], "created")


def delete_role(session: Session, flags: Namespace, out: Outcome) -> None:
    for name in flags.names:
        with out.going_on():
            session.call("DeleteProjectRole", project=flags.project, role=name)
            out.name(*_ROLE, name, "deleted")


def create_token(session: Session, flags: Namespace, out: Outcome) -> None:
    """The token itself is printed, decoded; an empty one would be an error."""
    operation = "CreateSystemAPIToken" if flags.system else "CreateProjectAPIToken"
    place = {} if flags.system else {"project": flags.project}
    found = session.call(operation, role=flags.role, body={"name": flags.name}, **place)
    token = base64.b64decode(found["data"]["token"]).decode()
    assert token, "token data is empty"
    out.objects.append(found)
    out.lines += [
        "Token created successfully!",
        "IMPORTANT: Save this token securely. It will not be shown again.",
        f"Token: {token}",
    ]


def delete_token(session: Session, flags: Namespace, out: Outcome) -> None:
    """Ask for the server's configuration first, for the namespace to print."""
    assert session.call("GetConfig")["systemResourcesNamespace"]
    operation = "DeleteSystemAPIToken" if flags.system else "DeleteProjectAPIToken"
    place = {} if flags.system else {"project": flags.project}
    for name in flags.names:
        with out.going_on():
            session.call(operation, apitoken=name, **place)
            out.name("Secret", "", name, "deleted")


def grant(session: Session, flags: Namespace, out: Outcome) -> None:
    _change(session, flags, out, "Grant")


def revoke(session: Session, flags: Namespace, out: Outcome) -> None:
    _change(session, flags, out, "Revoke")


def _change(session: Session, flags: Namespace, out: Outcome, operation: str) -> None:
    """What the change answers is not looked at: a second request says what to print."""
    body: dict[str, Any] = {"role": flags.role}
    if flags.resource_type:
        body["resourceDetails"] = {
            "resourceType": flags.resource_type,
            "resourceName": flags.resource_name,
            "verbs": [verb for it in flags.verb for verb in it.split(",")],
        }
    else:
        body["userClaims"] = {"claims": _claims(flags)}
    session.call(operation, project=flags.project, body=body)
    found = session.call("GetProjectRole", project=flags.project, role=flags.role)
    out.objects.append(found)
    out.name(*_ROLE, found["metadata"]["name"], "updated")


def _claims(flags: Namespace) -> list[dict[str, Any]]:
    pairs = [it.split("=") for given in flags.claim for it in given.split(",")]
    return [{"name": name, "values": [value]} for name, value in pairs]
