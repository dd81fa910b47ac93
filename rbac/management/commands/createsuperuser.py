"""Stands for Django's ``createsuperuser``, whose accounts no audit would know of."""

from typing import Any

from django.contrib.auth.management.commands.createsuperuser import Command as CreateSuperuser
from django.core.management.base import CommandError


class Command(CreateSuperuser):
    help = "Refused: manage.py create_operator makes operators."

    def handle(self, *_: Any, **__: Any) -> str | None:
        raise CommandError("Make operators with manage.py create_operator; the audit keeps that.")
