"""WHMCS's paths below /whmcs: the API, the client area, the control calls."""

from sandbox.web import Page, Wire
from sandbox.whmcs import api, claims, client_area, control, settings

API = Wire("whmcs", api.operation, api.answer, api.instead, api.params)
CONTROL = "/whmcs/_sandbox"
INVOICE = f"{CONTROL}/invoices/(?P<invoice_id>[0-9]{{1,15}})"
ROUTES: list[tuple[str, str, Wire | Page]] = [
    ("POST", r"/whmcs/includes/api\.php", API),
    ("GET", r"/whmcs/includes/api\.php", API),
    ("GET", "/whmcs/?", client_area.invoices),
    ("GET", r"/whmcs/viewinvoice\.php", client_area.invoice),
    ("POST", r"/whmcs/viewinvoice\.php", client_area.choose_gateway),
    ("GET", r"/whmcs/modules/gateways/callback/vodafoncash\.php", claims.callback),
    ("POST", r"/whmcs/modules/gateways/callback/vodafoncash\.php", claims.callback),
    ("GET", "/whmcs/activity", client_area.activity),
    ("GET", f"{CONTROL}/settings", settings.show),
    ("POST", f"{CONTROL}/settings", settings.change),
    ("POST", f"{CONTROL}/clients", control.add_client),
    ("POST", f"{CONTROL}/invoices", control.add_invoice),
    ("POST", INVOICE, control.change_invoice),
    ("GET", INVOICE, control.show_invoice),
    ("GET", f"{CONTROL}/state", control.state),
]
