"""A provider in this process for stories about orders and callbacks."""

import pytest

from gateways import accounts
from tests.gateways.rows import FakeProvider
from tests.ledger.conftest import whmcs

__all__ = ["provider", "whmcs"]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    fake = FakeProvider()
    monkeypatch.setitem(accounts._providers, "spectrocoin", fake)
    monkeypatch.setattr("ledger.ports.random.uniform", lambda low, high: 1)
    return fake
