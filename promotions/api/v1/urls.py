"""Routes of ``/v1``, which Kargo does not have; ``P`` is ``projects/<project>``."""

from django.urls import URLPattern, URLResolver, include, path

from promotions.api.v1.get_preview import GetPreview
from promotions.api.v1.get_prompt import GetPrompt
from promotions.api.v1.respond_to_promotion import RespondToPromotion
from rbac.rest.routing import by_method

_PROJECT: list[URLPattern | URLResolver] = [
    path(
        "/stages/<str:stage>/previews/<uuid:uid>",
        by_method(get=GetPreview),
        name="api-get-preview",
    ),
    path(
        "/promotions/<str:promotion>/steps/<str:alias>/responses",
        by_method(get=GetPrompt, post=RespondToPromotion),
        name="api-respond-to-promotion",
    ),
]

urlpatterns = [path("projects/<str:project>", include(_PROJECT))]
