"""``manage.py steps``: which promotion steps this installation has."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import PlatformError
from promotions import wiring


class Command(BaseCommand):
    help = "List the kinds of promotion steps: how far each reaches, and which package brings it."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            registry, origins = wiring.step_registry(), wiring.step_origins()
        except PlatformError as error:
            raise CommandError(error.message) from error
        width = max(map(len, registry.kinds()))
        for kind in registry.kinds():
            effect = registry.find(kind).effect.value
            self.stdout.write(f"{kind:{width}}  {effect:9}  {origins.get(kind, '')}".rstrip())
