"""Does Kargo's own schema of a step accept a configuration?

The schemas are read where they are kept; formats count as the reference's validator enforces them.
"""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from promotions.engine.schema import field_formats
from tests.conformance.vectors import DIRECTORY

SCHEMAS = DIRECTORY.parent / "reference" / "data" / "step-schemas"


def kargo_accepts(kind: str, config: Any) -> bool:
    """Return whether it does; a step of the paid edition has no published schema: never."""
    if not SCHEMAS.is_dir():
        pytest.skip(f"Kargo's step schemas are not in {SCHEMAS}")
    file = SCHEMAS / f"{kind}-config.json"
    if not file.exists():
        return False
    schema = json.loads(file.read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=field_formats()).is_valid(config)
