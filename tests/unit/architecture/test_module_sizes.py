from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("common", "kargo_platform", "rbac", "projects", "promotions", "tests")
MAX_LINES = 400

MODULES = [
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES
