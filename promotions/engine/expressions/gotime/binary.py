"""Encodes times as Go's Time.MarshalBinary does.

Source: Go ``time/time.go`` AppendBinary.
"""

import struct

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.int64 import truncated_divmod
from promotions.engine.expressions.gotime.zones import UTC

_LAYOUT = struct.Struct(">Bqih")
_WHOLE_MINUTES, _WITH_SECONDS = 1, 2
_UTC_MINUTES = -1
_LARGEST_MINUTES = 2**15 - 1


def marshal_binary(time: Time) -> bytes:
    """Return version, seconds since year 1, nanoseconds and offset as big-endian numbers.

    Raises:
        OperandError: The offset cannot be expressed.
    """
    if time.location is UTC:
        return _LAYOUT.pack(_WHOLE_MINUTES, time.seconds, time.nanosecond, _UTC_MINUTES)
    minutes, seconds = truncated_divmod(time.zone.offset, 60)
    if abs(minutes) > _LARGEST_MINUTES or minutes == _UTC_MINUTES:
        raise OperandError("Time.MarshalBinary: unexpected zone offset")
    version = _WITH_SECONDS if seconds else _WHOLE_MINUTES
    raw = _LAYOUT.pack(version, time.seconds, time.nanosecond, minutes)
    return raw + struct.pack(">b", seconds) if seconds else raw
