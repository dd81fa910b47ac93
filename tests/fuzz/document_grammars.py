"""Writes random YAML, JSON and TOML documents, with everything that makes editing them hard."""

import json
from random import Random

_KEYS = ("a", "b", "image", "tag", "example.com/x", "1", "0", "true", "k-1", "é", "with space")
_PLAIN = ("v1", "x y", "1", "1.0", "true", "null", "~", "http://a/b", "a#b", "é日", "0x1F", "-1")
_COMMENTS = ("", "", "", " # c", "  # a: b", " # é", " #", " # - x")
_DEEPEST = 4


def yaml_document(random: Random) -> str:
    """Return YAML; now and then with a BOM, CRLF, several documents or no last line end."""
    text = "".join(f"{line}\n" for line in _YamlWriter(random).document())
    if random.random() < 0.15:
        text = f"---\n{text}" if random.random() < 0.5 else f"{text}---\nz: 1\n"
    return _line_ends(random, text)


def json_document(random: Random) -> str:
    """Return JSON with white space in odd places."""
    text = _json_value(random, 0)
    return _line_ends(random, f"{_space(random)}{text}{_space(random)}")


def toml_document(random: Random) -> str:
    """Return TOML with tables, arrays of tables, dotted keys, inline tables and dates."""
    lines = [*_toml_pairs(random)]
    for number in range(random.randint(0, 4)):
        name = f"t{number}" if random.random() < 0.6 else f"t{number} . 'x.y'"
        for _ in range(random.randint(1, 3) if random.random() < 0.4 else 0):
            lines += [f"[[ a{number} ]]{random.choice(_COMMENTS)}", *_toml_pairs(random)]
            lines += [f"[a{number}.sub]", *_toml_pairs(random)] if random.random() < 0.3 else []
        lines += [f"{random.choice(('', '  '))}[{name}]{random.choice(_COMMENTS)}"]
        lines += _toml_pairs(random)
    return _line_ends(random, "".join(f"{line}\n" for line in lines))


def _line_ends(random: Random, text: str) -> str:
    if random.random() < 0.1:
        text = text.replace("\n", "\r\n")
    if random.random() < 0.1:
        text = text.removesuffix("\n")
    return f"\ufeff{text}" if random.random() < 0.05 else text


class _YamlWriter:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.anchors: list[str] = []

    def document(self) -> list[str]:
        if self.random.random() < 0.1:
            return self._sequence(0, 0)
        return [*self._noise(0), *self._mapping(0, 0)]

    def _mapping(self, indent: int, depth: int) -> list[str]:
        lines: list[str] = []
        count = self.random.randint(1, 4)
        for key in self.random.sample(_KEYS, count):
            written = self.random.choice((key, key, key, f'"{key}"', f"'{key}'"))
            lines += self._noise(indent)
            lines += self._entry(f"{' ' * indent}{written}:", indent, depth)
        return lines

    def _sequence(self, indent: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.randint(1, 3)):
            lines += self._noise(indent)
            if depth < _DEEPEST and self.random.random() < 0.4:
                inner = self._mapping(indent + 2, depth + 1)
                first = next(number for number, line in enumerate(inner) if _is_content(line))
                inner[first] = f"{' ' * indent}- {inner[first].lstrip()}"
                lines += inner[first:]
            else:
                lines += self._entry(f"{' ' * indent}-", indent, depth)
        return lines

    def _entry(self, lead: str, indent: int, depth: int) -> list[str]:
        comment = self.random.choice(_COMMENTS)
        if depth < _DEEPEST and self.random.random() < 0.35:
            return [f"{lead}{comment}", *self._nested(lead, indent, depth)]
        if self.random.random() < 0.15:
            return self._block_scalar(lead, indent)
        if self.random.random() < 0.1:
            return [f"{lead} first words", f"{' ' * (indent + 3)}and more{comment}"]
        value = self._flow(0) if self.random.random() < 0.2 else self._scalar()
        return [f"{lead}{self.random.choice((' ', '  ', '   '))}{value}{comment}"]

    def _nested(self, lead: str, indent: int, depth: int) -> list[str]:
        if self.random.random() < 0.6:
            return self._mapping(indent + self.random.choice((2, 4, 1)), depth + 1)
        step = self.random.choice((0, 2)) if lead.endswith(":") else 2
        return self._sequence(indent + step, depth + 1)

    def _scalar(self) -> str:
        text = self.random.choice(_PLAIN)
        kind = self.random.random()
        if kind < 0.1 and self.anchors:
            return f"*{self.random.choice(self.anchors)}"
        if kind < 0.2:
            self.anchors.append(f"n{len(self.anchors)}")
            return f"&{self.anchors[-1]} {text}"
        if kind < 0.25:
            return f"!!str {text}"
        if kind < 0.35:
            return ""
        return self.random.choice((text, text, json.dumps(text), f"'{text}'"))

    def _flow(self, depth: int) -> str:
        if depth > 2 or self.random.random() < 0.5:
            return self.random.choice(("v", "1", '"q, r"', "'s'", "x y", "null"))
        items = [self._flow(depth + 1) for _ in range(self.random.randint(0, 3))]
        comma = self.random.choice((", ", ",", " , "))
        if self.random.random() < 0.5:
            return f"[{comma.join(items)}]"
        pairs = (f"{key}: {item}" for key, item in zip("abc", items, strict=False))
        return f"{{{comma.join(pairs)}}}"

    def _block_scalar(self, lead: str, indent: int) -> list[str]:
        style = self.random.choice(("|", ">", "|-", ">-", "|+", ">+"))
        body = [f"{' ' * (indent + 3)}line {number} # x" for number in range(2)]
        return [f"{lead} {style}{self.random.choice(_COMMENTS)}", *body, *self._blank()]

    def _noise(self, indent: int) -> list[str]:
        if self.random.random() < 0.8:
            return []
        return [self.random.choice(("", f"{' ' * indent}# note", "# left", f"{' ' * indent}#"))]

    def _blank(self) -> list[str]:
        return [""] if self.random.random() < 0.2 else []


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith("#")


