"""What load balancers and supervisors ask."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError
from django.test import Client
from pytest_django import Settings

from ledger import ports
from ledger.models import Lane
from ledger.tasks import starting

SILENT = {
    "ok": False,
    "problems": ["no worker has drained for 3 minutes: restart the django-q2 cluster"],
}


def drained(ago: timedelta) -> None:
    Lane.objects.update_or_create(name="outbox", defaults={"ran_at": ports.system_now() - ago})


def test_alive_asks_nothing_of_the_database(client: Client) -> None:
    """Without the django_db mark any query would fail this test."""
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


@pytest.mark.django_db
def test_ready_where_a_worker_drained_lately(client: Client) -> None:
    starting("outbox")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "problems": []})


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "status"), [(170, 200), (190, 503)])
def test_workers_may_be_silent_for_three_minutes(client: Client, seconds: int, status: int) -> None:
    drained(timedelta(seconds=seconds))
    assert client.get("/readyz").status_code == status


@pytest.mark.django_db
def test_workers_that_never_ran_are_silent(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, SILENT)


@pytest.mark.django_db
def test_only_the_lane_that_tells_whmcs_counts(client: Client) -> None:
    starting("inbox")
    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError, DatabaseError])
def test_database_that_is_away_is_said_and_no_more(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def away() -> bool:
        raise error("connection to server at 10.0.0.9 failed: password of gatebook is wrong")

    monkeypatch.setattr("config.health.silent_workers", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "problems": ["the database does not answer"]}


def test_front_door_leads_to_the_admin(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probe_by_address_and_in_clear_gets_an_answer(
    client: Client, settings: Settings, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
    starting("outbox")

    assert client.get(path, headers={"host": "10.1.2.3"}).status_code == 200
