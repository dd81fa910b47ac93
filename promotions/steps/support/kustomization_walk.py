"""Which directories and charts does a kustomization reach, through all that it refers to?

What makes no sense, or is not in the work directory, is left out here: kustomize itself says so,
in its own words.

Source: kustomize ``api/internal/target``.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import InvalidError, PlatformError
from common.redaction import redact
from promotions.engine.documents.kustomizations import (
    Kustomization,
    WantedChart,
    generator_charts,
    is_inline,
    is_remote,
    read_kustomization,
)
from promotions.engine.goquote import go_quote
from promotions.steps.support.workdir import read_text

MOST_DIRECTORIES = 2_000
"""Kustomizations that one may reach."""
MOST_CHARACTERS = 8 * 1024 * 1024
"""All that is read of them."""
MOST_RENDERED = 3
"""Directories of generators, each of which kustomize builds once more."""

_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

Rendered = Callable[[str], str]
"""Returns what kustomize makes of a directory."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What a kustomization reaches.

    Attributes:
        directories: Those of kustomizations, as real paths.
        charts: With the directory that each chart's ``home`` is relative to.
    """

    directories: tuple[str, ...]
    charts: tuple[tuple[str, WantedChart], ...]


def walk_kustomizations(root: str, path: str, *, rendered: Rendered) -> Reached:
    """Return what the kustomization in the directory ``path`` reaches inside ``root``.

    Args:
        root: The work directory, as a real path.
        path: As a real path.
        rendered: Tells what the kustomizations among generators come to.

    Raises:
        InvalidError: Something is on another host, or there is too much.
    """
    walk = _Walk(root, rendered)
    walk.begin(path)
    return Reached(tuple(walk.directories), tuple(walk.charts))


@dataclass(slots=True)
class _Walk:
    root: str
    rendered: Rendered
    directories: dict[str, None] = field(default_factory=dict)
    charts: list[tuple[str, WantedChart]] = field(default_factory=list)
    pending: deque[str] = field(default_factory=deque)
    renderings: int = 0
    characters: int = 0

    def begin(self, path: str) -> None:
        self.pending.append(path)
        while self.pending:
            directory = self.pending.popleft()
            if directory not in self.directories:
                self._visit(directory)

    def _visit(self, directory: str) -> None:
        if len(self.directories) >= MOST_DIRECTORIES:
            raise InvalidError(f"it consists of more than {MOST_DIRECTORIES} kustomizations")
        self.directories[directory] = None
        kustomization = self._read(directory)
        if kustomization is None:
            return
        self._want(directory, kustomization.charts)
        for path in self._existing(directory, kustomization.resources):
            if Path(path).is_dir():
                self.pending.append(path)
        self._want_generated(directory, kustomization.generators)

    def _want_generated(self, directory: str, generators: tuple[str, ...]) -> None:
        """Note the charts of generators; their paths are relative to whoever names them."""
        paths = []
        for generator in generators:
            if is_inline(generator):
                self._want(directory, _charts_of(generator))
            else:
                paths.append(generator)
        for path in self._existing(directory, paths):
            if Path(path).is_dir():
                self.pending.append(path)
                self._want(directory, _charts_of(self._built(path)))
            else:
                self._want(directory, _charts_of(self._text(path)))

    def _built(self, directory: str) -> str:
        """Return what kustomize makes of a directory, empty if it refuses."""
        self.renderings += 1
        if self.renderings > MOST_RENDERED:
            return ""
        try:
            return self.rendered(directory)
        except PlatformError:
            return ""

    def _want(self, directory: str, charts: tuple[WantedChart, ...]) -> None:
        self.charts += [(directory, chart) for chart in charts]

    def _read(self, directory: str) -> Kustomization | None:
        for name in _FILES:
            if Path(directory, name).is_file():
                text = self._text(f"{directory}/{name}")
                try:
                    return read_kustomization(text)
                except InvalidError:
                    return None
        return None

    def _text(self, path: str) -> str:
        """Return the text of a file, empty if it is none that can be read.

        Raises:
            InvalidError: It is one too much.
        """
        try:
            text = read_text(self.root, os.path.relpath(path, self.root))
        except (OSError, ValueError):
            return ""
        self.characters += len(text)
        if self.characters > MOST_CHARACTERS:
            raise InvalidError(f"its kustomizations are longer than {MOST_CHARACTERS} characters")
        return text

    def _existing(self, directory: str, paths: Iterable[str]) -> Iterator[str]:
        """Yield the real paths of what is there, inside the root.

        Raises:
            InvalidError: Something is not there because it is on another host.
        """
        for path in filter(_is_path, paths):
            stated = os.path.normpath(f"{directory}/{path}")
            if not os.path.lexists(stated) and is_remote(path):
                raise _remote(path, self.root, directory)
            real = os.path.realpath(stated)
            if real == self.root or real.startswith(f"{self.root}/"):
                yield real


def _is_path(text: str) -> bool:
    return "\0" not in text


def _charts_of(generators: str) -> tuple[WantedChart, ...]:
    try:
        return generator_charts(generators)
    except InvalidError:
        return ()


def _remote(path: str, root: str, directory: str) -> InvalidError:
    shown = os.path.relpath(directory, root)
    return InvalidError(
        f"{shown} refers to {go_quote(redact(path))}, which is on another host, and kustomize runs"
        " without a network: clone a repository with git-clone, or fetch a file with"
        " http-download, and refer to that by its path"
    )
