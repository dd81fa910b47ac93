"""Fuzzes the editing of YAML, JSON and TOML documents.

Documents are made from a grammar, comments and odd spacing included; some are damaged afterwards.
An edit must give the same document but for the edited value, or our error.
"""

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import yaml

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.json_update import update_json
from promotions.engine.documents.keypaths import KeyPart, Update, split_json_key, split_key
from promotions.engine.documents.kustomization import ImageTarget, set_images
from promotions.engine.documents.toml_update import load_toml, update_toml
from promotions.engine.documents.yaml_merge import merge_yaml
from promotions.engine.documents.yaml_update import update_yaml
from promotions.engine.documents.yaml_values import load_document
from tests.fuzz.document_grammars import json_document, toml_document, yaml_document
from tests.fuzz.trial import try_all

VALUES: tuple[JSONValue, ...] = (
    *("v2", "", "42", "1.0", "true", "null", "yes", "~", "a: b", "x # y", "# c", "- a", "*a", "&a"),
    *("!t", "[1]", "{a}", "'q'", '"q"', "é日", "a\nb", "\t", " x ", "x:", "@a", "`a", "%a", "? a"),
    *("0x1F", "0o7", "1_0", "12:30:45", "2024-01-15", "<<", "=", ",", "a, b", "]", "}", "\x85"),
    *("\u2028", "\x00", "\x7f", "\\", "\ud800", "\ufeff", "'''", '"""', "|", ">", "---", "..."),
    *(0, 1, -3, 1.5, 2.0, 1e21, 1e-7, True, False, None, float("inf"), float("nan"), 2**70),
    *([1], {"a": 1}),
)
_DAMAGE = ("", " ", "\n", "\t", "\r", "\0", ":", "- ", '"', "'", "[", "}", "#", "&a ", "*a", "\\")


@dataclass(frozen=True, slots=True)
class Trial:
    """What one attempt is made with; ``kind`` names the attempt."""

    kind: str
    texts: tuple[str, ...]
    updates: tuple[Update, ...] = ()


def run(seconds: float, seed: int) -> list[str]:
    """Return the findings."""
    return try_all(_trial, _attempt, seconds=seconds, seed=seed)


def _trial(random: Random) -> object:
    kind = random.choice(("yaml", "yaml", "json", "toml", "merge", "images"))
    make = {"json": json_document, "toml": toml_document}.get(kind, yaml_document)
    texts = tuple(_damaged(random, make(random)) for _ in range(3 if kind == "merge" else 1))
    paths = list(_paths(kind, texts[0])) or [("a",)]
    updates = tuple(
        Update(_key(random, random.choice(paths)), random.choice(VALUES))
        for _ in range(random.choice((1, 1, 2, 5)))
    )
    return Trial(kind, texts, updates)


def _damaged(random: Random, text: str) -> str:
    if random.random() < 0.75:
        return text
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(_DAMAGE) + text[at + random.randint(0, 2) :]
    return text


def _paths(kind: str, text: str) -> Iterator[tuple[str, ...]]:
    try:
        if kind == "json":
            yield from _leaves(json.loads(text), ())
        elif kind == "toml":
            yield from _leaves(tomllib.loads(text), ())
        else:
            yield from _leaves(yaml.load(text, yaml.CBaseLoader), ())  # noqa: S506 -- only text
    except (ValueError, yaml.YAMLError, RecursionError, TypeError):
        return


def _leaves(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, str(index)))
    if path:
        yield path


def _key(random: Random, path: tuple[str, ...]) -> str:
    parts = [part.replace("\\", "").replace(".", "\\.").replace(":", "\\:") for part in path]
    if random.random() < 0.2:
        extra = random.choice(("a", "0", "-1", "7", "missing", ":0", "", "x y", "é"))
        parts = random.choice((parts[:-1], parts))
        parts = [*parts, extra]
    return ".".join(parts)


def _attempt(made: object) -> None:
    assert isinstance(made, Trial)
    attempts: dict[str, Callable[[Trial], None]] = {
        "yaml": _yaml,
        "json": _json,
        "toml": _toml,
        "merge": _merge,
        "images": _images,
    }
    attempts[made.kind](made)


def _yaml(trial: Trial) -> None:
    (text,) = trial.texts
    updated = update_yaml(text, trial.updates)
    before, after = _yaml_scalars(_with_line_ends(text)), _yaml_scalars(updated)
    if before is None or after is None:
        assert before is after, updated
        return
    for update in trial.updates:
        path = split_key(update.key)
        before.pop(_canonical(path, before), None)
        value = after.pop(_canonical(path, after), None)
        last = [it for it in trial.updates if split_key(it.key) == path][-1]
        if value is not None and isinstance(last.value, str):
            assert value[0] == last.value, (updated, last)
    assert before == after, updated
    if "\r" not in updated:
        assert update_yaml(updated, trial.updates) == updated


