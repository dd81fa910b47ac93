"""Makes configurations of steps from their own JSON Schemas: of the right shape, and nasty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from common.jsontypes import JSONObject, JSONValue, as_list, as_object

Fits: TypeAlias = Callable[[JSONObject], bool]

TEXTS = (
    *("", " ", "\n", "\t", "\0", "a\0b", "a\nb", "a\r\nb", "-x", "--help", "--upload-pack=x", "-c"),
    *("../x", "/etc/passwd", "..", ".", "/", "//", "a/../..", "\\", "a\\b", "C:\\x", "~", "$HOME"),
    *("é", "日本", "\u202ercs.exe", "\u200b", "\ufeff", "\ufffd", "🔑", "İ", "\x7f"),
    *("\x85", "\u2028"),
    *("${{ }}", "${{ secret('x') }}", "{{ .Values }}", "%00", "%2e%2e%2f", "%s%n", "{0}"),
    *("{}", "'"),
    *('"', "`id`", "$(id)", ";id", "|id", "*", "**", "[", "]", "{a,b}", "!", "#", ":"),
    *(",", "a,b=c"),
    *("file:///etc/passwd", "ext::sh -c id", "http://127.0.0.1:1", "http://[::1", "http://a:b@c:d"),
    *("https://user:pw@169.254.169.254/a.git", "git@127.0.0.1:a"),
    *("ssh://-oProxyCommand=id/a", "oci://x"),
    *("http://169.254.169.254/latest", "http://0/", "gopher://127.0.0.1", "127.0.0.1/a:b", "a@b"),
    *("null", "true", "1", "1e999", "NaN", "0x1", "1.2.3", "^1", ">=1 <2", ">1 || x", "1h", "-5s"),
    *("9999999h", "0s", "1ns", "2540400h", "main", "HEAD", "refs/heads/main", "@{-1}"),
    *("v1", "x..y"),
    *("a.b.c", "a.0.b", "a.-1", "image.tag", ":1", "a..b", "a\\", "k", "len($env)", "1/0", "1 +"),
    *("'a' * 3", "response.status", "response.body", "issue.number"),
    *("repeat('x', 9)", "map(1..9, #)"),
    *("response.header('')", "fromJSON(1)", "{'a': nil}", "1..1000000000", "$env", "now()"),
    *("x" * 300, "x" * 5000, "a/" * 2500, "(" * 1000, "[" * 3000, "../" * 500, "a" * 200_000),
)
NUMBERS = (0, 1, -1, 2, 7, 2**31 - 1, 2**31, 2**63, -(2**63), 10**30, 0.5, -0.0, 1.0, 1e308, 1e-9)
_FORMATS = {
    "email": ("a@b.c", "-x@b", "a\nb@c.d", "x" * 300 + "@b", '"<>"@x', "a@b\0"),
    "uri": (
        *("https://github.com/o/r", "file:///etc", "ext::id", "a:b"),
        *("http://[::1]/o/r", "https://gitlab.com/a/../b", "https://dev.azure.com/o/p/_git/r"),
        *("https://bitbucket.org/a/b", "https://x:y@github.com/a/b", "https://github.com/a/b/c/d"),
        "https://github.com/%2e%2e/%00",
        *("HTTPS://GITHUB.COM/A/B", "https://github.com:99999/a/b"),
        *("https://github.com/o/r?x=1#y", "http://0x7f.1/o/r", "https://gitea.example.invalid/a/b"),
    ),
}
_PATTERNS = {
    "^0[0-7]{3}$": ("0600", "0644", "0777", "0000", "0400", "0666"),
    "^https?://.*$": (
        "http://127.0.0.1:1",
        "https://[::1",
        "http://u:p@169.254.169.254:80",
        "http://",
    ),
    "(?:\\d+(ns|us|µs|ms|s|m|h))+": ("1s", "10ms", "0s", "-5s", "9999999h", "1h1x", "x1s", "1.5m"),
}
_REFERENCES = (
    *("127.0.0.1/a:b", "oci://127.0.0.1:1/a/b:c", "a:b", "a@sha256:" + "0" * 64, "a@b:c"),
    *("..:..", "-:-"),
    *("169.254.169.254/a:b", "a/../b:c", "0:99999/a:b", "A/B:C", "a:b:c", "localhost/x@sha256:0"),
)
_EXPRESSIONS = (
    *("k", "image.tag", "$env", "len($env)", "$env[0]", "a.b.c + 1"),
    *("response.body", "1..1000000000"),
    *("response.status == 200", "response.status != 200", "response.header('Location')", "true"),
    *("response.body.a.b.c", "issue.state == 'open'"),
    *("'x' in issue.labels", "repeat('x', 10000000)"),
    *("map(1..99, map(1..99, map(1..99, #)))", "now()", "fromJSON(k)", "nil", "1/0", "k.k.k.k"),
)
_KEYS = ("k", "image.tag", "a.b.c", "l.0", "l.-1", "l.9999999999", "image", "new.key", "a")
_DEEPEST = 6
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Pools:
    """Where strings come from; ``paths`` name what is on the ground that the step stands on."""

    paths: Sequence[str]
    addresses: Sequence[str]


def config_for(schema: JSONObject, random: Random, pools: Pools, *, fits: Fits) -> JSONObject:
    """Return a configuration that fits, or one that nearly does."""
    maker = _Maker(random, pools)
    config = as_object(maker.value(schema))
    for _ in range(_TRIES):
        if fits(config):
            break
        config = as_object(maker.value(schema))
    return config


@dataclass(frozen=True, slots=True)
class _Maker:
    random: Random
    pools: Pools

    def value(self, schema: JSONObject, name: str = "", *, depth: int = 0) -> JSONValue:
        """Return what fits a schema, under a field's name."""
        random = self.random
        if random.random() < 0.01:
            return self._anything(depth)
        schema = _narrowed(schema, random)
        kind = schema.get("type", "object" if "properties" in schema else "")
        match random.choice(kind) if isinstance(kind, list) else kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case other:
                return self._scalar(str(other), schema, name, depth)

    def _scalar(self, kind: str, schema: JSONObject, name: str, depth: int) -> JSONValue:
        if "const" in schema or "enum" in schema:
            one = [schema["const"]] if "const" in schema else as_list(schema["enum"])
            return self.random.choice(one)
        if kind == "string":
            return self._text(schema, name)
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind not in {"integer", "number"}:
            return self._anything(depth)
        least, most = _bounds(schema, "minimum", "maximum")
        number = self.random.choice([it for it in NUMBERS if least <= it <= most])
        return int(number) if kind == "integer" or number == int(number) else number

    def _object(self, schema: JSONObject, depth: int) -> JSONObject:
        properties, required = as_object(schema.get("properties")), as_list(schema.get("required"))
        chance = self.random.choice((0.2, 0.5, 0.8)) if depth < _DEEPEST else 0.0
        made = {
            name: self.value(as_object(rule), name, depth=depth + 1)
            for name, rule in properties.items()
            if name in required or self.random.random() < chance
        }
        extra = schema.get("additionalProperties", True)
        if extra is not False and (not properties or self.random.random() < 0.1):
            for _ in range(self.random.choice((1, 1, 2, 5))):
                made[self._any_text()] = self.value(as_object(extra), depth=depth + 1)
        together = as_list(as_object(schema.get("not")).get("required"))
        if together and set(together) <= set(made):
            del made[str(self.random.choice(together))]
        return made

    def _array(self, schema: JSONObject, name: str, depth: int) -> list[JSONValue]:
        least, most = _bounds(schema, "minItems", "maxItems")
        count = max(least, min(most, self.random.choice((0, 1, 1, 1, 2, 3, 20))))
        rule = as_object(schema.get("items"))
        return [self.value(rule, name, depth=depth + 1) for _ in range(count)]

    def _text(self, schema: JSONObject, name: str) -> str:
        pattern, form = str(schema.get("pattern", "")), str(schema.get("format", ""))
        pool = self._pool(name, pattern, form)
        text = self.random.choice(pool) if self.random.random() < 0.8 else self._any_text()
        least, most = _bounds(schema, "minLength", "maxLength")
        return text[:most] if len(text) >= least else "x" * least

    def _pool(self, name: str, pattern: str, form: str) -> Sequence[str]:
        """Return the strings that are likely for a field."""
        is_reference = pattern.startswith("^(oci://)?")
        addresses = (*self.pools.addresses,) * 4
        if is_reference or form == "uri":
            return (*addresses, *(_REFERENCES if is_reference else _FORMATS[form]))
        if pattern or form:
            return _PATTERNS.get(pattern, ()) or _FORMATS.get(form, TEXTS)
        likely: tuple[tuple[tuple[str, ...], Sequence[str]], ...] = (
            (("expression",), _EXPRESSIONS),
            (("path", "paths", "file", "files"), self.pools.paths),
            (("url", "repository"), addresses),
            (("key",), _KEYS),
        )
        found = (pool for ends, pool in likely if name.lower().endswith(ends))
        return next(found, TEXTS)

    def _any_text(self) -> str:
        pool = self.random.choice((TEXTS, TEXTS, self.pools.paths, self.pools.addresses))
        text = self.random.choice(pool)
        return text + self.random.choice(TEXTS) if self.random.random() < 0.1 else text

    def _anything(self, depth: int) -> JSONValue:
        random = self.random
        kind = random.randrange(7)
        if depth < _DEEPEST and kind == 0:
            return [self._anything(depth + 1) for _ in range(random.randrange(3))]
        if depth < _DEEPEST and kind == 1:
            return {self._any_text(): self._anything(depth + 1)}
        if kind == 2:
            nested: JSONValue = self._any_text()
            for _ in range(random.choice((5, 40, 120))):
                nested = [nested] if random.random() < 0.5 else {"k": nested}
            return nested
        return random.choice((None, True, False, random.choice(NUMBERS), self._any_text()))


