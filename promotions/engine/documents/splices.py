"""Replaces parts of a text where they stand."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """Characters ``start`` to ``end`` of a text, and what to put there."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return the text with every replacement made; the replaced parts must not overlap."""
    pieces: list[str] = []
    position = 0
    for splice in sorted(splices):
        pieces += [text[position : splice.start], splice.text]
        position = splice.end
    return "".join([*pieces, text[position:]])
