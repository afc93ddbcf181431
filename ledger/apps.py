from django.apps import AppConfig
from django.conf import settings

from ledger import http


class LedgerConfig(AppConfig):
    name = "ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        http.allow_private(settings.PRIVATE_HOSTS)
