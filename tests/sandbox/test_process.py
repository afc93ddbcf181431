"""The sandbox as a program: ports, storage, stopping, reset."""

import ast
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.stand_in import ROOT, StandIn, free_port, start, wait_until_up


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_cleanly_even_while_a_call_is_being_delayed(stop: signal.Signals) -> None:
    port = free_port()
    process = start(port)
    sandbox = StandIn(f"http://127.0.0.1:{port}")
    wait_until_up(sandbox.url)
    sandbox.fault("whmcs", "delay", "WhmcsDetails", seconds=30)
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{sandbox.url}/whmcs/includes/api.php",
            data={"action": "WhmcsDetails", "responsetype": "json"},
            timeout=0.3,
        )

    process.send_signal(stop)

    _, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (0, "")


def test_taken_port_is_one_clear_line_and_exit_1(sandbox_url: str) -> None:
    port = int(sandbox_url.rpartition(":")[2])

    second = start(port)
    _, errors = second.communicate(timeout=10)

    assert second.returncode == 1
    assert errors == f"sandbox: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_it_listens_on_the_loopback_address_only(sandbox_url: str) -> None:
    port = int(sandbox_url.rpartition(":")[2])
    addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False)
    own = [a for a in addresses.stdout.split() if "." in a and not a.startswith("127.")]
    # A machine without any other address still has the rest of the loopback network.
    for address in [*own, "127.0.0.2"]:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://{address}:{port}/healthz", timeout=3)


def test_storage_on_disk_keeps_orders_credentials_and_keys_over_a_restart(tmp_path: Path) -> None:
    database = str(tmp_path / "new" / "sandbox.sqlite3")
    seen = []
    for _ in range(2):
        port = free_port()
        process = start(port, database)
        sandbox = StandIn(f"http://127.0.0.1:{port}")
        wait_until_up(sandbox.url)
        state = sandbox.control("/whmcs/_sandbox/state")
        seen.append(
            (
                sandbox.project(),
                state["invoices"],
                sandbox.control("/whmcs/_sandbox/settings")["secret"],
                sandbox.control("/haveno/_sandbox/settings")["relay_public_keys"],
            )
        )
        process.terminate()
        process.communicate(timeout=5)

    assert seen[0] == seen[1]
    totals = [(invoice["total"], invoice["currency"]) for invoice in seen[0][1]]
    assert totals == [
        ("28.50", "EUR"), ("28.50", "USD"),
        ("15.99", "EUR"), ("49.90", "EUR"), ("120.00", "EUR"), ("25.00", "USD"),
    ]  # fmt: skip
    methods = [invoice["paymentmethod"] for invoice in seen[0][1]]
    assert methods == ["havenopay"] * 2 + ["spectrocoin"] * 4


def test_reset_forgets_everything_but_keys_and_credentials_and_is_quick(sandbox: StandIn) -> None:
    before = sandbox.project()
    invoice = sandbox.invoice()
    sandbox.order("")
    sandbox.control("/spectrocoin/_sandbox/settings", {"callback_kind": "json"})
    sandbox.control("/whmcs/_sandbox/settings", {"permissions": []})
    sandbox.fault("whmcs", "500", times=None)

    started = time.monotonic()
    sandbox.control("/_sandbox/reset", {})
    took = time.monotonic() - started

    assert took < 0.05
    assert sandbox.project() == before
    assert sandbox.control("/spectrocoin/_sandbox/orders") == {"orders": []}
    state = sandbox.control("/whmcs/_sandbox/state")
    assert [state[name] for name in ("clients", "invoices", "calls")] == [[], [], []]
    assert sandbox.ask("WhmcsDetails")["result"] == "success"
    assert sandbox.invoice() > invoice


def test_misspelt_members_and_wrong_values_of_control_calls_are_refused(sandbox: StandIn) -> None:
    refusals: list[tuple[str, dict[str, Any]]] = [
        ("/whmcs/_sandbox/faults", {"fault": "explode"}),
        ("/spectrocoin/_sandbox/faults", {"fault": "invalid_ip"}),
        ("/whmcs/_sandbox/faults", {"fault": "500", "time": 1}),
        ("/whmcs/_sandbox/settings", {"permision": []}),
        ("/spectrocoin/_sandbox/settings", {"merchant_public_key": "no key"}),
        ("/whmcs/_sandbox/clients", {"currency": "XXX"}),
    ]
    for path, body in refusals:
        assert "error" in sandbox.control(path, body, status=400)
    assert "error" in sandbox.control("/spectrocoin/_sandbox/orders/none/act", {}, status=404)


def test_control_calls_of_plain_curl_are_read_as_json(sandbox: StandIn) -> None:
    url = f"{sandbox.url}/whmcs/_sandbox/clients"
    called_a_form = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = requests.post(url, data='{"currency": "USD"}', headers=called_a_form, timeout=10)

    assert (
        sandbox.ask("GetClientsDetails", clientid=answer.json()["client_id"])["client"][
            "currency_code"
        ]
        == "USD"
    )


def test_it_imports_nothing_of_the_console() -> None:
    allowed = {"sandbox", "cryptography", "requests"}
    console = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} - allowed
    imported: set[str] = set()
    for path in (ROOT / "sandbox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert "config" in console
    assert imported & (console | {"django"}) == set()
