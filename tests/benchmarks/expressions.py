"""Measures expressions as Kargo's users write them, against Python's own ``compile`` and ``eval``.

For each expression a Python expression says the same. Compiling is measured without the cache,
evaluating with it; the last table says where the time of compiling goes.
"""

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace

from common.jsontypes import JSONObject
from promotions.engine.expressions import language
from promotions.engine.expressions.checker import check
from promotions.engine.expressions.compiler import compile_nodes
from promotions.engine.expressions.language import Expression, compile_expression
from promotions.engine.expressions.lexer import tokenise
from promotions.engine.expressions.optimizer import optimize
from promotions.engine.expressions.parser import parse
from promotions.engine.expressions.templates import render
from promotions.engine.expressions.values import Function, Record

_IMAGE = {"RepoURL": "ghcr.io/acme/shop", "Tag": "1.24.0", "Digest": "sha256:1"}
_OBJECTS = [{"name": f"pod-{n}", "ready": n % 3 > 0, "restarts": n % 7} for n in range(1000)]
_DATA: dict[str, object] = {
    "ctx": {"project": "shop", "stage": "prod", "targetFreight": {"name": "f0f0"}},
    "vars": {"image": "ghcr.io/acme/shop", "branch": "stage/prod", "retries": 3},
    "outputs": {"commit": {"commit": "2b1f0c"}, "open-pr": {"pr": {"id": 42}}},
    "response": {"status": 200, "body": {"items": _OBJECTS}},
    "author": "Ada <ada@example.org>",
    "subject": "feat: faster checkout",
}

# What a user writes, and Python that says the same.
CASES = {
    "vars.image": 'vars["image"]',
    "imageFrom(vars.image).Tag": 'imageFrom(vars["image"]).Tag',
    '"stages/" + ctx.stage': '"stages/" + ctx["stage"]',
    "outputs['open-pr'].pr.id": 'outputs["open-pr"]["pr"]["id"]',
    "ctx.targetFreight?.name ?? 'none'": '(ctx.get("targetFreight") or {}).get("name", "none")',
    "vars.retries > 2 ? 'slow' : 'fast'": '"slow" if vars["retries"] > 2 else "fast"',
    "subject startsWith 'feat' and not (author contains 'bot')": (
        'subject.startswith("feat") and not ("bot" in author)'
    ),
    "response.status == 200 && response.body.items[0].ready == false": (
        'response["status"] == 200 and response["body"]["items"][0]["ready"] == False'
    ),
    "len(filter(response.body.items, .ready)) > 3": (
        'len([it for it in response["body"]["items"] if it["ready"]]) > 3'
    ),
    "sum(map(response.body.items, .restarts))": (
        'sum([it["restarts"] for it in response["body"]["items"]])'
    ),
}
_OVER_THOUSAND = 2
"""How many of them, at the end, go over a thousand objects."""
_SECONDS_EACH = 0.4
_CACHED_PER_SECOND_AIM = 200_000


def compiled_anew(text: str) -> Expression:
    """Return the compiled expression, whether or not the cache has it."""
    return language._compiled(text, frozenset(), strict=False)


def ours() -> Mapping[str, object]:
    image = Record("v1alpha1.Image", _IMAGE)
    return {**_DATA, "imageFrom": Function("imageFrom", lambda _arguments: image, 1, 2)}


def pythons() -> dict[str, object]:
    image = SimpleNamespace(**_IMAGE)
    return {**_DATA, "imageFrom": lambda _url: image}


def seconds_per_call(call: Callable[[], object]) -> float:
    """Return the median over five batches, each a fifth of ``_SECONDS_EACH``."""
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < _SECONDS_EACH / 5:
        call()
        count += 1
    batches = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(count):
            call()
        batches.append((time.perf_counter() - began) / count)
    return statistics.median(batches)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _timings(text: str, python: str) -> tuple[float, float, float, float]:
    """Return seconds: compiled and evaluated, the same in Python; cached, the same in Python."""
    environment, variables = ours(), pythons()
    code = compile(python, "<baseline>", "eval")
    expected = eval(code, variables)  # noqa: S307 -- our own text
    if compile_expression(text).evaluate(environment) != expected:
        raise SystemExit(f"{text} does not say the same as {python}")

    def cold() -> object:
        return compiled_anew(text).evaluate(environment)

    def cold_python() -> object:
        return eval(python, variables)  # noqa: S307 -- our own text

    def warm() -> object:
        return compile_expression(text).evaluate(environment)

    def warm_python() -> object:
        return eval(code, variables)  # noqa: S307 -- our own text

    calls = (cold, cold_python, warm, warm_python)
    one, two, three, four = map(seconds_per_call, calls)
    return one, two, three, four


def _compare() -> list[float]:
    """Print a line for each expression; return the seconds that the small cached ones took."""
    _say(f"{'':<66}{'compile + evaluate':>22}{'evaluate, cached':>24}")
    cached: list[float] = []
    for text, python in CASES.items():
        cold, cold_python, warm, warm_python = _timings(text, python)
        cached.append(warm)
        _say(
            f"{text:<66}{cold * 1e6:9.1f} us {cold / cold_python:5.1f}x"
            f"{warm * 1e6:12.1f} us {warm / warm_python:5.1f}x"
        )
    return cached[:-_OVER_THOUSAND]


def _where_compiling_spends() -> None:
    texts = list(CASES)
    roots = [parse(text, builtins=language._NAMES) for text in texts]
    pairs = list(zip(roots, texts, strict=True))

    def check_all() -> None:
        for root, text in pairs:
            check(root, text)

    lexing = seconds_per_call(lambda: [tokenise(text) for text in texts])
    parsing = seconds_per_call(lambda: [parse(text, builtins=language._NAMES) for text in texts])
    parts = {
        "lexer": lexing,
        "parser": parsing - lexing,
        "checker": seconds_per_call(check_all),
        "optimizer": seconds_per_call(lambda: [optimize(root, text) for root, text in pairs]),
        "compiler": seconds_per_call(lambda: [compile_nodes(root, text) for root, text in pairs]),
    }
    whole = seconds_per_call(lambda: [compiled_anew(text) for text in texts])
    shares = ", ".join(f"{name} {100 * part / whole:.0f} %" for name, part in parts.items())
    _say(f"compiling all {len(texts)}: {whole * 1e3:.2f} ms: {shares}")


def _template() -> None:
    config: JSONObject = {
        "path": "./out/${{ ctx.stage }}",
        "images": [{"image": "${{ vars.image }}", "tag": "${{ imageFrom(vars.image).Tag }}"}],
        "message": "${{ quote(outputs.commit.commit) }}",
    }
    environment = ours()
    took = seconds_per_call(lambda: render(config, environment))
    _say(f"a step's configuration with 4 expressions, cached: {took * 1e6:.0f} us")


def main() -> int:
    """Print the tables; return 1 if cached evaluation misses its aim."""
    cached = _compare()
    _where_compiling_spends()
    _template()
    rate = len(cached) / sum(cached)
    met = rate >= _CACHED_PER_SECOND_AIM
    _say(f"cached throughput: {rate:,.0f} a second")
    _say(f"aim: {_CACHED_PER_SECOND_AIM:,} a second: {'met' if met else 'MISSED'}")
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
