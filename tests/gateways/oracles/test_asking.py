"""One careful question per source: strict JSON, kept for a minute, and no storm on a dead source."""

import threading

import pytest
import requests
import responses

from gateways.oracles.asking import MOST_KEPT, Number, Oracles, Site
from gateways.oracles.base import NoPrice
from ledger.http import Answer, MaybeSent, NotSent
from tests.gateways.oracles.answers import Scripted, Seconds, oracles

URL = "https://prices.example.com/now"
SITE = Site("The shop", "Ask again.")


def refusal(site: Oracles, url: str = URL) -> NoPrice:
    with pytest.raises(NoPrice) as told:
        site.ask(url, SITE)
    assert told.value.message.startswith("The shop ")
    return told.value


def test_the_answer_is_asked_for_politely_and_read_whole(web: responses.RequestsMock) -> None:
    web.get(URL, body='{"a": {"b": [1, 2.50, 1e-7, "x"]}}')

    told = oracles().ask(URL, SITE)["a"]["b"]

    assert told == [1, "2.50", "1e-7", "x"]
    assert [type(value) for value in told] == [int, Number, Number, str]
    assert web.calls[0].request.headers["Accept"] == "application/json"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>Just a moment...</html>", b"[]", b"null", b"1", b'"x"', b"{", b'{"a": NaN}',
        b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1, "a": 1}', b'{"a": {"b": 1, "b": 2}}',
        b'{"a": "\xff"}', b"\xef\xbb\xbf{}", b'{"a":' + b"[" * 100_000, b'{"a": 01}',
        b'{"a": ' + b"9" * 5000 + b"}", b"{}{}",
    ],
)  # fmt: skip
def test_what_is_no_strict_json_object_is_not_believed(
    web: responses.RequestsMock, body: bytes
) -> None:
    web.get(URL, body=body, headers={"Content-Length": str(len(body))})

    assert refusal(oracles()).code == "garbage"


@pytest.mark.parametrize("status", [201, 301, 302, 400, 401, 403, 404, 429, 500, 503])
def test_any_status_but_200_is_no_price(web: responses.RequestsMock, status: int) -> None:
    web.get(URL, body="{}", status=status, headers={"Location": "https://elsewhere.example.com/"})

    told = refusal(oracles())

    assert told.code == "http_status"
    assert f"HTTP {status}" in told.message
    assert told.message.endswith("Ask again.")
    assert ("too often" in told.message) == (status == 429)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (requests.exceptions.ConnectTimeout(), "unreachable"),
        (requests.exceptions.ReadTimeout(), "no_answer"),
        (requests.exceptions.ChunkedEncodingError(), "no_answer"),
    ],
)
def test_a_source_that_does_not_answer_has_no_price(
    web: responses.RequestsMock, error: Exception, code: str
) -> None:
    web.get(URL, body=error)

    assert refusal(oracles()).code == code


@pytest.mark.parametrize(
    "url",
    [
        "", "prices.example.com", "http://prices.example.com/", "ftp://prices.example.com/",
        "https://", "https://user:secret@prices.example.com/", "https://a.example.com/#x",
        "https://a.example.com:0/", "https://a.example.com:99999/", "https://[::1/", "file:///etc",
    ],
)  # fmt: skip
def test_an_address_that_anybody_could_listen_to_is_not_asked(url: str) -> None:
    http = Scripted()
    told = refusal(Oracles(Seconds(), http), url)

    assert (told.code, http.asked) == ("bad_url", 0)
    assert "secret" not in told.message


def test_this_very_machine_may_be_asked_in_clear() -> None:
    http = Scripted(Answer(200, b"{}"))

    assert Oracles(Seconds(), http).ask("http://127.0.0.1:8001/v1/prices", SITE) == {}
    assert http.timeouts == {10}


def test_an_answer_is_kept_for_a_minute_for_each_url() -> None:
    clock = Seconds()
    http = Scripted(*(Answer(200, b'{"n": %d}' % n) for n in range(3)))
    site = Oracles(clock, http)

    assert site.ask(URL, SITE) == {"n": 0}
    clock.at += 59
    assert site.ask(URL, SITE) == {"n": 0}
    assert site.ask(f"{URL}?other", SITE) == {"n": 1}
    clock.at += 1
    assert site.ask(URL, SITE) == {"n": 2}


@pytest.mark.parametrize(
    "failure",
    [NotSent("refused"), MaybeSent("broke"), Answer(503, b""), Answer(200, b"<html>")],
    ids=lambda failure: type(failure).__name__,
)
def test_a_failure_is_not_kept_but_the_source_is_left_alone_for_five_seconds(
    failure: Answer | Exception,
) -> None:
    clock, http = Seconds(), Scripted(failure, Answer(200, b'{"n": 1}'))
    site = Oracles(clock, http)

    first = refusal(site)
    clock.at += 4
    again = refusal(site)
    assert (again.code, again.message, http.asked) == (first.code, first.message, 1)

    clock.at += 1
    assert site.ask(URL, SITE) == {"n": 1}


def test_a_source_that_fails_after_its_minute_gives_no_old_answer() -> None:
    clock, http = Seconds(), Scripted(Answer(200, b"{}"), Answer(500, b""))
    site = Oracles(clock, http)
    site.ask(URL, SITE)
    clock.at += 60

    assert refusal(site).code == "http_status"


def test_many_threads_ask_once() -> None:
    http, gate = Scripted(Answer(200, b'{"n": 1}')), threading.Barrier(8)
    site, answers = Oracles(Seconds(), http), list[object]()

    def ask() -> None:
        gate.wait()
        answers.append(site.ask(URL, SITE))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (answers, http.asked) == ([{"n": 1}] * 8, 1)


def test_who_waits_too_long_for_another_thread_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateways.oracles.asking.TIMEOUT_SECONDS", 0)
    site, told = Oracles(Seconds(), Scripted()), list[NoPrice]()
    with site._of(URL).lock:
        other = threading.Thread(target=lambda: told.append(refusal(site)))
        other.start()
        other.join()

    assert told[0].code == "no_answer"
    assert "slow" in told[0].message


def test_changing_urls_do_not_fill_the_memory() -> None:
    http = Scripted(*(Answer(200, b"{}") for _ in range(MOST_KEPT + 10)))
    site = Oracles(Seconds(), http)
    for number in range(MOST_KEPT + 10):
        site.ask(f"{URL}?{number}", SITE)

    assert len(site._kept) <= MOST_KEPT
