"""Searches text for the regular expressions of ``matches``, at a cost that is bounded.

Source: https://github.com/expr-lang/expr ``vm`` OpMatches.
"""

from collections.abc import Callable
from dataclasses import dataclass

from common.errors import InvalidError
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.values import as_text, from_raw, is_nil
from promotions.engine.regexes import compile_regex, compile_test

LONGEST_PATTERN = 10_000
LARGEST_PROGRAM = 10_000

_LARGEST_QUICK_PROGRAM = 1_000
_QUICK_INSTRUCTIONS_PER_STEP = 40
_SLOW_INSTRUCTIONS_PER_STEP = 2


@dataclass(frozen=True, slots=True)
class Matcher:
    """A compiled regular expression.

    Attributes:
        test: Says whether it is found anywhere in a text.
        size: How many instructions a search may look at for each character.
    """

    test: Callable[[str], bool]
    size: int

    def matches(self, text: object, meter: Meter) -> bool:
        """Return whether it is found anywhere in a text or bytes; in nil it is not.

        Raises:
            OperandError: The text is of another type, or there is too much to search.
        """
        if is_nil(text):
            return False
        subject = from_raw(text) if isinstance(text, bytes) else as_text(text)
        is_quick = self.size <= _LARGEST_QUICK_PROGRAM
        per_step = _QUICK_INSTRUCTIONS_PER_STEP if is_quick else _SLOW_INSTRUCTIONS_PER_STEP
        meter.spend(1 + len(subject) * self.size // per_step)
        return self.test(subject)


def compile_matcher(pattern: str) -> Matcher:
    """Return the compiled regular expression.

    Raises:
        OperandError: It is malformed, or too large.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise OperandError("the regular expression is too long")
    try:
        size = compile_regex(pattern).programsize
        if size <= LARGEST_PROGRAM:
            return Matcher(compile_test(pattern), size)
    except InvalidError as error:
        raise OperandError(error.message) from error
    raise OperandError("the regular expression is too large")


def matches(text: object, pattern: object, meter: Meter) -> bool:
    """Return whether a regular expression is found in a text; nil on either side is false.

    Raises:
        OperandError: A side is no text, the expression is malformed, or there is too much to do.
    """
    if is_nil(text) or is_nil(pattern):
        return False
    matcher = compile_matcher(as_text(pattern))
    meter.spend(len(as_text(pattern)) + matcher.size)
    return matcher.matches(text, meter)
