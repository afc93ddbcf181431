"""Every labelled message reads as its label says."""

import pytest

from gateways.wallet.sms import REASONS, SENDERS, Receipt, Unread, read
from gateways.wallet.sms.layouts import Template
from gateways.wallet.sms.templates import TEMPLATES
from tests.gateways.wallet.messages import HELD_OUT, SAMPLES, Message, received_at


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message["id"])
def test_sample_reads_as_labelled(message: Message) -> None:
    outcome = read(message["sender"], message["text"], received_at(message))
    if message["expect"]:
        assert isinstance(outcome, Receipt)
        assert outcome.labelled() == message["expect"]
        assert outcome.wallet == message["wallet"]
    else:
        assert isinstance(outcome, Unread)
        assert outcome.reason == message["reject_reason"]


@pytest.mark.parametrize("message", HELD_OUT, ids=lambda message: message["id"])
def test_message_that_no_template_was_written_for_is_read_right_or_refused(
    message: Message,
) -> None:
    outcome = read(message["sender"], message["text"], received_at(message))
    if message["expect"]:
        assert isinstance(outcome, Receipt)
        assert outcome.labelled() == message["expect"]
    else:
        assert isinstance(outcome, Unread)
        assert outcome.reason == message["reason"]
        assert outcome.looks_like_money == message["looks_like_money"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_example_of_a_template_is_read_by_it(template: Template) -> None:
    received = received_at({"received_at": "2026-08-12T10:39:02+03:00"})
    if template.id == "qnb":
        received = received_at({"received_at": "2026-06-23T15:41:10+03:00"})
    sender = next(sender for sender, wallets in SENDERS.items() if template.wallet in wallets)
    outcome = read(sender, template.example, received)
    assert isinstance(outcome, Receipt)
    assert (outcome.template, outcome.kind) == (template.id, template.kind)


def test_ids_of_templates_are_unique_and_reasons_are_sentences() -> None:
    assert len({template.id for template in TEMPLATES}) == len(TEMPLATES)
    assert all(sentence.endswith(".") for sentence in REASONS.values())


@pytest.mark.parametrize(
    ("id", "balance"),
    [
        ("tr-vf-send-01", "7470.20"),
        ("tr-vf-balance", "6011.35"),
        ("tr-vf-reversed", "20.00"),
        ("tr-em-send", "10.00"),
        # Cut or whole, nobody knows: one decimal at the very end.
        ("tr-vf-airtime", None),
        ("tr-vf-failed-in", None),
    ],
)
def test_messages_that_move_the_balance_tell_it(id: str, balance: str | None) -> None:
    message = next(message for message in SAMPLES if message["id"] == id)
    outcome = read(message["sender"], message["text"], None)
    assert isinstance(outcome, Unread)
    assert (outcome.balance.amount if outcome.balance else None) == balance
    stranger = read("+201000000999", message["text"], None)
    assert isinstance(stranger, Unread)
    assert stranger.balance is None


def test_reversal_names_the_receipt_that_it_undoes() -> None:
    message = next(message for message in SAMPLES if message["id"] == "tr-vf-reversed")
    outcome = read(message["sender"], message["text"], None)
    assert isinstance(outcome, Unread)
    assert outcome.reverses == "022200000777"
