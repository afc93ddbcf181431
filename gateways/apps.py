from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GatewaysConfig(AppConfig):
    name = "gateways"
    verbose_name = "Gateways"

    def ready(self) -> None:
        from gateways import tasks

        post_migrate.connect(tasks.install_schedules, sender=self)
