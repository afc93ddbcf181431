"""The published messages in twenty thousand disguises: never a wrong value, never a crash."""

# ruff: noqa: RUF001 -- it is Arabic, and not Latin letters that look odd.

import re
import time
from collections import Counter
from random import Random

import pytest

from gateways.wallet.sms import LONGEST, Receipt, Unread, is_otp, mask, normalise, read
from gateways.wallet.sms.wording import text_fingerprint
from tests.gateways.wallet.messages import RECEIPTS, SAMPLES, Message, received_at

VARIANTS = 20_000
SLOWEST_SECONDS = 0.050

ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
INVISIBLE = "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2069\u200b\u200d\ufeff\u061c"
BLANKS = ["  ", "\u00a0", "\u202f", "\t", "\n", "\r\n", " \u200f ", "   "]
SPELLINGS = [
    ("استلام", ["إستلام", "أستلام", "استــلام", "استلامَ"]),
    ("إستلام", ["استلام"]),
    ("المسجل بإسم", ["المسجل باسم", "المسجل بأسم"]),
    ("العملية", ["العمليه"]),
    ("الحالي", ["الحالى"]),
    ("على رقم", ["علي رقم"]),
    ("الساعة", ["الساعه"]),
    ("إضافة", ["اضافة", "اضافه"]),
    ("رقم العملية ", ["رقم العملية: ", "رقم العملية : ", "رقم العمليه؛ "]),
]
CURRENCIES = ["جنيه", "جنية", "ج.م", "جم", "ج.م.", "EGP", "LE", "L.E", "egp"]
ADVERTS = [
    " تابع كل مصروفاتك من تاريخ المعاملات على أبلكيشن أنا فودافون http://vf.eg/vfcash",
    "\nحول 200 جنيه واكسب 5000 جنيه! كلم *9*999# او 01099999999",
    ". دلوقتي تقدر تسحب برسوم 5 جنيه بس بدل 1% لحد 160,000.00 جنيه",
    "\nEnjoy 50% cash back up to EGP 100! Call 16888 or dial #777#",
    "\n100 جنيه كاش باك لما تحول 225 بدل 300 ل 01234567890",
]
PREFIXES = [
    *(
        "not ",
        "لم ",
        "لن ",
        "Fwd: ",
        "FW: ",
        "> ",
        '"',
        "«",
        "1) ",
        "عفوا ",
        "سوف ",
        "طلب ",
        "الغاء ",
    ),
    *("VF-Cash: ", "رسالة: ", "Money Request: ", "تم الغاء: ", "هل ", "مثال: ", "x", "5 ", "- "),
]
UNDONE = [
    " وتم رد المبلغ للراسل",
    ". تم إلغاء العملية",
    " - reversed",
    ". This transaction was refunded",
    " لم تكتمل العملية",
    "\nالعملية قيد المراجعة",
    ". تم استرداد المبلغ",
    " has failed",
    "\nسيتم اضافة المبلغ خلال 24 ساعة",
]  # fmt: skip


def in_other_digits(text: str, rng: Random) -> str:
    table = rng.choice([ARABIC, PERSIAN])
    if rng.random() < 0.5:
        return text.translate(table)
    return "".join(each.translate(table) if rng.random() < 0.5 else each for each in text)


def with_marks(text: str, rng: Random) -> str:
    letters = list(text)
    for _ in range(rng.randint(1, 12)):
        letters.insert(rng.randint(0, len(letters)), rng.choice(INVISIBLE))
    return "".join(letters)


def in_other_blanks(text: str, rng: Random) -> str:
    # Where a word follows an amount or a phone, the line break would end the sentence.
    inner = re.sub(" ", lambda _: rng.choice(BLANKS) if rng.random() < 0.4 else " ", text)
    return rng.choice(["", " ", "\n", "\u200f"]) + inner + rng.choice(["", " ", "\n"])


def in_other_spelling(text: str, rng: Random) -> str:
    for word, others in SPELLINGS:
        if rng.random() < 0.5:
            text = text.replace(word, rng.choice(others), 1)
    return text


