"""``manage.py tenant``: see to tenants from the platform's own host."""

import getpass
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from projects.selectors import any_tenant_named, tenants_after
from projects.services.quotas import LIMITS
from projects.services.tenants import create_tenant, resume_tenant, suspend_tenant
from promotions.services.storage import measure_storage
from promotions.services.tenants import delete_tenant, update_tenant
from promotions.services.usage import usage_of
from rbac.actors import Actor, operator_at_console

_NONE = "none"


class Command(BaseCommand):
    help = "Create, show, change, suspend, resume and delete tenants."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="their names, states and uids")
        create = acts.add_parser("create", help="make one, with its system roles")
        _add_settings(create)
        update = acts.add_parser("update", help="change its title, or limits of its quota")
        _add_settings(update)
        suspend = acts.add_parser("suspend", help="make it as if it were not there; work stops")
        suspend.add_argument("name")
        suspend.add_argument("--reason", required=True)
        resume = acts.add_parser("resume", help="let it go on where it was")
        resume.add_argument("name")
        resume.add_argument("--reason", default="")
        usage = acts.add_parser("usage", help="what it uses of its quota")
        usage.add_argument("name")
        usage.add_argument("--measure", action="store_true", help="count its storage anew")
        delete = acts.add_parser("delete", help="remove it for good, with all that it owns")
        delete.add_argument("name")
        delete.add_argument("--confirm", default="", metavar="NAME", help="the name again")
        delete.add_argument("--reason", default="")

    def handle(self, *_: Any, act: str, **options: Any) -> None:
        acts: dict[str, Callable[..., None]] = {
            "list": self._list,
            "create": self._create,
            "update": self._update,
            "suspend": self._suspend,
            "resume": self._resume,
            "usage": self._usage,
            "delete": self._delete,
        }
        try:
            acts[act](operator_at_console(getpass.getuser()), **options)
        except PlatformError as error:
            raise CommandError(error.message) from error

    def _list(self, _actor: Actor, **_: Any) -> None:
        for tenant in tenants_after("").iterator():
            self.stdout.write(f"{tenant.name}\t{tenant.state}\t{tenant.uid}")

    def _create(self, actor: Actor, *, name: str, title: str | None, **options: Any) -> None:
        limits = _limits(options)
        tenant = create_tenant(name, title=title or "", limits=limits, actor=actor, now=now())
        self.stdout.write(f"tenant {name} is created; its API is under /t/{name}/ ({tenant.uid})")

    def _update(self, actor: Actor, *, name: str, title: str | None, **options: Any) -> None:
        tenant = any_tenant_named(name)
        update_tenant(tenant, title=title, limits=_limits(options), actor=actor, now=now())
        self.stdout.write(f"tenant {name} is changed")

    def _suspend(self, actor: Actor, *, name: str, reason: str, **_: Any) -> None:
        suspend_tenant(any_tenant_named(name), actor=actor, reason=reason, now=now())
        self.stdout.write(f"tenant {name} is suspended")

    def _resume(self, actor: Actor, *, name: str, reason: str, **_: Any) -> None:
        resume_tenant(any_tenant_named(name), actor=actor, reason=reason, now=now())
        self.stdout.write(f"tenant {name} goes on")

    def _usage(self, _actor: Actor, *, name: str, measure: bool, **_: Any) -> None:
        tenant = any_tenant_named(name)
        if measure:
            measure_storage(tenant)
        for room in usage_of(tenant):
            limit = _NONE if room.limit is None else room.limit
            self.stdout.write(f"{LIMITS[room.name]}: {room.used} used, limit {limit}")

    def _delete(self, actor: Actor, *, name: str, confirm: str, reason: str, **_: Any) -> None:
        tenant = any_tenant_named(name)
        if not confirm:
            raise CommandError(
                f"All that the tenant {name} owns goes, and there is no way back. "
                f"To delete it, name it again: --confirm {name}"
            )
        delete_tenant(tenant, confirmation=confirm, actor=actor, reason=reason, now=now())
        self.stdout.write(f"tenant {name} is gone for its people; workers remove what it owned")


def _add_settings(parser: ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument("--title", default=None)
    for name, noun in LIMITS.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, default=None, help=f"most {noun}; {_NONE} is no limit")


def _limits(options: dict[str, Any]) -> dict[str, object]:
    given = {name: options[name] for name in LIMITS if options[name] is not None}
    return {name: _limit(name, text) for name, text in given.items()}


def _limit(name: str, text: str) -> int | None:
    if text == _NONE:
        return None
    if not text.isascii() or not text.isdigit():
        raise CommandError(f'--{name.replace("_", "-")} must be a whole number or "{_NONE}"')
    return int(text)
