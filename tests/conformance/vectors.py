"""Finds the conformance vectors; they are not part of this tree and are read in place.

``KARGO_VECTORS`` names their directory, of which every JSON file is then read; the default is
``../shared/vectors`` beside the project, and there the open halves.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Case: TypeAlias = dict[str, Any]

_ELSEWHERE = os.environ.get("KARGO_VECTORS", "")
DIRECTORY = Path(_ELSEWHERE or Path(__file__).resolve().parents[2].parent / "shared" / "vectors")


def vector_files() -> list[Path]:
    """Return the files to run when none is named; none if the vectors are not on this machine."""
    return sorted(DIRECTORY.glob("*.json" if _ELSEWHERE else "*.open.json"))


def load(name: str, **wanted: str) -> list[Case]:
    """Return the cases of ``<name>.*.json`` whose fields equal ``wanted``.

    Skips the calling module when the vectors are not on this machine.
    """
    files = [path for path in vector_files() if path.name.startswith(f"{name}.")]
    if not files:
        pytest.skip(f"no conformance vectors {name} in {DIRECTORY}", allow_module_level=True)
    return [case for file in files for case in _cases(file) if _fits(case, wanted)]


def ids(cases: Iterable[Case]) -> list[str]:
    """Return test ids that say feature, name and number of each case."""
    return [f"{case['feature']}-{case.get('name', '')}-{case['id']}" for case in cases]


def _cases(file: Path) -> list[Case]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    cases: list[Case] = document.get("cases") or document["vectors"]
    return cases


def _fits(case: Case, wanted: dict[str, str]) -> bool:
    return all(case.get(key) == value for key, value in wanted.items())
