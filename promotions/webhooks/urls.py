"""Where webhook receivers listen; ``projects.web`` takes the tenant off the address."""

from django.urls import path, re_path

from promotions.webhooks.receive_delivery import ReceiveDelivery

urlpatterns = [
    path("<str:kind>/<str:digest>", ReceiveDelivery.as_view(), name="receive-delivery"),
    re_path("", ReceiveDelivery.as_view()),
]
