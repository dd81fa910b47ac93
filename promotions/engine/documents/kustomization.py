"""Sets images in the text of a kustomization, and leaves the rest as it was.

Only the lines of ``images`` are written anew; comments on them survive where their field does.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from common.errors import InvalidError
from promotions.engine.documents.yaml_comments import STUMBLES
from promotions.engine.documents.yaml_nodes import Kind, compose_first, last_leaf_end
from promotions.engine.documents.yaml_quoting import scalar_text
from promotions.engine.documents.yaml_values import load_document

KEEP = "*"
"""As a new name, tag or digest: keep what is there."""

_FIELDS = ("newName", "newTag", "digest")


@dataclass(frozen=True, slots=True)
class ImageTarget:
    """An image to set: fields that are empty are left out of the entry."""

    name: str
    new_name: str = ""
    new_tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.new_tag}" if self.new_tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.new_name or self.name}{tag}{digest}"


def set_images(text: str, targets: Iterable[ImageTarget]) -> tuple[str, tuple[ImageTarget, ...]]:
    """Return the new text, and the targets with every ``*`` replaced by what was there.

    Entries of other images stay; entries are ordered by name. Nothing to change means that the
    text comes back byte for byte.

    Raises:
        InvalidError: The text is not a kustomization, or its images are not a list of objects.
    """
    document = load_document(text)
    if not isinstance(document, Mapping | None):
        raise InvalidError("the kustomization is not an object")
    existing = _existing(document or {})
    settled = tuple(_settled(it, existing.get(it.name, {})) for it in targets)
    wanted = {**existing, **{target.name: _entry(target) for target in settled}}
    ordered = {name: wanted[name] for name in sorted(wanted)}
    images = [dict(entry) for entry in ordered.values()]
    if images == (document or {}).get("images", []):
        return text, settled
    updated = _with_images(text, ordered)
    if load_document(updated) != {**(document or {}), "images": images}:
        raise InvalidError("images of the kustomization cannot be set where they stand")
    return updated, settled


def _existing(document: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    images = document.get("images") or []
    if not isinstance(images, Sequence) or isinstance(images, str):
        raise InvalidError("images of the kustomization is not a list")
    entries: dict[str, Mapping[str, object]] = {}
    for entry in images:
        if not isinstance(entry, Mapping):
            raise InvalidError("images of the kustomization holds something other than objects")
        entries[str(entry.get("name", ""))] = entry
    return entries


def _settled(target: ImageTarget, existing: Mapping[str, object]) -> ImageTarget:
    asked = (target.new_name, target.new_tag, target.digest)
    new_name, new_tag, digest = (
        str(existing.get(field) or "") if value == KEEP else value
        for field, value in zip(_FIELDS, asked, strict=True)
    )
    return ImageTarget(target.name, new_name=new_name, new_tag=new_tag, digest=digest)


def _entry(target: ImageTarget) -> Mapping[str, object]:
    values = (target.new_name, target.new_tag, target.digest)
    fields = dict(zip(_FIELDS, values, strict=True))
    return {"name": target.name} | {key: value for key, value in fields.items() if value}


def _with_images(text: str, wanted: Mapping[str, Mapping[str, object]]) -> str:
    source = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if source and not source.endswith("\n"):
        source += "\n"
    start, end = _images_span(source)
    fragment = source[start:end]
    rendered = _rendered(fragment, wanted)
    return source[:start] + rendered + source[end:]


def _images_span(source: str) -> tuple[int, int]:
    """Return where the lines of ``images`` begin and end; an empty span where they would go."""
    root = compose_first(source)
    if root is None:
        return len(source), len(source)
    if root.kind is not Kind.MAPPING or root.in_flow_style:
        raise InvalidError("the kustomization is not written as lines of key: value")
    for key, value in zip(root.children[::2], root.children[1::2], strict=True):
        if key.kind is Kind.SCALAR and key.value == "images":
            if value.kind is Kind.ALIAS:
                raise InvalidError("images of the kustomization is an alias; write it out")
            end = source.find("\n", max(last_leaf_end(value) - 1, key.end))
            return key.start, end + 1 if end >= 0 else len(source)
    end = source.find("\n", last_leaf_end(root) - 1) + 1
    return end, end


def _rendered(fragment: str, wanted: Mapping[str, Mapping[str, object]]) -> str:
    editor = YAML(typ="rt")
    editor.preserve_quotes = True
    editor.width = 1_000_000
    editor.composer.warn_double_anchors = False  # YAML allows them
    offset = _dash_offset(fragment)
    editor.indent(mapping=2, sequence=offset + 2, offset=offset)
    out = io.StringIO()
    try:
        document = editor.load(fragment) if fragment else CommentedMap()
        if not document.get("images"):
            document["images"] = CommentedSeq()
        _merge(document["images"], wanted)
        editor.dump(document, out)
    except STUMBLES as error:
        raise InvalidError("images of the kustomization cannot be edited alone") from error
    return out.getvalue()


def _merge(images: CommentedSeq, wanted: Mapping[str, Mapping[str, object]]) -> None:
    present = {str(entry.get("name", "")): entry for entry in images}
    merged = [_updated(present.get(name, CommentedMap()), entry) for name, entry in wanted.items()]
    images[:] = merged


def _updated(entry: CommentedMap, wanted: Mapping[str, object]) -> CommentedMap:
    for field in [field for field in entry if field not in wanted]:
        del entry[field]
    for field, value in wanted.items():
        if entry.get(field) != value or field not in entry:
            entry[field] = _scalar(value)
    return entry


def _scalar(value: object) -> object:
    if isinstance(value, str) and scalar_text(value) != value:
        return DoubleQuotedScalarString(value)
    return value


def _dash_offset(fragment: str) -> int:
    """Return by how many columns the dashes of the list are indented."""
    for line in fragment.splitlines()[1:]:
        if line.lstrip().startswith("- "):
            return len(line) - len(line.lstrip())
    return 0
