"""Bounds what one evaluation may cost: steps stand for time, memory for what it allocates.

Source: https://github.com/expr-lang/expr ``vm`` memGrow; the steps are ours.
"""

from promotions.engine.expressions.errors import OperandError

MOST_STEPS = 5_000_000
MEMORY_BUDGET = 1_000_000
LONGEST_TEXT = 8_000_000

_TEXT_PER_STEP = 16
_STEPS_PER_VISIT = 10


class Meter:
    """What one evaluation has cost so far.

    Attributes:
        steps: About how many nodes were evaluated and elements looked at.
        memory: How many elements were allocated, counted as the reference does.
    """

    __slots__ = ("memory", "steps")

    def __init__(self) -> None:
        self.steps = 0
        self.memory = 0

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            OperandError: There were too many.
        """
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise OperandError("the expression takes too much work")

    def visit(self, values: int) -> None:
        """Count the steps for looking into so many values of an array or map.

        Raises:
            OperandError: There were too many.
        """
        self.spend(_STEPS_PER_VISIT * values)

    def spend_text(self, length: int) -> None:
        """Count the steps for reading or making a text of so many characters.

        Raises:
            OperandError: There were too many, or the text is too long.
        """
        if length > LONGEST_TEXT:
            raise OperandError("memory budget exceeded")
        self.spend(1 + length // _TEXT_PER_STEP)

    def allocate(self, size: int) -> None:
        """Count elements that are allocated.

        Raises:
            OperandError: There were too many.
        """
        self.memory += size
        if self.memory >= MEMORY_BUDGET:
            raise OperandError("memory budget exceeded")
        self.spend(size)
