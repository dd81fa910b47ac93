"""Fuzzes the pure core: ``python -m tests.fuzz [--seconds N] [--seed N] [NAME...]``.

Each target of this folder gets an equal share of the time and a seed that it can be run with
again. What it finds is printed; the exit code is then 1.
"""

import argparse
import importlib
import pkgutil
import secrets
import sys
import time
from pathlib import Path

_NOT_TARGETS = {"__main__", "document_grammars", "trial"}


def names() -> list[str]:
    """Return the fuzz targets of this folder."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in _NOT_TARGETS)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=600, help="in all, for all targets")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("name", nargs="*", help="only these targets")
    options = parser.parse_args(arguments)
    chosen = options.name or names()
    found = False
    for name in chosen:
        began = time.monotonic()
        target = importlib.import_module(f"tests.fuzz.{name}")
        findings = target.run(options.seconds / len(chosen), options.seed)
        took = time.monotonic() - began
        print(f"{name}: {len(findings)} findings, {took:.0f} s, seed {options.seed}")  # noqa: T201  a command
        for finding in findings:
            print(f"  {finding}")  # noqa: T201  a command
        found = found or bool(findings)
    return int(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
