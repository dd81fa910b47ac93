"""System checks: are the steps of installed packages what they should be?"""

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from common.errors import InvalidError
from promotions import wiring

BROKEN_STEPS = "promotions.E001"


@register()
def check_steps(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Return an error if an installed package's steps cannot be used."""
    del app_configs
    try:
        wiring.step_registry()
    except InvalidError as error:
        return [Error(error.message, hint="See docs/steps/own-steps.md.", id=BROKEN_STEPS)]
    return []
