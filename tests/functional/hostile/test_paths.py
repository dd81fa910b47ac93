"""Every path that a step may be configured with, against every path that leads somewhere else."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from unittest.mock import ANY

import pytest

from common.errors import PlatformError
from common.jsontypes import JSONObject, as_object
from promotions.engine.registry import Registry
from promotions.engine.runner import StepError
from promotions.steps.catalogue import builtin_steps
from tests.fakes.git_origin import Origin
from tests.functional.hostile.grounds import CANARY, TREE, Ground
from tests.functional.hostile.honest import honest_outside
from tests.functional.hostile.outside import step_kinds
from tests.unit.steps.contexts import context


class Use(Enum):
    """What a step does with a path."""

    READS = auto()  # something that is there; whatever leads out is clamped
    MAKES = auto()  # a file or a directory; whatever leads out is clamped
    WRITES = auto()  # as file-write: whatever leads out, or through a link, is refused
    DELETES = auto()  # as delete: whatever leads out is refused
    WORKS_IN = auto()  # a work tree of Git


@dataclass(frozen=True, slots=True)
class Field:
    """One path: how it is used, a good value if it must be there, and the rest of the config."""

    use: Use
    config: Callable[[str], JSONObject]
    good: str = ""


class Outcome(Enum):
    """How a step ended."""

    DONE = auto()
    ERRED = auto()
    REFUSED = auto()


_UPDATES: JSONObject = {"updates": [{"key": "k", "value": "2"}]}
_OUTPUTS: JSONObject = {"outputs": [{"name": "a", "fromExpression": "k"}]}
_CHART: JSONObject = {"releaseName": "r"}


def _read(good: str, rest: JSONObject = {}, *, name: str = "path") -> Field:  # noqa: B006  read only
    return Field(Use.READS, lambda path: {**rest, name: path}, good)


def _make(name: str, rest: JSONObject) -> Field:
    return Field(Use.MAKES, lambda path: {**rest, name: path})


def _tree(rest: JSONObject = {}) -> Field:  # noqa: B006  read only
    return Field(Use.WORKS_IN, lambda path: {**rest, "path": path}, TREE)


FIELDS: Mapping[tuple[str, str], Field] = {
    ("copy", "inPath"): _read("a.yaml", {"outPath": "made"}, name="inPath"),
    ("copy", "outPath"): _make("outPath", {"inPath": "a.yaml"}),
    ("delete", "path"): Field(Use.DELETES, lambda path: {"path": path, "strict": True}, "a.yaml"),
    ("delete", "paths[]"): Field(
        Use.DELETES, lambda path: {"paths": [path], "strict": True}, "a.yaml"
    ),
    ("file-write", "path"): Field(Use.WRITES, lambda path: {"path": path, "contents": "x"}),
    ("git-clear", "path"): _tree(),
    ("git-clone", "checkout[].path"): Field(
        Use.MAKES, lambda path: {"repoURL": _ORIGIN, "checkout": [{"path": path}]}
    ),
    ("git-commit", "path"): _tree({"message": "m"}),
    ("git-push", "path"): _tree(),
    ("git-tag", "path"): _tree({"tag": "v9", "message": "m"}),
    ("hcl-update", "path"): _read("a.tf", _UPDATES),
    ("helm-template", "outPath"): _make("outPath", {"path": "good-chart", **_CHART}),
    ("helm-template", "path"): _read("good-chart", {"outPath": "made.yaml", **_CHART}),
    ("helm-template", "valuesFiles[]"): Field(
        Use.READS,
        lambda path: {"path": "good-chart", "outPath": "m.yaml", "valuesFiles": [path], **_CHART},
        "a.yaml",
    ),
    ("helm-update-chart", "path"): _read("good-chart"),
    ("http", "bodyFromFile"): _read(
        "a.yaml", {"url": "http://127.0.0.1", "method": "PUT"}, name="bodyFromFile"
    ),
    ("http-download", "outPath"): _make("outPath", {"url": "http://127.0.0.1"}),
    ("json-parse", "path"): _read("a.json", _OUTPUTS),
    ("json-update", "path"): _read("a.json", _UPDATES),
    ("kustomize-build", "outPath"): _make("outPath", {"path": "kustomize"}),
    ("kustomize-build", "path"): _read("kustomize", {"outPath": "made.yaml"}),
    ("kustomize-set-image", "path"): _read("kustomize", {"images": [{"image": "a", "tag": "v2"}]}),
    ("oci-download", "outPath"): _make("outPath", {"imageRef": "registry.example.com/app:v1"}),
    ("tar", "inPath"): _read("a.yaml", {"outPath": "made"}, name="inPath"),
    ("tar", "outPath"): _make("outPath", {"inPath": "a.yaml"}),
    ("toml-parse", "path"): _read("a.toml", _OUTPUTS),
    ("toml-update", "path"): _read("a.toml", _UPDATES),
    ("untar", "inPath"): _read("a.tar", {"outPath": "made"}, name="inPath"),
    ("untar", "outPath"): _make("outPath", {"inPath": "a.tar"}),
    ("yaml-merge", "inFiles[]"): Field(
        Use.READS, lambda path: {"inFiles": [path], "outFile": "made"}, "a.yaml"
    ),
    ("yaml-merge", "outFile"): _make("outFile", {"inFiles": ["a.yaml"]}),
    ("yaml-parse", "path"): _read("a.yaml", _OUTPUTS),
    ("yaml-update", "path"): _read("a.yaml", _UPDATES),
}
_ELSEWHERE = {
    ("gha-dispatch-workflow", "workflowFile"),  # a file at GitHub
    ("github-push", "path"),  # needs GitHub; it finds the work tree as git-push does
}
_WORDS = ("path", "file", "dir", "folder")
_ORIGIN = "ORIGIN"

_DONE = frozenset({Outcome.DONE})
_REFUSED = frozenset({Outcome.REFUSED})
_FAILS = frozenset({Outcome.ERRED, Outcome.REFUSED})
_ANY = frozenset(Outcome)

# Below, {good} is the good value, and {outside} the folder beside the work directory, which has
# something of the same name. The links are made by Site.prepare.
_IMPOSSIBLE = (
    *("loop-1", "loop-1/x", "a.yaml/x", "nul\0", "{good}\0", "n" * 300, "n" * 5000, "fifo/x"),
    *("repo-1/{good}", "dir/../repo-1/{good}", "self/repo-1/{good}"),
)
_LEADING_OUT = (
    *("../outside/{good}", "/../outside/{good}", "dir/../../outside/{good}", "{outside}/{good}"),
    *("escape/{good}", "self/escape/{good}", "link-out", "link-absolute", "link-twice"),
    *("dir/link-up", "/etc/hostname", "absolute/hostname", "dangling", "nowhere/{good}"),
)
_STAYING_INSIDE = (
    *("{good}", "./{good}", "self/{good}", "dir/../{good}", "link-in", "link-rooted"),
    *("dir/up/{good}", "{good}/.", "{good}//"),
)
_CLAMPED = ("../{good}", "../../../../{good}", "/{good}", "//{good}", "dir/../../{good}")
_OUTCOMES: Mapping[Use, Mapping[frozenset[Outcome], Iterable[str]]] = {
    Use.READS: {
        _DONE: (*_STAYING_INSIDE, *_CLAMPED),
        _FAILS: (*_LEADING_OUT, *_IMPOSSIBLE),
        _ANY: ("dir", ".", "{good}/x", "fifo", "socket"),
    },
    Use.MAKES: {
        _DONE: (
            *("new", "./new", "../new", "/new", "dir/../../new", "deep/er/new", "inner/new"),
            *("escape/new", "{outside}/new", "self/new", "dangling", "link-rooted-new"),
        ),
        _FAILS: _IMPOSSIBLE,
        _ANY: (
            *("a.yaml", "dir", "dir/", ".", "..", ".git/config", "x/.git/x", "link-out"),
            *("socket", "fifo"),
        ),
    },
    Use.WRITES: {
        _DONE: ("new", "./new", "deep/er/new", "dir/../new"),
        _REFUSED: (
            *("../new", "/new", "dir/../../new", "escape/new", "inner/new", "dangling", "self/new"),
            *("{outside}/new", "link-out", "link-rooted-new", "..", ".", "dir", "dir/", "a.yaml"),
            *(".git/config", "x/.git/x", "x/.GIT/x", "loop-1", "nul\0", "repo-1/x", "fifo"),
        ),
        _FAILS: _IMPOSSIBLE,
    },
    Use.DELETES: {
        _DONE: ("{good}", "./{good}", "dir/../{good}", "link-in", "link-out", "escape", "loop-1"),
        _FAILS: (
            *("../{good}", "/../{good}", "../outside/{good}", "dir/../../outside/{good}"),
            *("escape/{good}", "self/escape/{good}", "absolute/hostname", "..", ".", "/"),
            *("repo-1", "repo-1/{good}", "self/repo-1/{good}", "loop-1/x", "a.yaml/x", "nul\0"),
            *("n" * 300, "n" * 5000, "nowhere/x", "fifo/x"),
        ),
        _ANY: ("{outside}/{good}", "/{good}", "{good}/", "fifo", "socket", "dir/up/{good}"),
    },
    Use.WORKS_IN: {
        _DONE: (
            "{good}",
            "./{good}",
            "../{good}",
            "/{good}",
            "link-in",
            "self/{good}",
            "{good}/apps",
        ),
        _FAILS: (*_LEADING_OUT, *_IMPOSSIBLE, "fifo", "socket", "dir", ".", "..", "a.yaml", "tree"),
    },
}


@dataclass
class Site:
    """Ground to run steps on, and a repository to clone."""

    ground: Ground
    registry: Registry
    origin: Origin

    def prepare(self, rule: Field) -> None:
        """Make new ground, with the good value and links to it, inside and outside."""
        ground, good = Ground(self.ground.folder), rule.good or "x"
        ground.make()
        work, outside = ground.work, ground.outside
        (work / "kustomize/escape").unlink()
        for folder in (work / "repo-1", outside):
            (folder / "good-chart").mkdir()
            (folder / "kustomize").mkdir()
            (folder / "kustomize/kustomization.yaml").write_text("{}")
            (folder / "good-chart/Chart.yaml").write_text("name: c\nversion: 1.0.0\n")
            (folder / "a.tar").write_bytes((work / "a.tar").read_bytes())
        shutil.copytree(work / "repo-1/good-chart", work / "good-chart")
        for name in ("a.yaml", "a.json", "a.toml", "a.tf"):
            (work / "repo-1" / name).write_bytes((work / name).read_bytes())
        if rule.use is Use.WORKS_IN:
            config: JSONObject = {"repoURL": self.origin.url, "checkout": [{"path": good}]}
            assert self.run("git-clone", config) == (Outcome.DONE, ANY)
            (work / good / "new.yaml").write_text("a: 1\n")
        links: dict[str, str | Path] = {
            "link-in": good,
            "link-rooted": f"/{good}",
            "link-rooted-new": "/new",
            "link-out": f"../outside/{good}",
            "link-absolute": outside / good,
            "link-twice": "link-out",
            "dir/link-up": f"../../outside/{good}",
        }
        for name, target in links.items():
            (work / name).symlink_to(target)

    def run(self, kind: str, config: JSONObject) -> tuple[Outcome, str]:
        """Run a step as the engine does; return how it ended, and all that it said."""
        asked = context(self.ground.work, config)
        assert not self.registry.schema(kind).problems(config)
        try:
            result = self.registry.find(kind).run(asked)
        except StepError as error:
            return (Outcome.REFUSED if error.terminal else Outcome.ERRED), error.message
        except PlatformError as error:
            return Outcome.ERRED, error.message
        return Outcome.DONE, f"{result.message} {result.output}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    origin = Origin.create(tmp_path / "origin.git")
    with honest_outside(tmp_path / "outside") as outside:
        registry = Registry(builtin_steps(outside.ports))
        yield Site(Ground(tmp_path / "ground"), registry, origin)


def test_every_path_of_every_step_is_in_the_table(site: Site) -> None:
    found = {
        (kind, field)
        for kind in step_kinds()
        for field in _texts(site.registry.find(kind).schema)
        if any(word in field.rpartition(".")[2].lower() for word in _WORDS)
    }

    assert found - _ELSEWHERE == set(FIELDS)


def _texts(schema: JSONObject, path: str = "") -> Iterator[str]:
    """Yield the dotted names of all strings in a schema; those in a list end in ``[]``."""
    if schema.get("type") == "string":
        yield path
    for name, rule in as_object(schema.get("properties")).items():
        yield from _texts(as_object(rule), f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from _texts(as_object(schema["items"]), f"{path}[]")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "field"), sorted(FIELDS))
def test_a_path_stays_in_the_work_directory(site: Site, kind: str, field: str) -> None:
    rule, ground = FIELDS[kind, field], site.ground
    wrong = []
    for expected, paths in _OUTCOMES[rule.use].items():
        for path in paths:
            site.prepare(rule)
            before = ground.fingerprint(ground.outside)
            shown = path.format(good=rule.good or "x", outside=ground.outside)

            outcome, message = site.run(kind, _config(site, rule, shown))

            if outcome not in expected:
                wrong.append(f"{shown[:60]!r}: {outcome.name}, {message[:200]}")
            assert ground.fingerprint(ground.outside) == before, shown
            assert {it.name for it in ground.folder.iterdir()} == {"outside", "work"}, shown
            assert not ground.leaked(), shown
            assert CANARY not in message, shown
            assert str(ground.folder) in shown or str(ground.folder) not in message, message
    assert not wrong, "\n".join(wrong)


def _config(site: Site, rule: Field, path: str) -> JSONObject:
    config = dict(rule.config(path))
    if config.get("repoURL") == _ORIGIN:
        config["repoURL"] = site.origin.url
    return config