def _bounds(schema: JSONObject, least: str, most: str) -> tuple[int, int]:
    found = schema.get(least, 0 if most != "maximum" else -(10**30)), schema.get(most, 10**30)
    assert isinstance(found[0], int)
    assert isinstance(found[1], int)
    return found[0], found[1]


def _narrowed(schema: JSONObject, random: Random) -> dict[str, JSONValue]:
    """Return the schema with one alternative of each choice taken, laid over it."""
    found = dict(schema)
    for keyword in ("oneOf", "anyOf"):
        alternatives = [as_object(it) for it in as_list(found.pop(keyword, ()))]
        if alternatives:
            taken = random.choice(alternatives)
            others = {str(name) for it in alternatives for name in as_list(it.get("required"))}
            _lay_over(found, taken, without=others if keyword == "oneOf" else set())
    for part in as_list(found.pop("allOf", ())):
        _lay_over(found, _narrowed(as_object(part), random), without=set())
    return found


def _lay_over(schema: dict[str, JSONValue], more: JSONObject, *, without: set[str]) -> None:
    """Add keywords; of the names in ``without`` only those that they require stay."""
    required = [*as_list(schema.get("required")), *as_list(more.get("required"))]
    properties = dict(as_object(schema.get("properties")))
    for name, rule in as_object(more.get("properties")).items():
        unset = None in as_list(as_object(rule).get("enum"))
        if unset and name not in required:
            properties.pop(name, None)
        else:
            properties[name] = {**as_object(properties.get(name)), **as_object(rule)}
    for left_out in without - set(map(str, required)):
        properties.pop(left_out, None)
    schema |= {key: it for key, it in more.items() if key not in {"required", "properties"}}
    schema |= {"required": required, **({"properties": properties} if properties else {})}
