"""What can be wrong with a JSONPath template, or with the data it is asked of.

::

    InvalidError
    └── JSONPathError    the message is what Kubernetes' client-go says
"""

from common.errors import InvalidError


class JSONPathError(InvalidError):
    """A template cannot be parsed, or does not fit the data."""

    code = "invalid_jsonpath"
