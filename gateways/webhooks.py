"""The door for providers: cap, find the gateway, verify the bytes, one INSERT, answer.

Nothing here is decided about money. The view is a DRF view without negotiation, authentication
classes or serializers, and WebhookLane calls it past the rest of the middleware.
"""

import hashlib
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from gateways import accounts, phones, tasks
from gateways.accounts import Account
from gateways.limits import Limit
from gateways.models import Callback
from gateways.orders import polling
from gateways.providers.base import BODY_CAP_BYTES, Inbound, Rejected
from gateways.storing import store
from ledger import ports
from ledger.cipher import SealBroken

PREFIX = "/webhooks/"
# What forwarder apps put behind the address that they are given; some keep only its host.
PHONE_TAILS = frozenset({"ingest/sms", "ingest/heartbeat", "v1/messages/receive"})
HEADER_CAP = 1024
# The server puts our own environment variables beside the request's headers; HTTP_PROXY may hold a
# password.
NOT_HEADERS = frozenset(os.environ)
# A batch of fifty long Arabic SMS; a phone that is refused it could never send anything else.
PHONE_CAP_BYTES = 512 * 1024
# Refused messages are kept for the merchant to see, but a flood of them must not fill the disk.
REFUSALS = Limit("refusals", 10, when_down=False)
# Anybody may ring an unsigned doorbell, and each ring costs a call to the provider. Beyond this a
# genuine one is asked to come again.
RINGS = Limit("rings", 300, when_down=True)


