"""Whether this console is alive and its workers drain; for load balancers and supervisors."""

from collections.abc import Callable
from datetime import timedelta

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase

from ledger import ports
from ledger.models import Lane

# The sweep runs every minute; three missed ones mean that the cluster hangs or is gone.
WORKER_SILENT = timedelta(minutes=3)


class HealthLane:
    """Before the check of the host, because probes come by address (and in clear:
    SECURE_REDIRECT_EXEMPT)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answers = {"/healthz": alive, "/readyz": ready}
        return answers.get(request.path_info, self.get_response)(request)


def alive(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return JsonResponse({"ok": True})


def ready(request: HttpRequest) -> HttpResponse:
    """The database answers and a worker drained the outbox lately; else 503 and what is wrong."""
    problems = []
    try:
        if silent_workers():
            problems.append("no worker has drained for 3 minutes: restart the django-q2 cluster")
    except Error:
        problems.append("the database does not answer")
    return JsonResponse({"ok": not problems, "problems": problems}, status=503 if problems else 200)


def silent_workers() -> bool:
    since = ports.system_now() - WORKER_SILENT
    return not Lane.objects.filter(name="outbox", ran_at__gte=since).exists()


def front(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/admin/")
