"""Which of twelve hues marks a Stage, wherever it is shown.

A hue is a class (``hue-0`` … ``hue-11``, thirty degrees apart): the content security policy allows
no style in a page.
"""

import colorsys
import re
import zlib

from promotions.models import Stage

COLOR = "kargo.akuity.io/color"
HUES = 12
_SPREAD = 100_352  # tells the usual names (dev, test, uat, stage, prod, …) apart
_HEX = re.compile(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_NAMED = {
    "red": 0,
    "orange": 1,
    "amber": 1,
    "yellow": 2,
    "lime": 3,
    "green": 4,
    "teal": 5,
    "cyan": 6,
    "blue": 7,
    "indigo": 8,
    "violet": 8,
    "purple": 9,
    "fuchsia": 10,
    "pink": 11,
}


def hue_of(stage: Stage) -> int:
    """Return a Stage's hue: what its annotation asks for, else always the same for its name."""
    color = str(stage.annotations.get(COLOR, "")).strip().lower()
    named = _NAMED.get(color)
    if named is not None:
        return named
    found = _HEX.fullmatch(color)
    if found:
        red, green, blue = (int(part, 16) / 255 for part in found.groups())
        return round(colorsys.rgb_to_hls(red, green, blue)[0] * HUES) % HUES
    return zlib.crc32(stage.name.encode()) // _SPREAD % HUES
