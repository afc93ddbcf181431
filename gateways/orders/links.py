"""The payer's links: unguessable, and not to be found in a copy of the database."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from django.conf import settings

from gateways.models import Order
from ledger.ports import new_token


def new_pay_token(nonce: str) -> str:
    """The token of a new order, under the newest key."""
    return _token(nonce, settings.GATEBOOK_KEYS[0])


def _token(nonce: str, key: bytes) -> str:
    digest = hmac.new(key, b"gatebook pay token " + nonce.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def pay_token(order: Order) -> str:
    """The token in the payer's links: made again from our keys, so that a dump does not hold it.

    Where the key that made it is gone, the order gets a new link; the old one ends in "not found".
    """
    for key in settings.GATEBOOK_KEYS:
        token = _token(order.token_nonce, key)
        if hmac.compare_digest(token_digest(token), order.token_digest):
            return token
    order.token_nonce = new_token()
    token = new_pay_token(order.token_nonce)
    order.token_digest = token_digest(token)
    order.save(update_fields=["token_nonce", "token_digest"])
    return token


def by_token(token: str) -> Order | None:
    return (
        Order.objects.select_related("gateway", "bill__biller", "merchant")
        .filter(token_digest=token_digest(token))
        .first()
    )


def return_url(order: Order, outcome: str) -> str:
    return f"{settings.GATEBOOK_URL}/pay/{pay_token(order)}/{outcome}/"
