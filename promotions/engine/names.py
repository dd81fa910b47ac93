"""Forms the names of Promotions and the short forms of names that must fit a limit.

Source: Kargo ``pkg/kargo`` NewPromotion and ``pkg/kubernetes`` ShortenLabelValue; ULIDs as in
https://github.com/ulid/spec.
"""

import hashlib
from dataclasses import dataclass

from promotions.engine import gostrings

LONGEST_LABEL = 63
LONGEST_NAME = 253

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_LENGTH = 26
_FREIGHT_LENGTH = 7
_HASH_LENGTH = 8
_PREFIX_LENGTH = LONGEST_NAME - _ULID_LENGTH - _FREIGHT_LENGTH - 2
_RANDOM_BITS = 80
_TIME_BITS = 48


@dataclass(frozen=True, slots=True)
class UlidMoment:
    """What a ULID is made of: milliseconds since 1970 and 80 random bits."""

    milliseconds: int
    entropy: int

    def __str__(self) -> str:
        return format_ulid(milliseconds=self.milliseconds, entropy=self.entropy)


def promotion_name(stage: str, ulid: str, freight: str, target: str = "") -> str:
    """Return ``<stage>[.<target>].<ulid>.<freight>``, lower-cased and at most 253 bytes.

    ``freight`` is cut to seven bytes. Without a Stage or Freight the name is empty. Names of
    one Stage sort as their ULIDs do, so the order of names is the order of creation.
    """
    if not stage or not freight:
        return ""
    prefix = f"{stage}.{target}" if target else stage
    if gostrings.size(prefix) > _PREFIX_LENGTH:
        prefix = gostrings.first_bytes(prefix, _PREFIX_LENGTH).rstrip(".-")
    shown = gostrings.first_bytes(freight, _FREIGHT_LENGTH)
    return gostrings.lower(f"{prefix}.{ulid}.{shown}")


def format_ulid(*, milliseconds: int, entropy: int) -> str:
    """Return the 26 characters of a ULID.

    Raises:
        ValueError: The time does not fit 48 bits or the entropy 80.
    """
    if not 0 <= milliseconds < 1 << _TIME_BITS or not 0 <= entropy < 1 << _RANDOM_BITS:
        raise ValueError("a ULID holds 48 bits of time and 80 bits of entropy")
    value = milliseconds << _RANDOM_BITS | entropy
    return "".join(_CROCKFORD[value >> 5 * place & 31] for place in reversed(range(_ULID_LENGTH)))


def moment_in(name: str) -> UlidMoment | None:
    """Return what the ULID in a promotion's name is made of, or ``None`` if it has none."""
    ulid = name.upper().split(".")[-2:][0]
    if len(ulid) != _ULID_LENGTH or not set(ulid) <= set(_CROCKFORD):
        return None
    value = 0
    for character in ulid:
        value = value << 5 | _CROCKFORD.index(character)
    moment = UlidMoment(value >> _RANDOM_BITS, value & ((1 << _RANDOM_BITS) - 1))
    return moment if moment.milliseconds < 1 << _TIME_BITS else None


def next_ulid(previous: UlidMoment | None, *, milliseconds: int, entropy: int) -> UlidMoment:
    """Return the moment to format next: later than ``previous``, whatever the clock did.

    In the same millisecond, or when the clock went back, the previous entropy is raised by one;
    if that overflows, the time is.
    """
    if previous is None or milliseconds > previous.milliseconds:
        return UlidMoment(milliseconds, entropy)
    if previous.entropy + 1 < 1 << _RANDOM_BITS:
        return UlidMoment(previous.milliseconds, previous.entropy + 1)
    return UlidMoment(previous.milliseconds + 1, entropy)


def shorten_label(name: str) -> str:
    """Return ``name`` as a label value: at most 63 characters, unique by a hash at its end."""
    return shorten_with_hash(name, limit=LONGEST_LABEL)


def shorten_with_hash(
    text: str, *, limit: int, separator: str = "-", hash_length: int = _HASH_LENGTH
) -> str:
    """Return ``text`` if it fits, else its beginning and the start of its SHA-256.

    Args:
        text: The name to shorten.
        limit: Bytes allowed; at least ``hash_length``.
        separator: Stands before the hash; none is left dangling at the end of the beginning.
            Empty is the default.
        hash_length: Hex digits of the hash; the default if it is not positive.

    Raises:
        ValueError: Not even the hash fits the limit.

    Source: Kargo ``pkg/strings`` HashShorten.
    """
    if gostrings.size(text) <= limit:
        return text
    hash_length = hash_length if hash_length > 0 else _HASH_LENGTH
    separator = separator or "-"
    if limit < hash_length:
        raise ValueError(f"{limit} bytes cannot hold a hash of {hash_length}")
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:hash_length]
    room = limit - hash_length - len(separator)
    if room <= 0:
        return digest
    return f"{gostrings.first_bytes(text, room).rstrip(separator)}{separator}{digest}"
