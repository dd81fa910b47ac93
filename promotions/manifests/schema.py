"""The base of every manifest schema, and the field types that kinds share.

Values are never coerced: ``value: 1`` where text is expected is an error that says so.
Source: Kargo's custom resource definitions.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

LONGEST_NAME = 253
LONGEST_LABEL = 63
LONGEST_TAG = 128


class Model(BaseModel):
    """One object of a manifest.

    Attributes:
        renamed: Old names of fields that are still read, and what they are called now.
        moved: Fields that no longer exist, and a hint where their content belongs.
        blank_is_absent: Whether an empty text means that the field is not there.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", strict=True, frozen=True)
    renamed: ClassVar[Mapping[str, str]] = {}
    moved: ClassVar[Mapping[str, str]] = {}
    blank_is_absent: ClassVar[bool] = False


def as_json(model: Model) -> dict[str, Any]:
    """Return the object as Kargo's JSON: camel case, defaults filled in, nothing that is unset."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def matching(pattern: str, expected: str, *, longest: int = 0) -> AfterValidator:
    """Return a check that the whole text matches; ``expected`` completes "must be …"."""
    return AfterValidator(lambda text: check_format(text, pattern, expected, longest=longest))


def check_format(text: str, pattern: str, expected: str, *, longest: int = 0) -> str:
    """Return the text if the whole of it matches and it is not too long.

    Raises:
        PydanticCustomError: It does not match.
    """
    if re.fullmatch(pattern, text, re.ASCII) is None or (longest and len(text) > longest):
        raise PydanticCustomError("format", "must be {expected}", {"expected": expected})
    return text


_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"

ResourceName = Annotated[
    str,
    matching(
        rf"{_LABEL}(\.{_LABEL})*",
        "a name of at most 253 lower-case letters, digits, '-' and '.', "
        "that begins and ends with a letter or digit",
        longest=LONGEST_NAME,
    ),
]
LabelName = Annotated[
    str,
    matching(
        _LABEL,
        "a name of at most 63 lower-case letters, digits and '-', "
        "that begins and ends with a letter or digit",
        longest=LONGEST_LABEL,
    ),
]
Duration = Annotated[
    str, matching(r"([0-9]+(\.[0-9]+)?(s|m|h))+", "a duration such as 30s, 5m or 1h30m")
]
GoDuration = Annotated[
    str,
    matching(
        r"[-+]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
        r"(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*)",
        "a duration such as 30s, 5m or 1h30m",
    ),
]
VariableName = Annotated[
    str, matching(r"[a-zA-Z_]\w*", "a name of letters, digits and '_' that begins with no digit")
]
Tag = Annotated[
    str,
    matching(
        r"[\w.\-_]+", "a tag of at most 128 letters, digits, '_', '.' and '-'", longest=LONGEST_TAG
    ),
]
Digest = Annotated[str, matching(r"[a-z0-9]+:[a-f0-9]+", "a digest such as sha256:0123abcd")]
Text = Annotated[str, matching(r"(?s:.+)", "not empty")]
Json = JsonValue
Strings = dict[str, str]


class Variable(Model):
    """A name and a template; a variable without value must be given one by the caller."""

    name: VariableName
    value: str = ""


class Origin(Model):
    """Where Freight comes from."""

    kind: Annotated[str, matching("Warehouse", '"Warehouse"')]
    name: Text


class NamedReference(Model):
    """A reference to something in the same namespace."""

    name: str = Field(default="")