def _with_line_ends(text: str) -> str:
    text = text.replace("\r\n", "\n")
    return text if text.endswith("\n") else text.removesuffix("\r") + "\n"


def _canonical(
    path: tuple[str, ...], among: dict[tuple[str, ...], tuple[str, str]]
) -> tuple[str, ...]:
    if path in among:
        return path
    return tuple(part.lstrip("+0") or "0" if part[:1] in "+0" else part for part in path)


def _yaml_scalars(text: str) -> dict[tuple[str, ...], tuple[str, str]] | None:
    """Return every scalar of the first document by its path; ``None`` if PyYAML cannot."""
    try:
        loader = yaml.CSafeLoader(text.removeprefix("\ufeff"))
        root = loader.get_node() if loader.check_node() else None
    except yaml.YAMLError:
        return None
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    _collect(root, (), found, seen=set())
    return found


def _collect(
    node: object,
    path: tuple[str, ...],
    found: dict[tuple[str, ...], tuple[str, str]],
    *,
    seen: set[int],
) -> None:
    if id(node) in seen:
        found[path] = ("*", "")
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        found[path] = (node.value, node.tag)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect(item, (*path, str(index)), found, seen=seen)
    elif isinstance(node, yaml.MappingNode):
        for index, (key, value) in enumerate(node.value):
            plain = isinstance(key, yaml.ScalarNode)
            _collect(value, (*path, key.value if plain else f"?{index}"), found, seen=seen)


def _json(trial: Trial) -> None:
    (text,) = trial.texts
    updated = update_json(text, trial.updates)
    text = text.removeprefix("\ufeff")
    expected = json.loads(text) if text.strip() else None
    for update in trial.updates:
        expected = _set(expected, split_json_key(update.key), update.value)
    assert json.loads(updated.removeprefix("\ufeff")) == expected, updated


def _set(document: object, parts: tuple[KeyPart, ...], value: object) -> object:
    if not parts:
        return value
    part, rest = parts[0], parts[1:]
    if not isinstance(document, dict | list):
        is_index = not part.is_key and (part.text.isdigit() or part.text == "-1")
        document = [] if is_index else {}
    if isinstance(document, dict):
        return {**document, part.text: _set(document.get(part.text), rest, value)}
    index = len(document) if part.text == "-1" else int(part.text)
    padded = [*document, *([None] * (index + 1 - len(document)))]
    padded[index] = _set(padded[index], rest, value)
    return padded


def _toml(trial: Trial) -> None:
    (text,) = trial.texts
    updated = update_toml(text, trial.updates)
    expected = tomllib.loads(text.removeprefix("\ufeff"))
    for update in trial.updates:
        _put(expected, split_key(update.key), update.value)
    assert repr(load_toml(updated)) == repr(expected), updated


def _put(document: object, path: tuple[str, ...], value: object) -> None:
    for part in path[:-1]:
        document = document[int(part)] if isinstance(document, list) else document[part]  # type: ignore[index]  # the edit found it
    if isinstance(document, list):
        document[int(path[-1])] = value
    elif isinstance(document, dict):
        document[path[-1]] = value


def _merge(trial: Trial) -> None:
    merged = merge_yaml(trial.texts)
    try:
        documents = [load_document(text) for text in trial.texts]
    except InvalidError:
        return
    expected = None
    for document in documents:
        if document is not None:
            expected = document if expected is None else _laid_over(expected, document)
    if _is_simple(trial.texts):
        assert repr(load_document(merged)) == repr(expected), merged


def _is_simple(texts: tuple[str, ...]) -> bool:
    """Return whether no feature is used that the plain merge below has no idea of."""
    return not any(sign in text for text in texts for sign in ("<<", "!", "?", "*", "%"))


def _laid_over(base: JSONValue, overlay: JSONValue) -> JSONValue:
    if not isinstance(overlay, dict):
        return overlay
    known = dict(base) if isinstance(base, dict) else {}
    for key, value in overlay.items():
        if value is None:
            known.pop(key, None)
        else:
            known[key] = _laid_over(known.get(key), value)
    return known


def _images(trial: Trial) -> None:
    text, targets = trial.texts[0], (ImageTarget("a", new_tag="v2"),)
    updated, _ = set_images(f"images:\n- name: a\n  newTag: v1 # c\n{text}", targets)
    assert set_images(updated, targets)[0] == updated
