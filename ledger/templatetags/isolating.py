"""The template filter of ledger.admin.showing.isolated."""

from django import template

from ledger.admin.showing import isolated

register = template.Library()
register.filter("isolated", isolated)