class WebhookLane:
    """First in MIDDLEWARE: a webhook meets its own view and nothing else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.view = WebhookView.as_view()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.startswith(PREFIX):
            # Not by resolve(), which costs as much as reading the message.
            token, slash, tail = path[len(PREFIX) :].partition("/")
            is_ours = bool(token and slash) and (not tail or tail in PHONE_TAILS)
        elif path[1:] in PHONE_TAILS:
            token, tail, is_ours = "", path[1:], True
        else:
            return self.get_response(request)
        if is_ours:
            response: HttpResponseBase = self.view(request, token=token, tail=tail)
        else:
            response = plain("not_found", 404)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


class WebhookView(APIView):
    """POST only; the sender's acknowledgement with 200 once the message is stored.

    token  "" where the phone is told by the key in its headers instead.
    """

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    http_method_names = ["post", "get"]

    # DRF's request wrapper, negotiation and renderers would cost more than everything below.
    default_response_headers: Any = {}

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return request

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        return

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        return response

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer = plain("method_not_allowed", 405)
        answer.headers["Allow"] = "POST"
        return answer

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Rejected):
            return plain(exc.code, exc.status)
        raise exc

    def get(self, request: HttpRequest, token: str, tail: str = "") -> HttpResponse:
        """Only vodafoncash.com calls with GET, and only a store that is its client is called."""
        try:
            account = accounts.by_token(token)
        except SealBroken:
            return plain("not_configured", 503)
        if account is None or account.credentials.get("mode") != "upstream" or account.phone_id:
            answer: HttpResponse = self.http_method_not_allowed(request)
            return answer
        return self.post(request, token, tail)

    def post(self, request: HttpRequest, token: str, tail: str = "") -> HttpResponse:
        now = ports.system_now()
        try:
            account = accounts.by_token(token) if token else phones.shown_by(request)
        except SealBroken:
            # Without the keys nothing can be verified; the sender comes again.
            return plain("not_configured", 503)
        if account is None or (tail and account.phone_id is None):
            # The end of a phone's address is its key, so another one there is a bad key.
            if tail or reads_as_upload(request, now):
                raise Rejected("phone.bad_key", "no phone has this key", status=401)
            return plain("not_found", 404)
        inbound = read(request, now, PHONE_CAP_BYTES if account.phone_id else BODY_CAP_BYTES)
        address = request.META.get("REMOTE_ADDR", "")
        try:
            account = verified(inbound, account, now)
        except Rejected as refusal:
            if refusal.known_as and is_known(account, inbound, refusal.known_as, now):
                return HttpResponse(account.provider.acknowledgement, content_type="text/plain")
            if REFUSALS.may(str(account.gateway_id), now):
                kept = account.provider.keepable(inbound)
                store(account, kept, address, now, refusal=refusal)
            raise
        if account.phone_id:
            return phones.take_in(account, inbound, address, now)
        rings = account.provider.is_doorbell(inbound)
        if rings and not RINGS.may(str(account.gateway_id), now):
            raise Rejected("too_many", "come again in a minute", status=503)
        store(account, account.provider.keepable(inbound), address, now, rings=rings)
        tasks.wake_inbox_soon()
        return HttpResponse(account.provider.acknowledgement, content_type="text/plain")


def plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


def reads_as_upload(request: HttpRequest, now: datetime) -> bool:
    """Whether somebody whom nobody knows sends what forwarder apps send."""
    try:
        return phones.is_upload(read(request, now))
    except Rejected:
        return False


def is_known(account: Account, inbound: Inbound, known_as: str, now: datetime) -> bool:
    """Whether what a message says too late was recorded already; else the order is asked about
    soon, because a true word is not thrown away for being old."""
    same = Q(digest=hashlib.sha256(inbound.body).digest()) | Q(order__provider_reference=known_as)
    kept = Callback.objects.filter(same, gateway_id=account.gateway_id)
    polling.ask_soon(account.gateway_id, known_as, now)
    return kept.exclude(status=Callback.Status.REJECTED).exists()


def read(request: HttpRequest, now: datetime, cap: int = BODY_CAP_BYTES) -> Inbound:
    """The message as it came. Raises Rejected before reading anything larger than the cap."""
    environ = request.META
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity")
    if encoding.lower() != "identity":
        raise Rejected("content_encoding", "send the body uncompressed", status=415)
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdecimal():
        if int(length) > cap:
            raise Rejected("too_large", f"at most {cap} bytes", status=413)
        body = _read(stream, int(length))
        if len(body) != int(length):
            raise Rejected("cut_short", "the body ended early")
    elif "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        # Some senders do not know the length beforehand; the server ends the stream for us.
        body = _read(stream, cap + 1)
        if len(body) > cap:
            raise Rejected("too_large", f"at most {cap} bytes", status=413)
    elif request.method == "GET":
        body = str(environ.get("QUERY_STRING", "")).encode("latin-1", "replace")[:cap]
    else:
        body = b""
    headers = {
        name[5:].replace("_", "-").lower(): value[:HEADER_CAP]
        for name, value in environ.items()
        if name.startswith("HTTP_") and name not in NOT_HEADERS
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")[:HEADER_CAP]
    return Inbound(
        body=body,
        headers=headers,
        method=request.method or "",
        received_at=ports.unix_seconds(now),
    )


def _read(stream: Any, wanted: int) -> bytes:
    parts = []
    while wanted > 0 and (part := stream.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def verified(inbound: Inbound, account: Account, now: datetime) -> Account:
    """The account under which the message verifies. Raises Rejected.

    A refusal is checked again with the stored settings (this process may remember older ones),
    then once more with the provider's key fetched anew.
    """
    try:
        account.provider.verify(inbound, account.credentials)
        return account
    except Rejected as refusal:
        if not refusal.key_may_be_old:
            raise
        fresh = accounts.by_token(account.token, max_age=accounts.FRESH_SECONDS)
        if fresh and fresh.credentials != account.credentials:
            account = fresh
            try:
                account.provider.verify(inbound, account.credentials)
                return account
            except Rejected as again:
                refusal = again
        renewed = accounts.with_fresh_keys(account, now=now)
        if renewed is None:
            raise refusal from None
        renewed.provider.verify(inbound, renewed.credentials)
        return renewed
