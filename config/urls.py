"""The whole public surface on one screen."""

from django.contrib import admin
from django.urls import path

from config import health
from gateways import pay
from gateways.webhooks import WebhookView

urlpatterns = [
    path("webhooks/<str:token>/", WebhookView.as_view(), name="webhook"),
    path("checkout/<str:token>/<slug:provider>/", pay.Checkout.as_view(), name="checkout"),
    path("pay/<str:token>/", pay.order_page, name="order-page"),
    path("pay/<str:token>/done/", pay.back_to_invoice, name="order-done"),
    path("pay/<str:token>/cancelled/", pay.back_to_invoice, name="order-cancelled"),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
    path("", health.front),
]
