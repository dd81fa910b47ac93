"""Reads the values of InfluxDB's annotated CSV.

A response holds tables; each starts with ``#datatype``, ``#group`` and ``#default`` rows and a row
of column names. A table whose first column is ``error`` reports a failure amid the results.

Source: https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/ and
``influxdb-client-go`` api/query.go.
"""

import base64
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.numbers import read_float, read_int, read_unsigned
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import parse_duration
from promotions.engine.expressions.gotime.layouts import RFC3339
from promotions.engine.expressions.gotime.parsing import parse_time

_VALUE, _ERROR = "_value", "error"
_DATATYPE, _DEFAULT = "#datatype", "#default"


@dataclass(slots=True)
class _Table:
    """The annotations of a table; it has no names until its header is read."""

    width: int
    types: Sequence[str] = ()
    defaults: Sequence[str] = ()
    names: Sequence[str] = field(default=())

    def annotate(self, annotation: str, cells: Sequence[str]) -> None:
        if annotation == _DATATYPE:
            self.types = cells
        elif annotation == _DEFAULT:
            self.defaults = cells

    def value(self, cells: Sequence[str]) -> object:
        """Return the row's value, ``None`` if the table has no such column."""
        if _VALUE not in self.names:
            return None
        index = self.names.index(_VALUE)
        text = cells[index] or (self.defaults[index] if self.defaults else "")
        return _typed(text, self.types[index]) if text else None


def read_values(text: str) -> list[object]:
    """Return the values of the column ``_value`` in all tables.

    Raises:
        ResponseError: The text is no annotated CSV, a value is not of its column's type, or the
            server reports an error.
    """
    try:
        return list(_values(csv.reader(text.splitlines(keepends=True), strict=True)))
    except csv.Error as error:
        raise ResponseError(f"parse error: {error}") from error


def _values(rows: Iterator[list[str]]) -> Iterator[object]:
    table: _Table | None = None
    for row in rows:
        if len(row) <= 1:
            continue
        mark, cells = row[0], row[1:]
        if mark.startswith("#") and (table is None or table.names):
            table = _Table(len(cells))
        if table is None:
            raise ResponseError("parsing error, annotations not found")
        _check_width(table, cells)
        if mark:
            table.annotate(mark, cells)
        elif not table.names:
            _name(table, cells)
        elif table.names[0] == _ERROR:
            raise ResponseError(_reported(cells))
        else:
            yield table.value(cells)


def _check_width(table: _Table, cells: Sequence[str]) -> None:
    if len(cells) != table.width:
        raise ResponseError(
            "parsing error, row has different number of columns than the table: "
            f"{len(cells)} vs {table.width}"
        )


def _name(table: _Table, cells: Sequence[str]) -> None:
    if not table.types:
        raise ResponseError("parsing error, datatype annotation not found")
    table.names = cells


def _reported(cells: Sequence[str]) -> str:
    """Return the server's message, and its reference number if there is one."""
    return ",".join([cells[0] or "unknown query error", *filter(None, cells[1:2])])


def _typed(text: str, type_name: str) -> object:
    kind, _, form = type_name.partition(":")
    convert = _CONVERSIONS.get(kind)
    if convert is None or (form and kind != "dateTime"):
        raise ResponseError(f"{_VALUE} has unknown data type {type_name}")
    try:
        return convert(text)
    except OperandError as error:
        raise ResponseError(str(error)) from error


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ResponseError("illegal base64 data") from error


_CONVERSIONS: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "double": read_float,
    "boolean": lambda text: text.lower() != "false",
    "long": read_int,
    "unsignedLong": read_unsigned,
    "duration": parse_duration,
    "dateTime": lambda text: parse_time(RFC3339, text),
    "base64Binary": _binary,
}
