"""The whole public surface on one screen."""

from django.contrib import admin
from django.urls import path
from django.views.i18n import set_language

from config import health
from gateways.compat import checks, claims, rates
from gateways.pay import checkout, pages, proofs
from gateways.webhooks import WebhookView

urlpatterns = [
    path("webhooks/<str:token>/", WebhookView.as_view(), name="webhook"),
    path("checkout/<str:token>/<slug:provider>/", checkout.Checkout.as_view(), name="checkout"),
    path("pay/<str:token>/", pages.OrderPage.as_view(), name="order-page"),
    path("pay/<str:token>/live/", pages.live, name="order-live"),
    path("pay/<str:token>/offer.json", proofs.offer, name="order-offer"),
    path("pay/<str:token>/done/", pages.back_to_invoice, name="order-done"),
    path("pay/<str:token>/cancelled/", pages.back_to_invoice, name="order-cancelled"),
    path("claims/<str:token>/", claims.SignedClaim.as_view(), name="claim"),
    # Where the plugins for vodafoncash.com look.
    path("api/payment_link_check", checks.PaymentLinkCheck.as_view()),
    path("api/public/store/<str:store>/rate", rates.StoreRate.as_view()),
    path(".well-known/havenopay/<str:merchant>.json", proofs.merchant_keys, name="offer-keys"),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/language/", set_language, name="language"),
    path("admin/", admin.site.urls),
    path("", health.front),
]
