"""How long does ``yaml-update`` take on a 5,000-line file, against merely parsing that file?

Run as ``python -m tests.benchmarks.document_editing [--rounds N]``. The baseline is what PyYAML's
C loader needs for the same text; a round trip with ruamel.yaml, the usual way to edit YAML and
keep comments, is there for comparison. Rounds alternate, so that all see the same machine.

Where the time goes: the C parser reports about 15,000 events, which takes a quarter of it, and
does so again for the result, which is read back and compared before it is handed out. The rest is
putting the values together with their places. The updates themselves cost next to nothing, so
that 20 of them take as long as one. The aim is three times the baseline.
"""

import argparse
import io
import json
import statistics
import sys
import time
from collections.abc import Callable

import yaml
from ruamel.yaml import YAML

from promotions.engine.documents.json_update import update_json
from promotions.engine.documents.keypaths import Update
from promotions.engine.documents.toml_update import update_toml
from promotions.engine.documents.yaml_nodes import compose_all, first_events
from promotions.engine.documents.yaml_update import update_yaml

SERVICES = 500
MOST_TIMES_BASELINE = 3.0
_MILLISECONDS = 1000


def values_file() -> str:
    """Return a values file of 5,000 lines with comments."""
    return "".join(
        f"service{number}: # owned by team {number % 7}\n"
        "  image:\n"
        f"    repository: ghcr.io/example/app{number}\n"
        f"    tag: v1.{number}.0\n"
        f"  replicas: {number % 5}\n"
        "  env:\n"
        "    - name: LOG_LEVEL\n"
        "      value: info # not debug\n"
        '    - name: "PORT"\n'
        f"      value: '{8000 + number}'\n"
        for number in range(SERVICES)
    )


def toml_file() -> str:
    """Return the same in TOML, in 5,000 lines."""
    return "".join(
        f"[service{number}] # owned by team {number % 7}\nreplicas = {number % 5}\n\n"
        f"[service{number}.image]\nrepository = 'ghcr.io/example/app{number}'\n"
        f"tag = 'v1.{number}.0'\n\n[[service{number}.env]]\nname = 'PORT'\nvalue = 8080\n"
        for number in range(SERVICES)
    )


def updates(count: int) -> list[Update]:
    """Return updates spread over the file."""
    step = SERVICES // count
    return [Update(f"service{number * step}.image.tag", "v2.0.0") for number in range(count)]


def round_trip(text: str) -> None:
    """Set one value with ruamel.yaml."""
    editor = YAML()
    document = editor.load(text)
    document["service0"]["image"]["tag"] = "v2.0.0"
    editor.dump(document, io.StringIO())


def cases() -> dict[str, Callable[[], object]]:
    """Return what is measured by its name; the first is the baseline."""
    text, toml = values_file(), toml_file()
    as_json = json.dumps(yaml.load(text, yaml.CSafeLoader), indent=2)
    return {
        "CSafeLoader, load only": lambda: yaml.load(text, yaml.CSafeLoader),
        "yaml-update, 1 update": lambda: update_yaml(text, updates(1)),
        "yaml-update, 20 updates": lambda: update_yaml(text, updates(20)),
        "  of it: events, once": lambda: first_events(text),
        "  of it: values and places": lambda: compose_all(text),
        "json-update, 20 updates": lambda: update_json(as_json, updates(20)),
        "toml-update, 20 updates": lambda: update_toml(toml, updates(20)),
        "ruamel.yaml, round trip": lambda: round_trip(text),
    }


def measured(rounds: int) -> dict[str, float]:
    """Return the median milliseconds of each case, after one round to warm up."""
    took: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for name, run in cases().items():
            started = time.perf_counter()
            run()
            if number:
                took.setdefault(name, []).append((time.perf_counter() - started) * _MILLISECONDS)
    return {name: statistics.median(times) for name, times in took.items()}


def main() -> int:
    """Measure and print the table; return 1 if the aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    lines = values_file().count("\n")
    print(f"{f'a file of {lines:,} lines':<28} {'median':>9}   ratio")  # noqa: T201 - a bench prints
    medians = measured(options.rounds)
    baseline = next(iter(medians.values()))
    for name, milliseconds in medians.items():
        ratio = milliseconds / baseline
        print(f"{name:<28} {milliseconds:6.1f} ms   {ratio:5.2f}")  # noqa: T201 - a bench prints
    worst = max(medians[name] for name in medians if name.startswith("yaml-update")) / baseline
    met = worst <= MOST_TIMES_BASELINE
    print(f"aim: at most {MOST_TIMES_BASELINE} times the baseline: {'met' if met else 'missed'}")  # noqa: T201 - a bench prints
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
