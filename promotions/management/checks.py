"""System checks: are installed steps what they should be, and the folders where they should?"""

from collections.abc import Sequence
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning as CheckWarning, register

from common.errors import InvalidError
from promotions import wiring

BROKEN_STEPS = "promotions.E001"
FOLDERS_APART = "promotions.W001"


@register()
def check_steps(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Return an error if an installed package's steps cannot be used."""
    del app_configs
    try:
        wiring.step_registry()
    except InvalidError as error:
        return [Error(error.message, hint="See docs/steps/own-steps.md.", id=BROKEN_STEPS)]
    return []


@register(Tags.files, deploy=True)
def check_folders(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Return a warning if work directories cannot take work trees from the cache by renaming."""
    del app_configs
    work, cache = Path(settings.WORK_DIR), Path(settings.GIT_CACHE_DIR)
    if _device(work) == _device(cache):
        return []
    return [
        CheckWarning(
            f"{work} and {cache} are on different file systems, so no work tree is kept for the "
            "next promotion; big repositories are checked out anew each time.",
            hint="Put KARGO_WORK_DIR and KARGO_GIT_CACHE_DIR on one file system.",
            id=FOLDERS_APART,
        )
    ]


def _device(path: Path) -> int:
    """Return the file system that a folder is on, or will be."""
    there = next(it for it in (path.absolute(), *path.absolute().parents) if it.exists())
    return there.stat().st_dev
