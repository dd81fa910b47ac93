"""Writes YAML the way Kubernetes' tools do: sorted keys, block style, lists not indented."""

import yaml

from common.jsontypes import JSONValue

_TEXT = "tag:yaml.org,2002:str"


class _Dumper(yaml.SafeDumper):
    """Quotes only what would otherwise be read as something else, in double quotes."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  PyYAML's signature
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        if "\n" in text:
            return self.represent_scalar(_TEXT, text, style="|")
        plain = (
            self.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # the stubs leave it out
            == _TEXT
        )
        return self.represent_scalar(_TEXT, text, style=None if plain and text else '"')


_Dumper.add_representer(str, _Dumper.represent_text)


def write_yaml(value: JSONValue) -> str:
    """Return the value as YAML text that ends with a newline."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, width=2**30
    )
    return text.removesuffix("...\n")
