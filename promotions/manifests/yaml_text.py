"""Writes manifests as YAML that reads back as exactly the same values."""

from collections.abc import Iterable
from typing import Any

import yaml

from promotions.manifests.yaml_values import is_plain_text

_WIDE = 4096


def write_yaml(documents: Iterable[dict[str, Any]]) -> str:
    """Return the documents as one stream, in block style, keys in their order."""
    return yaml.dump_all(
        documents,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_WIDE,
        explicit_start=True,
    )


class _Dumper(yaml.SafeDumper):
    """Quotes whatever any reader might take for something else than text; writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value out."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if not is_plain_text(text):
        style = '"'
    elif "\n" in text and text.strip() == text.rstrip("\n"):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
