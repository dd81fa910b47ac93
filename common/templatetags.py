"""Template filters shared by every page."""

from django import template

register = template.Library()
