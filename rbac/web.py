"""Sign-in and access for pages."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """Accounts are made by operators, not by visitors."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse everybody."""
        del request
        return False
