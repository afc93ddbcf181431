"""A WHMCS in this process for stories about rows."""

from collections.abc import Iterator

import pytest

from tests.ledger.rows import FakeBiller, fake_biller


@pytest.fixture
def whmcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBiller]:
    with fake_biller(monkeypatch) as biller:
        yield biller
