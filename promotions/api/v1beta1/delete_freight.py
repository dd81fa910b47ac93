"""``DELETE P/freight/{nameOrAlias}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import gone
from promotions.api.v1beta1.freight_view import FreightView
from promotions.services.freight import delete_freight


class DeleteFreight(FreightView):
    """Freight that a Stage holds now is refused; Freight of the past may go."""

    access_verb = "delete"

    def delete(self, _request: Request, **_: str) -> Response:
        delete_freight(self.freight, actor=self.actor, now=self.now)
        return gone()
