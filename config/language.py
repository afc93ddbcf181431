"""The console in the language of the person at it: what they chose, else what their browser asks for.

Payers are answered in the language of their order and machines in the one that they name, so nothing
outside the admin is touched here.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

ADMIN = "/admin/"


class AdminLanguage:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ADMIN):
            return self.get_response(request)
        language = translation.get_language_from_request(request)
        # Django's own middleware leaves its language to whatever this thread does next.
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language",))
        return response
