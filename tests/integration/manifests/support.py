"""Applies text as alice, and reads what came of it."""

import json
from datetime import datetime
from textwrap import dedent
from typing import Any

import yaml

from promotions.services.apply import Applied, ApplyReport, apply_documents
from rbac.actors import Actor, ActorKind
from tests.factories.domain import NOON, make_tenant

ALICE = Actor(kind=ActorKind.USER, name="email:alice@example.com")
PROJECT = """
apiVersion: kargo.akuity.io/v1alpha1
kind: Project
metadata: {name: demo}
"""
WAREHOUSE = """
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {name: main, namespace: demo}
spec:
  subscriptions:
  - git: {repoURL: "https://github.com/example/app.git", branch: main}
  - image: {repoURL: ghcr.io/example/app}
"""
STAGE = """
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {name: test, namespace: demo}
spec:
  requestedFreight:
  - origin: {kind: Warehouse, name: main}
    sources: {direct: true}
  promotionTemplate:
    spec:
      steps:
      - uses: compose-output
        as: out
        config: {one: 1}
"""
FREIGHT = """
apiVersion: kargo.akuity.io/v1alpha1
kind: Freight
metadata: {name: freight, namespace: demo}
alias: first
origin: {kind: Warehouse, name: main}
commits:
- {repoURL: "https://github.com/example/app.git", id: a111111111111111111111111111111111111111}
images:
- {repoURL: ghcr.io/example/app, tag: v1.0.0, digest: "sha256:abcd"}
"""


def apply(*texts: str, at: datetime = NOON, **options: Any) -> ApplyReport:
    """Apply documents given as text, as alice."""
    text = "\n---\n".join(dedent(it) for it in texts)
    options = {"tenant": make_tenant(), "actor": ALICE, **options}
    return apply_documents(text, now=at, **options)


def apply_well(*texts: str, **options: Any) -> ApplyReport:
    """Apply documents that nothing is wrong with."""
    report = apply(*texts, **options)
    assert problems(report) == []
    return report


def problems(report: ApplyReport) -> list[str]:
    """Return everything that is wrong, in words."""
    return [str(it) for item in report.failed for it in item.problems]


def lines(report: ApplyReport) -> list[str]:
    """Return what a command line would print."""
    return [f"{it.label} {it.action.value}" for it in report.items]


def changed(text: str, **values: Any) -> str:
    """Return a document with values at dotted paths replaced: ``spec__interval="1m"``."""
    document = yaml.safe_load(text)
    for path, value in values.items():
        *parents, last = path.split("__")
        place = document
        for parent in parents:
            place = place[int(parent) if parent.isdigit() else parent]
        place[last] = value
    return json.dumps(document)


def only(report: ApplyReport) -> Applied:
    """Return the one item of a report."""
    (item,) = report.items
    return item
