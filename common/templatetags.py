"""Template tags shared by every page: times, durations, identifiers, icons, states."""

import re
from datetime import datetime, timedelta

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

SHORT_SHA = 7
_HEX = re.compile(r"(?:sha256:)?([0-9a-f]{20,64})")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@register.simple_tag(takes_context=True)
def ago(context: Context, when: datetime | None) -> SafeString | str:
    """Render how long ago ``when`` was, at the context's ``now``, with the absolute time on hover.

    The browser keeps it current; without scripts it stays as it was rendered.
    """
    if when is None:
        return "never"
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        when.isoformat(timespec="seconds"),
        when.strftime("%Y-%m-%d %H:%M:%S UTC"),
        ago_words(context["now"] - when),
    )


def ago_words(age: timedelta) -> str:
    """Return an age in its largest whole unit: ``3 min ago``."""
    seconds = int(age.total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now" if seconds < 1 else f"{seconds} s ago"


@register.filter
def duration(length: timedelta | None) -> str:
    """Render a length of time exactly: ``240 ms``, ``3.4 s``, ``2 min 05 s``, ``1 h 02 min``."""
    if length is None:
        return ""
    seconds = length.total_seconds()
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    if minutes:
        return f"{minutes} min {rest:02} s"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{round(seconds * 1000)} ms"


@register.filter
def short(text: str) -> str:
    """Shorten a hash to seven digits; leave anything else as it is."""
    found = _HEX.fullmatch(text)
    return found[1][:SHORT_SHA] if found else text


@register.simple_tag
def copyable(text: str, shown: str = "") -> SafeString:
    """Render an identifier, shortened or as ``shown``, with a button that copies all of it."""
    return format_html(
        '<span class="copyable"><code title="{}">{}</code><button type="button" class="copy" '
        'data-copy="{}" aria-label="Copy {}">{}</button></span>',
        text,
        shown or short(text),
        text,
        shown or short(text),
        icon("copy"),
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """Render an icon of ``static/img/icons.svg``, hidden from screen readers."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def status(tone: str, word: str) -> SafeString:
    """Render a state as colour, icon and word.

    Tones: succeeded, running, waiting, failed, stopped, unknown.
    """
    return format_html(
        '<span class="status status-{}">{}<span>{}</span></span>', tone, icon(tone), word
    )
