"""How long do version constraints and the selection from many tags take, and where does it go?

Run as ``python -m tests.benchmarks.selection``. Times are of the CPU, the best of a few rounds.
A constraint is checked against 10,000 tags; the baseline is reading their versions. Selection
runs over 10,000 and 100,000 tags: it has to be linear, and to take less than a second.
"""

import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from promotions.engine.selection.charts import select_chart_versions
from promotions.engine.selection.images import ImageDetails, ImageStrategy, select_images
from promotions.engine.selection.tagnames import TagRules
from promotions.engine.selection.tags import TagMetadata, TagStrategy, select_tags
from promotions.engine.semver.constraints import parse_constraint
from promotions.engine.semver.versions import Version, newest_first, parse_tag

CONSTRAINT = ">=1.0.0-0, <30 || ^35.2"
RULES = TagRules(allow=("^v", "^sha-"), ignore=("nightly",), constraint=CONSTRAINT)
FEW, MANY = 10_000, 100_000
LIMIT = 20
LONGEST_SECONDS = 1.0
MOST_GROWTH = 15.0
"""Of the time, when the tags are ten times as many; sorting alone grows a little over ten."""

_ROUNDS = 3
_START = datetime(2024, 1, 1, tzinfo=UTC)
_MILLISECONDS = 1000
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Selection:
    """One way to select, and how it is run over tag names."""

    name: str
    prepare: Callable[[Sequence[str]], Callable[[], object]]


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return how long the work takes a CPU, in the best of a few rounds."""
    times = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


@lru_cache
def tag_names(count: int) -> tuple[str, ...]:
    """Return distinct tags as a busy repository has them: versions, pre-releases and others."""
    chance = random.Random(1)  # noqa: S311  the same tags in every run
    suffixes = ("", "", "", "-rc.1", "-beta.12", "+build.7")
    numbers = chance.sample(range(60 * 100 * 100), count)
    return tuple(
        f"sha-{number:07x}"
        if index % 5 == 0
        else f"v{number // 10_000}.{number // 100 % 100}.{number % 100}{chance.choice(suffixes)}"
        for index, number in enumerate(numbers)
    )


def _git(strategy: TagStrategy) -> Selection:
    def prepare(names: Sequence[str]) -> Callable[[], object]:
        tags = [TagMetadata(name, "c", _at(index)) for index, name in enumerate(names)]
        return lambda: select_tags(
            tags, strategy=strategy, rules=RULES, changed_paths=lambda _: (), limit=LIMIT
        )

    return Selection(f"git {strategy}", prepare)


def _images(strategy: ImageStrategy) -> Selection:
    def prepare(names: Sequence[str]) -> Callable[[], object]:
        images = {name: ImageDetails(name, "", _at(index)) for index, name in enumerate(names)}
        return lambda: select_images(
            names, strategy=strategy, rules=RULES, describe=images.get, limit=LIMIT
        )

    return Selection(f"image {strategy}", prepare)


def _charts(repo_url: str) -> Selection:
    def prepare(names: Sequence[str]) -> Callable[[], object]:
        versions = [name.removeprefix("v") for name in names]
        return lambda: select_chart_versions(
            versions, repo_url=repo_url, constraint=CONSTRAINT, limit=LIMIT
        )

    return Selection(f"chart {repo_url}", prepare)


SELECTIONS = (
    *map(_git, TagStrategy),
    *map(_images, (it for it in ImageStrategy if it is not ImageStrategy.DIGEST)),
    *map(_charts, ("https://charts.example.com", "oci://ghcr.io/example/chart")),
)


def _at(index: int) -> datetime:
    return _START + timedelta(seconds=index)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def measure_constraint() -> None:
    """Print what a check costs, against reading the version that is checked."""
    names = tag_names(FEW)
    versions = _parsed(names)
    constraint = parse_constraint(CONSTRAINT)
    reading = cpu_seconds(lambda: _parsed(names))
    checking = cpu_seconds(lambda: [constraint.allows(version) for version in versions])
    _say(f"constraint {CONSTRAINT} over {len(names):,} tags, {len(versions):,} of them versions")
    for what, seconds in (("reading the versions (baseline)", reading), ("checking", checking)):
        each = seconds / len(versions) * _MICROSECONDS
        _say(f"  {what:<32} {seconds * _MILLISECONDS:7.1f} ms  {each:5.2f} us each")
    _say(f"  ratio: checking takes {checking / reading:.2f}x the reading")


def measure_selection() -> bool:
    """Print how each way to select grows; return whether all are fast enough and linear."""
    _say(f"\n{'selection (CPU)':<34}{FEW:>9,}{MANY:>10,}    growth")
    is_fine = True
    for selection in SELECTIONS:
        few, many = (cpu_seconds(selection.prepare(tag_names(count))) for count in (FEW, MANY))
        growth = many / few
        is_fine = is_fine and many < LONGEST_SECONDS and growth < MOST_GROWTH
        _say(f"  {selection.name:<32}{few:7.3f} s {many:7.3f} s {growth:8.1f}x")
    return is_fine


def measure_parts() -> None:
    """Print where the time of a selection by SemVer goes."""
    names = tag_names(MANY)
    accepts = RULES.name_test()
    versions = _parsed(names)
    constraint = parse_constraint(CONSTRAINT)
    fitting = [version for version in versions if constraint.allows(version)]
    parts = {
        "allow and ignore (RE2)": lambda: [name for name in names if accepts(name)],
        "reading versions": lambda: _parsed(names),
        "checking the constraint": lambda: [it for it in versions if constraint.allows(it)],
        "sorting": lambda: newest_first(fitting),
    }
    times = {name: cpu_seconds(work) for name, work in parts.items()}
    _say(f"\nwhere SemVer over {MANY:,} tags spends it")
    for name, seconds in times.items():
        _say(f"  {name:<32}{seconds:7.3f} s {seconds / sum(times.values()):8.0%}")


def _parsed(names: Iterable[str]) -> list[Version]:
    return [version for name in names if (version := parse_tag(name)) is not None]


def main() -> int:
    """Print the tables; return 1 if a selection is too slow or grows faster than its tags."""
    measure_constraint()
    is_fine = measure_selection()
    measure_parts()
    outcome = "met" if is_fine else "MISSED"
    _say(
        f"\naim: {MANY:,} tags in less than {LONGEST_SECONDS:.0f} s, "
        f"and at most {MOST_GROWTH:.0f}x of {FEW:,}: {outcome}"
    )
    return int(not is_fine)


if __name__ == "__main__":
    sys.exit(main())
