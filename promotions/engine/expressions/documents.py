"""What does an expression over a document see?

The names are the members of the document's root; ``$env`` is the root itself, whatever it is.
"""

from collections.abc import Mapping

from promotions.engine.expressions.environment import Environment
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.machine import RootedEnvironment
from promotions.engine.expressions.values import Function, type_name


class DocumentEnvironment(Environment, RootedEnvironment):
    """A document; a member wins over a function of its name.

    Of a root that is no object any name is an error, as in Go, where it is a field of nothing.
    """

    def __init__(self, root: object, functions: Mapping[str, Function]) -> None:
        super().__init__(root if isinstance(root, Mapping) else {}, functions)
        self.root = root

    def __getitem__(self, name: str) -> object:
        if name in self.variables or name in self.functions:
            return self.variables[name] if name in self.variables else self.functions[name]
        if not isinstance(self.root, Mapping):
            raise OperandError(f"cannot fetch {name} from {type_name(self.root)}")
        raise KeyError(name)