def in_other_currency(text: str, rng: Random) -> str:
    return re.sub(
        r"^(\D{5,45}[0-9.,٠-٩٫٬۰-۹]+) (?:جنيه|ج\.م|جم) ",
        lambda found: f"{found[1]}{rng.choice([' ', ''])}{rng.choice(CURRENCIES)} ",
        text,
    )


def in_other_phones(text: str, rng: Random) -> str:
    """Only the payer's phone, which stands behind the word for "from"."""
    shape = rng.choice(
        ["+20{1}{2}{3}", "0020{1}{2}{3}", "20{1}{2}{3}", "0{1}-{2}-{3}", "+20-{1}-{2}-{3}"]
    )
    return re.sub(
        r"( (?:من(?: رقم)?|from) )0(1[0125][0-9])([0-9]{3})([0-9]{4})(?![0-9])",
        lambda found: found[1] + shape.format(*found.groups()),
        text,
    )


def with_advert(text: str, rng: Random) -> str:
    return text.rstrip() + rng.choice(ADVERTS)


DISGUISES = [
    in_other_digits,
    with_marks,
    in_other_blanks,
    in_other_spelling,
    in_other_currency,
    in_other_phones,
    with_advert,
]


def check_values(outcome: Receipt | Unread, message: Message, text: str) -> None:
    """What was read is what the label says, or is missing; a message of no money stays none."""
    if isinstance(outcome, Unread):
        return
    assert message["expect"], (message["id"], text)
    expect, found = dict(message["expect"]), outcome.labelled()
    assert found["amount"] == expect["amount"], text
    for field in ("sender_phone", "receiver_phone", "receiver_last4", "transaction_id", "balance"):
        assert found[field] in (None, expect[field]), (field, text)
    assert found["datetime"] in (None, expect["datetime"]), text


def test_disguised_messages_read_as_their_original() -> None:
    rng = Random(20261008)
    read_right: Counter[bool] = Counter()
    for number in range(VARIANTS):
        message = SAMPLES[number % len(SAMPLES)]
        text = message["text"]
        for disguise in rng.sample(DISGUISES, rng.randint(1, 3)):
            text = disguise(text, rng)
        outcome = read(message["sender"], text, received_at(message))
        check_values(outcome, message, text)
        if message["expect"]:
            whole = isinstance(outcome, Receipt) and outcome.labelled() == message["expect"]
            read_right[whole] += 1
    assert read_right[True] > VARIANTS // 2
    assert not read_right[False]


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message["id"])
def test_message_cut_anywhere_tells_nothing_wrong(message: Message) -> None:
    text = message["text"]
    for end in range(len(text)):
        outcome = read(message["sender"], text[:end], received_at(message))
        check_values(outcome, message, text[:end])
        if isinstance(outcome, Receipt) and outcome.sender_name != message["expect"]["sender_name"]:
            # Only a deposit ends with its name, so only there may the name itself be cut.
            assert outcome.sender_name is None or outcome.template == "em-ar-deposit"
        check_values(read(message["sender"], text[end:], received_at(message)), message, text[end:])


@pytest.mark.parametrize("message", RECEIPTS, ids=lambda message: message["id"])
def test_words_in_front_refuse(message: Message) -> None:
    for prefix in PREFIXES:
        outcome = read(message["sender"], prefix + message["text"], received_at(message))
        assert isinstance(outcome, Unread), prefix


@pytest.mark.parametrize("message", RECEIPTS, ids=lambda message: message["id"])
def test_words_behind_that_undo_refuse(message: Message) -> None:
    for words in UNDONE:
        outcome = read(message["sender"], message["text"].rstrip() + words, received_at(message))
        assert isinstance(outcome, Unread), words
        assert outcome.looks_like_money


@pytest.mark.parametrize("message", RECEIPTS, ids=lambda message: message["id"])
def test_a_word_dropped_or_added_never_changes_a_value(message: Message) -> None:
    words = message["text"].split(" ")
    for place in range(len(words)):
        for changed in (
            [*words[:place], *words[place + 1 :]],
            [*words[:place], "لم", *words[place:]],
            [*words[:place], "refunded", *words[place:]],
        ):
            text = " ".join(changed)
            outcome = read(message["sender"], text, received_at(message))
            if isinstance(outcome, Receipt):
                assert outcome.labelled()["amount"] == message["expect"]["amount"], text
                phones = (None, message["expect"]["sender_phone"])
                assert outcome.sender_phone in phones, text
                references = (None, message["expect"]["transaction_id"])
                assert outcome.transaction_id in references, text