def _json_value(random: Random, depth: int) -> str:
    if depth < _DEEPEST and random.random() < 0.5:
        keys = random.sample(_KEYS, random.randint(0, 4))
        parts = [_json_value(random, depth + 1) for _ in keys]
        comma = f"{_space(random)},{_space(random)}"
        if random.random() < 0.4:
            return f"[{_space(random)}{comma.join(parts)}{_space(random)}]"
        pairs = (
            f"{json.dumps(key)}{_space(random)}:{_space(random)}{part}"
            for key, part in zip(keys, parts, strict=True)
        )
        return f"{{{_space(random)}{comma.join(pairs)}{_space(random)}}}"
    return random.choice(('"v1"', '"\\u00e9\\n"', "1", "1.50", "-0", "1E5", "true", "null", '""'))


def _space(random: Random) -> str:
    return random.choice(("", "", "", " ", "\n  ", "\t"))


def _toml_pairs(random: Random) -> list[str]:
    names = random.sample(("a", "b", "'c.d'", '"é"', "f.g", "1", "tag"), random.randint(0, 4))
    return [
        f"{name}{random.choice((' = ', '=', ' =  '))}{_toml_value(random, 0)}"
        f"{random.choice(_COMMENTS)}"
        for name in names
    ]


def _toml_value(random: Random, depth: int) -> str:
    if depth < 3 and random.random() < 0.3:
        items = [_toml_value(random, depth + 1) for _ in range(random.randint(0, 3))]
        if random.random() < 0.5:
            comma = random.choice((", ", ",", " ,\n  ", ", # c\n"))
            return f"[{comma.join(items)}{random.choice(('', ',')) if items else ''}]"
        inline = [item for item in items if "\n" not in item or item.startswith(('"""', "'''"))]
        pairs = (f"{key} = {item}" for key, item in zip("xyz", inline, strict=False))
        return f"{{ {', '.join(pairs)} }}"
    return random.choice(
        (
            *('"v1"', "'lit'", '""', "''", '"a\\"b # c"', "1", "+1_000", "0x1F", "1.5", "1e5"),
            *("nan", "-inf", "true", "false", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z"),
            *(
                "1979-05-27 07:32:00",
                '"""\nmulti "" # x\n"""',
                "'''m ' \\ '' x'''",
                '"""a\\\n  b"""',
            ),
        )
    )
