"""Django's ``changepassword``, which the audit keeps."""

import getpass
from typing import Any

from django.contrib.auth.management.commands.changepassword import Command as ChangePassword

from common.clock import now
from rbac.actors import operator_at_console
from rbac.selectors import user_named
from rbac.services.sign_ins import note_password


class Command(ChangePassword):
    def handle(self, *args: Any, **options: Any) -> str | None:
        said = super().handle(*args, **options)
        user = user_named(options["username"] or getpass.getuser())
        note_password(user, actor=operator_at_console(getpass.getuser()), now=now())
        return said