@pytest.mark.parametrize("message", RECEIPTS, ids=lambda message: message["id"])
def test_changed_sender_is_a_stranger(message: Message) -> None:
    sender = message["sender"]
    look_alikes = str.maketrans("aAcCeEoOpPxXiIkKsS", "аАсСеЕоОрРхХіІкКѕЅ")
    mutations = {
        *(sender + " ", " " + sender, sender + ".", "x" + sender, sender + "1", sender * 2),
        *(
            sender[:-1],
            sender[1:],
            sender + "\u200f",
            "+20" + sender,
            sender.translate(look_alikes),
        ),
        *("+201000000999", "01000000999", "", sender.replace("-", "–"), sender.replace(" ", "_")),
        *(sender.replace("K", "\u212a"), sender.replace("s", "\u017f"), f"{sender}\nVF-Cash"),
    }
    for mutation in mutations - {sender}:
        outcome = read(mutation, message["text"], received_at(message))
        assert not outcome.trusted_sender, mutation
    if message["expect"]["trusted_sender"]:
        assert read(sender.swapcase(), message["text"], received_at(message)).trusted_sender


UNITS = [
    *(
        "a",
        "1",
        "1 ",
        "1,",
        "1.",
        "1234 ",
        "123-456 ",
        "ABCD1 ",
        "otp ",
        "1234 otp",
        "- ",
        "* ",
        "x*",
    ),
    *("م", "تم ", "لا ", "وفال", "ج.", "ج م", "EGP ", "EGP1 ", "request ", "سداد ", "كود الخاص "),
    *(
        "تم استلام مبلغ ",
        "رصيدك الحالي ",
        "رقم العملية ",
        "المسجل باسم ",
        "\n",
        " \n",
        "\u200f",
        "[a ",
    ),
    *(
        "12:34 ",
        "25-12-05 ",
        "رمز التحقق ",
        "http://a ",
        "خصم ",
        "not ",
        "your balance ",
        "\x00",
        "\ud800",
    ),
]
HEADS = [
    "",
    "تم استلام مبلغ 50.00 جنيه من رقم 01100000909 ",
    "تم استلام مبلغ 50.00 جنيه من رقم 01100000909 المسجل باسم ",
    "تم استلام عملية تحويل اموال بمبلغ 5 جنيه من ",
    "تم إيداع مبلغ 1.00 في حسابك بنجاح من رقم حساب 01000000707 المسجل باسم ",
    "Kindly note your account ",
    "تم تحويل ",
]


@pytest.mark.parametrize("head", HEADS, ids=range(len(HEADS)))
def test_no_text_takes_long(head: str) -> None:
    for unit in UNITS:
        for length in (LONGEST, 100_000):
            text = (head + unit * length)[:length]
            # A slow one is asked again: the machine may have been busy.
            assert any(reading_takes(text) < SLOWEST_SECONDS for _ in range(3)), (head, unit)


def reading_takes(text: str) -> float:
    began = time.process_time()
    read("VF-Cash", text, None)
    return time.process_time() - began


def test_keeping_a_long_text_does_not_take_long_either() -> None:
    for unit in UNITS:
        text = (unit * 100_000)[:100_000]
        for work in (is_otp, mask, normalise, lambda it: text_fingerprint("VF-Cash", it, None)):
            began = time.process_time()
            work(text)
            # Four times as long as for reading: the fingerprint looks at all of the text.
            assert time.process_time() - began < 4 * SLOWEST_SECONDS, unit


def test_any_text_is_read_without_a_crash() -> None:
    rng = Random(7)
    alphabet = "تم استلام مبلغ0123٤۵.,:؛؛-/#*جنيهEGP \n\u200f\ud800\x00[]{}%" + "".join(
        message["text"] for message in SAMPLES[:10]
    )
    for _ in range(2_000):
        text = "".join(rng.choices(alphabet, k=rng.randint(0, 200)))
        assert isinstance(read(rng.choice(["VF-Cash", "x"]), text, None), Unread)
        is_otp(text)
        mask(text)
        text_fingerprint("x", text, None)
