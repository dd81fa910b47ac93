"""What an expression sees: variables by name, and functions beside them.

Kargo declares functions to the compiler, apart from the environment: they can be called by name,
but ``$env`` does not hold them.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from promotions.engine.expressions.builtins.dates import NOW
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.language import Expression, compile_typed
from promotions.engine.expressions.machine import NilEnvironment
from promotions.engine.expressions.values import Function

LONGEST_CACHED = 10_000

Declaration: TypeAlias = tuple[str, int, int | None, tuple[str, ...], str]
"""A function's name, how many arguments it takes, their types, and that of its result."""


class Environment(Mapping[str, object]):
    """Variables, of which an unknown one is nil; functions can be looked up but not listed."""

    def __init__(self, variables: Mapping[str, object], functions: Mapping[str, Function]) -> None:
        self.variables = variables
        self.functions = functions
        self._declarations = frozenset(
            (it.name, it.least, it.most, it.parameters, it.result)
            for name, it in functions.items()
            if name != NOW  # a function of the language, which only lacks a clock
        )

    @classmethod
    def of(cls, env: Mapping[str, object]) -> "Environment":
        """Return the environment for variables and functions that come in one mapping."""
        if isinstance(env, Environment):
            return env
        functions = {name: it for name, it in env.items() if isinstance(it, Function)}
        variables = {name: it for name, it in env.items() if name not in functions}
        return cls(variables, functions)

    def with_functions(self, functions: Mapping[str, Function]) -> "Environment":
        """Return the environment with more functions, which win over those it has."""
        return Environment(self.variables, {**self.functions, **functions})

    def compile(self, text: str) -> Expression:
        """Return the expression, compiled for the functions that there are.

        Raises:
            ExpressionError: Its syntax is wrong, or types that are known beforehand do not fit.
        """
        if len(text) > LONGEST_CACHED:
            return _compiled(text, self._declarations)
        return _cached(text, self._declarations)

    def __getitem__(self, name: str) -> object:
        function = self.functions.get(name)
        return self.variables[name] if function is None else function

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)


class FunctionsOnly(Environment, NilEnvironment):
    """What Kargo evaluates with no environment at all sees: any variable is an error."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        super().__init__({}, functions)

    def __getitem__(self, name: str) -> object:
        if name not in self.functions:
            raise OperandError(f"cannot fetch {name} from <nil>")
        return self.functions[name]


def _compiled(text: str, declarations: frozenset[Declaration]) -> Expression:
    functions = {
        name: Function(name, lambda _: None, least, most, parameters, result)
        for name, least, most, parameters, result in declarations
    }
    return compile_typed(text, functions, strict=False)


_cached = lru_cache(maxsize=4096)(_compiled)
