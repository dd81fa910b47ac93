"""The functions ``semverDiff`` and ``semverParse``."""

from collections.abc import Callable, Sequence

from common.errors import InvalidError
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import Function, NamedInt, Record, as_text
from promotions.engine.semver.versions import Version, compare, difference, parse_version

_TYPE = "*semver.Version"
_VALUE_TYPE = "semver.Version"


def version_record(version: Version, *, parsed: bool = True) -> Record:
    """Return a version under Masterminds' method names.

    Args:
        version: The version.
        parsed: Whether ``semverParse`` made it; one made by ``IncMajor()`` and the like is a Go
            value rather than a pointer, and lacks the methods that need one.
    """
    shared = {
        "Major": lambda: NamedInt(version.major, "uint64"),
        "Minor": lambda: NamedInt(version.minor, "uint64"),
        "Patch": lambda: NamedInt(version.patch, "uint64"),
        "Prerelease": lambda: version.prerelease,
        "Metadata": lambda: version.metadata,
        "String": lambda: str(version),
        "IncMajor": lambda: version_record(version.next_major(), parsed=False),
        "IncMinor": lambda: version_record(version.next_minor(), parsed=False),
        "IncPatch": lambda: version_record(version.next_patch(), parsed=False),
    }
    methods = {name: _getter(name, read) for name, read in shared.items()}
    if parsed:
        methods["Original"] = _getter("Original", lambda: version.original)
        methods |= _comparisons(version)
    return Record(
        _TYPE if parsed else _VALUE_TYPE,
        {},
        methods,
        shown=version.original or str(version),
        text=str(version),
    )


def _getter(name: str, read: Callable[[], object]) -> Function:
    return Function(name, lambda _: read(), 0, 0)


def _comparisons(version: Version) -> dict[str, Function]:
    tests: dict[str, Callable[[int], object]] = {
        "Compare": lambda order: order,
        "Equal": lambda order: order == 0,
        "LessThan": lambda order: order < 0,
        "LessThanEqual": lambda order: order <= 0,
        "GreaterThan": lambda order: order > 0,
        "GreaterThanEqual": lambda order: order >= 0,
    }
    return {name: _comparison(name, version, test) for name, test in tests.items()}


def _comparison(name: str, version: Version, test: Callable[[int], object]) -> Function:
    def call(arguments: Sequence[object]) -> object:
        other = arguments[0]
        if not isinstance(other, Record) or other.type_name != _TYPE:
            raise OperandError(f"{name} needs a version; use semverParse()")
        return test(compare(version, parse_version(other.text)))

    return Function(name, call, 1, 1)


def _diff(arguments: Sequence[object]) -> object:
    return difference(as_text(arguments[0]), as_text(arguments[1]))


def _parse(arguments: Sequence[object]) -> object:
    try:
        return version_record(parse_version(as_text(arguments[0])))
    except InvalidError as error:
        raise OperandError(error.message) from error


VERSION_FUNCTIONS = (
    Function("semverDiff", _diff, 2, 2, ("string", "string")),
    Function("semverParse", _parse, 1, 1, ("string",)),
)
