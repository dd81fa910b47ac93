"""What an expression has at hand while it is evaluated once.

Source: https://github.com/expr-lang/expr ``vm``.
"""

from collections.abc import Callable, Mapping, Sequence

from promotions.engine.expressions.builtins.collections import listed
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.values import is_array, type_name

ENVIRONMENT = "$env"
"""The name of the environment as a whole."""


class Scope:
    """What ``#``, ``#index`` and ``#acc`` stand for in a predicate at one time.

    Attributes:
        items: The elements that the predicate is evaluated for.
        index: Which of them it is evaluated for now.
        accumulated: What ``reduce`` has so far.
    """

    __slots__ = ("accumulated", "index", "items")

    def __init__(self, items: Sequence[object]) -> None:
        self.items = items
        self.index = 0
        self.accumulated: object = None

    @classmethod
    def over(cls, collection: object) -> "Scope":
        """Return the scope for the elements of a collection.

        Raises:
            OperandError: It has no length.
        """
        return cls(_items(collection))

    def element(self) -> object:
        """Return the element for which the predicate is evaluated now.

        Raises:
            OperandError: The collection is a map, which has keys but no positions.
        """
        return self.items[self.index]


NO_SCOPE = Scope(())


class RootedEnvironment:
    """Marks an environment that was made from one value.

    Attributes:
        root: That value, which ``$env`` is.
    """

    root: object


class NilEnvironment(RootedEnvironment):
    """Marks an environment that holds declared functions alone: ``$env`` is nil."""

    root = None


class Machine:
    """The state of one evaluation.

    Attributes:
        environment: The variables and functions from outside.
        variables: What the ``let`` declarations hold, by their number.
        scope: Of the innermost predicate.
        meter: What it has cost.
    """

    __slots__ = ("environment", "meter", "scope", "variables")

    def __init__(self, environment: Mapping[str, object], variables: int) -> None:
        self.environment = environment
        self.variables: list[object] = [None] * variables
        self.scope = NO_SCOPE
        self.meter = Meter()


Evaluate = Callable[[Machine], object]


class _Positions(Sequence[object]):
    """Stands for the elements of a map: they can be counted, not read."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, _index: object) -> object:  # type: ignore[override]  # there are none
        raise OperandError("reflect: call of reflect.Value.Index on map Value")


def _items(collection: object) -> Sequence[object]:
    if isinstance(collection, (list, tuple)):
        return collection
    if is_array(collection) or isinstance(collection, str):
        return listed(collection)  # type: ignore[arg-type]  # bytes or a string
    if isinstance(collection, Mapping):
        return _Positions(len(collection))
    shown = "zero Value" if collection is None else f"{type_name(collection)} Value"
    raise OperandError(f"reflect: call of reflect.Value.Len on {shown}")
