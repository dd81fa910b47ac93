"""Go's time.Location: which offset and abbreviation a place had at every instant.

Source: Go ``time/zoneinfo.go``.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from promotions.engine.expressions.gotime.int64 import LARGEST, SMALLEST
from promotions.engine.expressions.gotime.tz_rules import YearlyRule, Zone, ZoneInEffect

ALPHA = SMALLEST
OMEGA = LARGEST

_UTC_ZONE = Zone("UTC", 0, is_dst=False)


@dataclass(frozen=True, slots=True)
class Location:
    """A place with its history of time zones.

    Attributes:
        name: As it was asked for; empty for an offset without a name.
        zones: The zones it ever had; none means UTC.
        transitions: The Unix seconds at which one of the zones came into effect, ascending.
        zone_indexes: Which zone, one for each transition.
        rule: What goes on after the last transition.
        is_local: Whether it stands for the machine's own zone, which is UTC here.
    """

    name: str
    zones: tuple[Zone, ...] = ()
    transitions: tuple[int, ...] = ()
    zone_indexes: tuple[int, ...] = ()
    rule: YearlyRule | None = None
    is_local: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return self.name

    def lookup(self, unix: int) -> ZoneInEffect:
        """Return the zone at a Unix second, and between which seconds it is in effect."""
        if not self.zones:
            return ZoneInEffect(_UTC_ZONE, ALPHA, OMEGA)
        last = bisect_right(self.transitions, unix) - 1
        if last < 0:
            end = self.transitions[0] if self.transitions else OMEGA
            return ZoneInEffect(self._first_zone(), ALPHA, end)
        start = self.transitions[last]
        if last + 1 < len(self.transitions):
            end = self.transitions[last + 1]
            return ZoneInEffect(self.zones[self.zone_indexes[last]], start, end)
        if self.rule is not None:
            return self.rule.lookup(start, unix)
        return ZoneInEffect(self.zones[self.zone_indexes[last]], start, OMEGA)

    def offset_of(self, abbreviation: str, unix: int) -> int | None:
        """Return what an abbreviation such as ``EST`` stands for here, in seconds east of UTC.

        A zone that was in effect is preferred to one that was not.

        Args:
            abbreviation: Its meaning depends on the place.
            unix: What the Unix second would be if the time of day were in UTC.
        """
        offsets = [zone.offset for zone in self.zones if zone.name == abbreviation]
        for offset in offsets:
            found = self.lookup(unix - offset).zone
            if found.name == abbreviation:
                return found.offset
        return offsets[0] if offsets else None

    def _first_zone(self) -> Zone:
        """Return the zone before the first transition, by the rules of tzcode's localtime.c."""
        if 0 not in self.zone_indexes:
            return self.zones[0]
        first = self.zone_indexes[0]
        before = reversed(self.zones[:first]) if self.zones[first].is_dst else ()
        standard = (zone for zone in (*before, *self.zones) if not zone.is_dst)
        return next(standard, self.zones[0])


UTC = Location("UTC")
LOCAL = Location("UTC", is_local=True)


def fixed_zone(name: str, offset: int) -> Location:
    """Return a place that always has one abbreviation and offset, in seconds east of UTC."""
    return Location(name, (Zone(name, offset, is_dst=False),), (ALPHA,), (0,))
