"""The admin site: its title, and a home page that says what needs a person today."""

from django.contrib import admin


class GatebookAdminSite(admin.AdminSite):
    site_header = "Gatebook"
    site_title = "Gatebook"
    index_title = "What needs a person today"
