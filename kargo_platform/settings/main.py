"""The platform's settings, put together."""

from kargo_platform.settings.analysis import *
from kargo_platform.settings.auth import *
from kargo_platform.settings.base import *
from kargo_platform.settings.logs import *
from kargo_platform.settings.openapi import *
from kargo_platform.settings.quotas import *
from kargo_platform.settings.rest import *
from kargo_platform.settings.security import *
from kargo_platform.settings.tools import *
from kargo_platform.settings.webhooks import *
from kargo_platform.settings.workers import *
