"""The functions ``semverDiff`` and ``semverParse``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from common.errors import InvalidError
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import Function, NamedInt, Record, as_text
from promotions.engine.semver.versions import Version, compare, difference, parse_version

_TYPE = "*semver.Version"
_VALUE_TYPE = "semver.Version"


@dataclass(frozen=True, slots=True, eq=False)
class _VersionRecord(Record):
    """A version; two are the same only if they were spelled the same too."""

    version: Version | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _VersionRecord) or None in (self.version, other.version):
            return False
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, str, str]:
        original = "" if self.version is None else self.version.original
        return self.type_name, self.text, original


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
    methods |= _setters(version)
    return _VersionRecord(
        _TYPE if parsed else _VALUE_TYPE,
        {},
        methods,
        shown=str(version),
        text=str(version),
        version=version,
    )


def _setters(version: Version) -> dict[str, Function]:
    def prerelease(arguments: Sequence[object]) -> object:
        return _changed(replace(version, prerelease=as_text(arguments[0])))

    def metadata(arguments: Sequence[object]) -> object:
        return _changed(replace(version, metadata=as_text(arguments[0])))

    return {
        "SetPrerelease": Function("SetPrerelease", prerelease, 1, 1, ("string",)),
        "SetMetadata": Function("SetMetadata", metadata, 1, 1, ("string",)),
    }


def _changed(version: Version) -> Record:
    spelled = "v" * version.original.startswith("v") + str(version)
    try:
        return version_record(parse_version(spelled), parsed=False)
    except InvalidError as error:
        raise OperandError(error.message) from error


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
    Function("semverDiff", _diff, 2, 2, ("string", "string"), result="string"),
    Function("semverParse", _parse, 1, 1, ("string",)),
)
