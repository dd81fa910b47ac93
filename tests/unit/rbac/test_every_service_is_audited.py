"""A service that writes leads to the audit, or is listed here with the reason why not.

Read from the source: who calls what is followed by name, through functions, classes and
modules, down to ``rbac.audit.record``. That an act *is* recorded is tested through the doors.
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from textwrap import dedent
from types import FunctionType, ModuleType
from typing import Any

import pytest

import projects.services
import promotions.services
import rbac.services
from rbac.audit import record, record_once

PACKAGES = (rbac.services, projects.services, promotions.services)
OURS = ("common", "kargo_platform", "projects", "promotions", "rbac")
RECORDERS = frozenset({record, record_once})

_OBSERVED = "what the platform sees happen; the act that caused it is audited"
_COUNTED = "keeps count of what others do"
_PART_OF = "a part of an act that its caller audits"
WITHOUT_ACTORS = {
    "projects.services.changes": _PART_OF,
    "projects.services.erasure": _PART_OF,
    "projects.services.quotas": _COUNTED,
    "projects.services.tenant_keys": _PART_OF,
    "promotions.services.application_index": _OBSERVED,
    "promotions.services.analysis_progress": _OBSERVED,
    "promotions.services.control_plane_checks": _OBSERVED,
    "promotions.services.dead_shards": _OBSERVED,
    "promotions.services.discovery_status": _OBSERVED,
    "promotions.services.events": _PART_OF,
    "promotions.services.previews": _OBSERVED,
    "promotions.services.promotion_progress": _OBSERVED,
    "promotions.services.request_progress": _OBSERVED,
    "promotions.services.saving": _PART_OF,
    "promotions.services.slots": _COUNTED,
    "promotions.services.stage_status": _OBSERVED,
    "promotions.services.standings": _OBSERVED,
    "promotions.services.storage": _COUNTED,
    "promotions.services.usage": _COUNTED,
    "promotions.services.verification_runs": _OBSERVED,
    "promotions.services.verifications": _OBSERVED,
    "promotions.services.webhook_index": _PART_OF,
    "promotions.services.webhook_receivers": _PART_OF,
    "rbac.services.default_roles": _PART_OF,
    "rbac.services.identities": _PART_OF,
    "rbac.services.role_parts": _PART_OF,
    "rbac.services.roles": _PART_OF,
    "rbac.services.service_accounts": _PART_OF,
}
"""Modules whose functions, as far as they take no actor, need no audit of their own."""
NOT_AUDITED = {
    "projects.services.access.enter_tenant": "makes the default tenant, the first time",
    "promotions.services.approval_gate.is_approved": "says what a promotion waits for; no act",
    "promotions.services.approval_gate.may_start": "says what a promotion waits for; no act",
    "promotions.services.approval_gate.resume": "wakes what waits for approval; no act",
    "promotions.services.approval_gate.touched": _PART_OF,
    "promotions.services.events.tell_freight_verified": _OBSERVED,
    "promotions.services.events.tell_freight_approved": _PART_OF,
    "promotions.services.events.tell_freight_created": _PART_OF,
    "promotions.services.events.tell_promotion_created": _PART_OF,
    "promotions.services.events.tell_request_created": _PART_OF,
    "rbac.services.sessions.forget_expired_sessions": "nobody's act: they have run out",
    "rbac.services.tokens.note_token_use": "a use, not an act; the act it is for is audited",
}
"""Other services that write and need no audit, each with its reason."""

_WRITES = frozenset(
    {
        "save",
        "delete",
        "create",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
    }
)


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def services() -> dict[str, FunctionType]:
    return {
        f"{module.__name__}.{name}": function
        for module in modules()
        for name, function in vars(module).items()
        if not name.startswith("_")
        and inspect.isfunction(inspect.unwrap(function))
        and inspect.unwrap(function).__module__ == module.__name__
    }


@cache
def reached(function: Any) -> tuple[Any, ...]:
    """Return what a function, or a method of a class, names of our own code."""
    tree = _tree(function)
    if tree is None:
        return ()
    module = importlib.import_module(inspect.unwrap(function).__module__)
    found = (it for node in ast.walk(tree) for it in _within(_resolve(node, module)))
    return tuple({id(it): it for it in found if it is not None and _is_ours(it)}.values())


def _tree(function: Any) -> ast.AST | None:
    """Return the source of a function or class; ``None`` of a line in the middle of something."""
    try:
        return ast.parse(dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return None


def _within(it: Any) -> Iterator[Any]:
    """Yield what was named or, of a table, what is in its rows."""
    if isinstance(it, Mapping):
        for row in it.values():
            yield from _within(row)
    elif is_dataclass(it) and not isinstance(it, type):
        for column in fields(it):
            yield getattr(it, column.name)
    else:
        yield it


def _resolve(node: ast.AST, module: ModuleType) -> Any:
    if isinstance(node, ast.Name):
        return vars(module).get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolve(node.value, module)
        return getattr(owner, node.attr, None) if inspect.ismodule(owner) else None
    return None


def _is_ours(it: Any) -> bool:
    is_code = inspect.isfunction(inspect.unwrap(it)) if callable(it) else False
    is_class = inspect.isclass(it) and not issubclass(it, Exception)
    return (is_code or is_class) and str(getattr(it, "__module__", "")).startswith(OURS)


def leads_to(function: Any, *, found: Callable[[Any], bool]) -> bool:
    """Return whether a function, or something that it calls however indirectly, is found."""
    seen: set[int] = set()
    waiting = [function]
    while waiting:
        it = waiting.pop()
        if found(it):
            return True
        if id(it) not in seen and not _is_model(it):
            seen.add(id(it))
            waiting.extend(reached(it))
    return False


def is_audited(function: Any) -> bool:
    return leads_to(function, found=lambda it: it in RECORDERS)


def _is_model(it: Any) -> bool:
    return inspect.isclass(it) and ".models" in it.__module__


@cache
def writes(function: Any) -> bool:
    """Return whether a function itself changes rows of the database."""
    if not inspect.isfunction(inspect.unwrap(function)):
        return False
    tree = _tree(function)
    return tree is not None and any(_is_write(node) for node in ast.walk(tree))


def _is_write(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr == "update":  # of rows, not of a dictionary or a hash
        return bool(node.keywords) and not node.args
    return node.func.attr in _WRITES


def must_be_audited(function: FunctionType) -> bool:
    """Return whether it changes rows, itself or through another service."""
    return leads_to(function, found=lambda it: ".services." in it.__module__ and writes(it))


SERVICES = services()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_writes_is_audited_or_listed_with_a_reason(name: str) -> None:
    service = SERVICES[name]
    if not must_be_audited(service) or is_audited(service):
        return
    takes_actor = "actor" in inspect.signature(inspect.unwrap(service)).parameters
    reason = NOT_AUDITED.get(name) or (
        not takes_actor and WITHOUT_ACTORS.get(name.rpartition(".")[0])
    )
    assert reason, (
        f"{name} writes, and nothing that it calls records an audit event. Record one, or list it "
        "in NOT_AUDITED with the reason why not."
    )


def test_the_lists_of_exceptions_name_what_is_there() -> None:
    gone = [name for name in NOT_AUDITED if name not in SERVICES or is_audited(SERVICES[name])]
    names = {module.__name__ for module in modules()}

    assert gone == []
    assert WITHOUT_ACTORS.keys() <= names


@pytest.mark.parametrize(
    "name", ["promotions.services.stages.save_stage", "rbac.services.tokens.issue_token"]
)
def test_this_test_sees_writes_and_records(name: str) -> None:
    assert must_be_audited(SERVICES[name])
    assert is_audited(SERVICES[name])
