from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class GatebookAdminConfig(AdminConfig):
    default_site = "config.admin.GatebookAdminSite"


class GatebookConfig(AppConfig):
    name = "config"
    verbose_name = "Gatebook"

    def ready(self) -> None:
        from config import checks  # noqa: F401  registers the system checks
