"""Sets the scene in the database of the server that the command line speaks to.

Run as a program with ``DJANGO_SETTINGS_MODULE`` and ``KARGO_VAR_DIR`` set; prints, as JSON, the
tokens of people and the names of things.
"""

import json
from typing import Any

import django

django.setup()

from common.clock import now  # noqa: E402 - Django first
from rbac.actors import operator_at_console  # noqa: E402
from rbac.models import User  # noqa: E402
from rbac.services import issue_token  # noqa: E402
from tests.factories.domain import make_tenant  # noqa: E402
from tests.factories.people import (  # noqa: E402
    make_admin,
    make_operator,
    make_stranger,
    make_viewer,
)
from tests.factories.rich import make_rich  # noqa: E402


def seed() -> dict[str, Any]:
    """Make one of everything in the default tenant, and a tenant beside it."""
    rich = make_rich()
    people = {
        "admin": make_operator("admin"),
        "alice": make_admin(rich.project),
        "bob": make_viewer(rich.project),
        "charlie": make_stranger(make_tenant("acme")),
    }
    named = ("held", "spare", "waiting", "succeeded")
    return {
        "tokens": {name: _token_of(user) for name, user in people.items()},
        "names": {name: getattr(rich, name).name for name in named},
    }


def _token_of(user: User) -> str:
    return issue_token(
        user,
        name="tests",
        tenant_uid=None,
        expires_at=None,
        actor=operator_at_console("tests"),
        now=now(),
    )[1]


if __name__ == "__main__":
    print(json.dumps(seed()))  # noqa: T201 - its answer
