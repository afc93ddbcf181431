"""The rules around a message: phones, senders, dates, codes, copies, balances, age."""

# ruff: noqa: RUF001 -- it is Arabic, and not Latin letters that look odd.

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateways.wallet.phones import local_phone
from gateways.wallet.sms import (
    CAIRO,
    LONGEST,
    SENDERS,
    Receipt,
    Unread,
    is_otp,
    is_recent,
    mask,
    normalise,
    read,
    text_fingerprint,
    wallets_of,
)
from ledger.money import Money
from tests.gateways.wallet.messages import RECEIPTS, Message

NBE = (
    "تم إضافة تحويل لحظي لبطاقتكم مسبقة الدفع بمبلغ 550.00 جم من باسم نموذج رقم مرجعي 448900000821"
    " يوم {} الساعة {} للمزيد اتصل بـ 19623"
)
QNB = "IPN transfer received with amount of EGP 4000.00 on 7005 on {} at {}. Ref# 4a360042"


def egp(amount: str) -> Money:
    return Money.parse(amount, "EGP")


# --- phones -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "01012345678",
        "+201012345678",
        "00201012345678",
        "201012345678",
        "1012345678",
        "+20 (010) 1234-5678",
        " 010 1234 5678\n",
        "٠١٠١٢٣٤٥٦٧٨",
        "۰۱۰۱۲۳۴۵۶۷۸",
    ],
)
def test_phone_in_any_clothes_is_eleven_digits(text: str) -> None:
    assert local_phone(text) == "01012345678"


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "abc", "0101234567", "010123456789", "01312345678", "0223456789", "19623"),
        *("+966512345678", "VF-Cash", "01012345678 01012345679", "0" * 100),
    ],
)
def test_what_is_no_egyptian_mobile(text: str) -> None:
    assert local_phone(text) is None


# --- senders ----------------------------------------------------------------------------------
def test_no_trusted_sender_is_a_phone() -> None:
    assert not any(local_phone(sender) for sender in SENDERS)


@pytest.mark.parametrize(
    ("sender", "wallets"),
    [
        ("VF-Cash", ("vodafone_cash",)),
        ("vf-cash", ("vodafone_cash",)),
        ("اورنج كاش", ("orange_cash",)),
        ("E& MONEY", ("e_money",)),
        ("19623", ("instapay", "bank")),
        ("Vodafone", ()),
        ("VF-Cash\u200f", ()),
        ("Ban\u212a-AlAhly", ()),
    ],
)
def test_senders_are_compared_exactly(sender: str, wallets: tuple[str, ...]) -> None:
    assert wallets_of(sender) == wallets


def test_trusted_sender_speaks_only_for_its_own_wallet() -> None:
    orange = (
        "تم استلام عملية تحويل أموال بمبلغ 5.00 جنيه من Ahmed A Sample، رصيدك الحالي 79.28 جنية."
        " رقم المعاملة 2951000892"
    )
    assert isinstance(read("Orange Cash", orange, None), Receipt)
    assert isinstance(read("VF-Cash", orange, None), Unread)


# --- dates ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "clock", "received", "happened"),
    [
        ("08-12", "10:38", "2026-08-12T10:39:02+03:00", "2026-08-12T10:38:00"),
        # Month before day, always: the 8th of December would be four months away.
        ("12-08", "10:38", "2026-12-08T10:39:02+02:00", "2026-12-08T10:38:00"),
        # New Year's Eve, told in the new year.
        ("12-31", "23:58", "2027-01-01T00:01:00+02:00", "2026-12-31T23:58:00"),
        # A phone whose clock is a little behind the network's, over New Year.
        ("01-01", "00:01", "2026-12-31T23:59:30+02:00", "2027-01-01T00:01:00"),
        ("02-29", "10:00", "2028-02-29T10:01:00+02:00", "2028-02-29T10:00:00"),
        # Summer time: half past nine in London's UTC is half past twelve in Cairo.
        ("07-01", "12:30", "2026-07-01T09:31:00+00:00", "2026-07-01T12:30:00"),
        # Sixty days before are believed, as after a phone's long sleep.
        ("06-13", "10:38", "2026-08-12T10:37:00+03:00", "2026-06-13T10:38:00"),
    ],
)
def test_year_comes_from_the_receipt(day: str, clock: str, received: str, happened: str) -> None:
    outcome = read("BanK-AlAhly", NBE.format(day, clock), datetime.fromisoformat(received))
    assert isinstance(outcome, Receipt)
    assert outcome.happened == datetime.fromisoformat(happened)


@pytest.mark.parametrize(
    ("day", "clock", "received"),
    [
        ("08-12", "10:38", "2026-11-12T10:39:02+02:00"),
        ("08-12", "10:38", "2026-08-11T10:39:02+03:00"),
        ("02-29", "10:00", "2026-03-01T10:01:00+02:00"),
        ("13-08", "10:00", "2026-08-13T10:01:00+03:00"),
        ("08-12", "25:00", "2026-08-12T10:01:00+03:00"),
    ],
)
def test_date_that_is_not_near_its_receipt_is_refused(day: str, clock: str, received: str) -> None:
    outcome = read("BanK-AlAhly", NBE.format(day, clock), datetime.fromisoformat(received))
    assert outcome == Unread("odd_date", looks_like_money=True, trusted_sender=True)


def test_year_is_not_guessed_without_a_receipt() -> None:
    outcome = read("BanK-AlAhly", NBE.format("08-12", "10:38"), None)
    assert isinstance(outcome, Receipt)
    assert outcome.happened is None


@pytest.mark.parametrize(
    "received",
    [
        None,
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_day_of_no_year_is_refused_whatever_the_phone_says(received: datetime | None) -> None:
    outcome = read("QNB EGYPT", QNB.format("31/06", "03:40 PM"), received)
    assert outcome == Unread("odd_date", looks_like_money=True, trusted_sender=True)


@pytest.mark.parametrize(
    ("clock", "hour"), [("12:05 AM", 0), ("12:05 PM", 12), ("01:05 AM", 1), ("11:05 PM", 23)]
)
def test_half_days_count_from_twelve_and_day_comes_before_month(clock: str, hour: int) -> None:
    received = datetime(2026, 6, 2, 23, 30, tzinfo=CAIRO)
    outcome = read("QNB EGYPT", QNB.format("02/06", clock), received)
    assert isinstance(outcome, Receipt)
    assert outcome.happened == datetime(2026, 6, 2, hour, 5)  # noqa: DTZ001 -- naive Cairo


@pytest.mark.parametrize("clock", ["00:05 AM", "13:05 PM", "10:61 PM"])
def test_no_such_hour_is_refused(clock: str) -> None:
    outcome = read("QNB EGYPT", QNB.format("02/06", clock), datetime(2026, 6, 2, 23, tzinfo=CAIRO))
    assert isinstance(outcome, Unread)
    assert outcome.reason == "odd_date"


def test_day_before_the_time_is_read_the_way_that_fits_the_receipt() -> None:
    text = "تم استلام مبلغ 50 جنيه من رقم 01100000909 تاريخ العملية {} رقم العملية 015900000966."
    for day, received, happened in [
        ("05-04-26 16:49", None, "2026-04-05T16:49:00"),
        ("05-04-26 16:49", datetime(2026, 4, 5, 17, tzinfo=CAIRO), "2026-04-05T16:49:00"),
        ("26-04-05 16:49", datetime(2026, 4, 5, 17, tzinfo=CAIRO), "2026-04-05T16:49:00"),
        ("30-07-25 20:05", None, "2025-07-30T20:05:00"),
    ]:
        outcome = read("VF-Cash", text.format(day), received)
        assert isinstance(outcome, Receipt)
        assert outcome.happened == datetime.fromisoformat(happened)


def test_stamp_without_a_zone_is_a_mistake_of_the_caller() -> None:
    naive = datetime(2026, 6, 2)  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        read("VF-Cash", "x", naive)
    with pytest.raises(ValueError, match="zone"):
        text_fingerprint("VF-Cash", "x", naive)


# --- age --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("age", "happened_age", "recent"),
    [
        (timedelta(), None, True),
        (timedelta(hours=48), None, True),
        (timedelta(hours=48, seconds=1), None, False),
        (timedelta(minutes=-30), None, True),
        (timedelta(hours=-2), None, False),
        # An inbox imported again: stamped today, but it names an old day.
        (timedelta(), timedelta(days=3), False),
        (timedelta(), timedelta(hours=47), True),
        (timedelta(), timedelta(days=-1), False),
    ],
)
def test_age_gate(age: timedelta, happened_age: timedelta | None, recent: bool) -> None:
    now = datetime(2026, 8, 12, 12, tzinfo=CAIRO)
    happened = None if happened_age is None else (now - happened_age).replace(tzinfo=None)
    assert is_recent(happened, now - age, now) is recent


@pytest.mark.parametrize(
    ("sender", "end", "captured"),
    [
        ("VF-Cash", "", True),
        ("VF-Cash", " رصيدك الحالي 90.00 جنيه رقم العملية 022300000519", True),
        ("VF-Cash", " رصيدك الحالي 90.00 جنيه", False),
        ("VF-Cash", " تاريخ العملية 09:05 26-01-02", False),
        ("e& money", " بنجاح", True),
        ("e& money", "", False),
    ],
)
def test_receipt_without_its_usual_end_waits_for_a_person(
    sender: str, end: str, captured: bool
) -> None:
    outcome = read(sender, "تم استلام مبلغ 50 جنيه من رقم 01100000909" + end, None)
    assert isinstance(outcome, Receipt)
    assert outcome.captured is captured


# --- copies -----------------------------------------------------------------------------------
def test_copies_of_one_message_have_one_fingerprint() -> None:
    sent = datetime(2026, 5, 1, 7, 0, 0, 999_000, tzinfo=UTC)
    text = "تم إستلام مبلغ ٢٠٠ ج.م من رقم 01000000707 بنجاح"
    copies = {
        text_fingerprint("e& money", text, sent),
        text_fingerprint("E& Money", f"\u200f{text}\r\n", sent.astimezone(CAIRO)),
        text_fingerprint("e& money", text.replace("٢٠٠", "200"), sent.replace(microsecond=0)),
        text_fingerprint("e& money", text.replace("إ", "ا").replace(" ", "\n"), sent),
    }
    assert len(copies) == 1
    others = {
        text_fingerprint("e& money", text, sent + timedelta(seconds=1)),
        text_fingerprint("e& money", text, None),
        text_fingerprint("e& money", text.replace("٢٠٠", "201"), sent),
        text_fingerprint("VF-Cash", text, sent),
    }
    assert len(others | copies) == 5


def test_normal_form() -> None:
    assert (
        normalise("\ufeff تم\u00a0  إستلام\r\n ١٬٤٥٠٫٥٠ \u202bجنيـه\t")
        == "تم إستلام\n1,450.50 جنيه"
    )


def test_name_is_shown_as_it_was_written() -> None:
    text = "تم إستلام عملية تحويل أموال بمبلغ 5 جنيه من أسماء يحيى فاطمة، رقم المعاملة 2052000102"
    outcome = read("Orange Cash", text, None)
    assert isinstance(outcome, Receipt)
    assert outcome.sender_name == "أسماء يحيى فاطمة"


def test_long_text_is_not_read() -> None:
    text = "تم استلام مبلغ 50 جنيه من رقم 01100000909. "
    assert isinstance(read("VF-Cash", text, None), Receipt)
    outcome = read("VF-Cash", text + "ا" * LONGEST, None)
    assert outcome == Unread("too_long", looks_like_money=True, trusted_sender=True)


def test_number_that_may_have_been_cut_is_no_balance() -> None:
    text = (
        "Apr 30, 2026 4:44:09 PM: Received EGP10 from 00201100000202 to Mobile Account Number 0101."
        " Ref: 019500000303 Available Balance: "
    )
    for ending, balance in [
        ("2040.75", "2040.75"),
        ("2040.7", None),
        ("2040", None),
        ("2,", None),
        ("2040 EGP", "2040.00"),
        ("2040. Thank you", "2040.00"),
    ]:
        outcome = read("VF-Cash", text + ending, None)
        assert isinstance(outcome, Receipt)
        assert (outcome.balance.amount if outcome.balance else None) == balance


@pytest.mark.parametrize(
    "amount",
    [
        *("EGP .50", "EGP.50", ".50 EGP", "-50 EGP", "EGP -50", "50- EGP", "1 000 EGP", "1,00 EGP"),
        *(
            "1,0000 EGP",
            "1000,000 EGP",
            "007 EGP",
            "0.00 EGP",
            "50.123 EGP",
            "1.000.000 EGP",
            "5e3 EGP",
        ),
        *(
            "1'000 EGP",
            "50 %",
            "50",
            "EGP",
            "٥٠",
            "fifty EGP",
            "50 USD",
            "50k EGP",
            "1,297.00,5 EGP",
        ),
        *("99999999999999999999 EGP", "EGP 50-60", "50/60 EGP", "50 EGP 60 EGP", "１００ EGP"),
    ],
)
def test_amount_that_can_be_read_two_ways_is_not_read(amount: str) -> None:
    text = f"You have received {amount} in your e& money wallet from 01100000202"
    assert isinstance(read("e& money", text, None), Unread)


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        ("EGP50", "50.00"),
        ("50EGP", "50.00"),
        ("LE 50.5", "50.50"),
        ("L.E. 1,050", "1050.00"),
        ("1,234,567.89 EGP", "1234567.89"),
        ("٥٠٫٧٥ جنيه", "50.75"),
        ("0.25 ج.م.", "0.25"),
        ("50 جنيهًا مصري", "50.00"),
        ("E.G.P 50", "50.00"),
    ],
)
def test_amount_is_read_to_the_piastre(amount: str, value: str) -> None:
    text = f"You have received {amount} in your e& money wallet from 01100000202"
    outcome = read("e& money", text, None)
    assert isinstance(outcome, Receipt)
    assert outcome.amount == egp(value)


# --- codes ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "رمز التحقق الخاص بك هو 654321. لا تشاركه مع احد",
        "رمز التحقق: ٦٥٤٣٢١",
        "كود التفعيل 1122",
        "كلمة المرور لمرة واحدة 998877",
        "Your OTP is 789012. Do not share it.",
        "789012 is your OTP",
        "Use 4471 to verify your account",
        "G-123456 is your Google verification code.",
        "Your code is 123-456",
        "Your security code: A7K9Q2",
        "One-time password 55667788 for EGP 500.00 at SHOP",
        "الرقم السري المتغير الخاص بعمليه الشراء الالكترونية من محفظة فودافون كاش هو 321084 بمبلغ 449.0.",
        "Use 789012 to log in to Vodafone",
        "Your WhatsApp code 123 456. Don't share",
        "Telegram code: 12345",
        "Enter code 4821 to complete your purchase of EGP 500.00",
        "رقمك السري الجديد هو 445566",
        "كلمة السر الخاصة بك: Ab12cd34",
        "استخدم الرمز 778899 لتسجيل الدخول",
        "الكود بتاعك 445566 متدهوش لحد",
        "رمز التأكيد: 4 4 5 5 6 6",
        "كود OTP 44 55 66",
        "تم استلام مبلغ 500 جنيه كود التحقق 445566",
        "Never share code 445566 with anyone",
        "رمز المعاملة لمرة واحدة 445566",
        "ادخل 445566 لاتمام العملية",
        "Dear customer, 445566 is the activation key",
    ],
)
def test_code_is_known_and_masked(text: str) -> None:
    assert is_otp(text)
    assert not any(each.isdigit() for each in mask(text))
    outcome = read("VF-Cash", text, None)
    assert outcome == Unread("otp", looks_like_money=False, trusted_sender=True)


@pytest.mark.parametrize(
    "text",
    [
        "تم استلام مبلغ 2400 جنيه من رقم 01100000452. اوعى تدي كود التحقق لأي حد",
        "You paid EGP 5000 at SHOP. Never share your PIN or OTP.",
        "تم تحويل 250 جنيه لرقم 01000000451 رصيدك الحالي 349. فودافون كاش عمرها ما هتطلب الرقم السري",
        "Your transfer of 2026-06-12 is on its way",
        "Call 19623 for help",
        "كل سنة وانتم طيبين",
    ],
)
def test_warning_about_codes_is_no_code(text: str) -> None:
    assert not is_otp(text)


@pytest.mark.parametrize("message", RECEIPTS, ids=lambda message: message["id"])
def test_receipt_that_warns_about_codes_is_kept_whole(message: Message) -> None:
    for warning in (
        ". لا تشارك كود التحقق 1234 مع أحد",
        ". Never share your OTP 1234",
        "\nكود الخصم 5566",
    ):
        assert not is_otp(message["text"] + warning)


def test_mask_hides_links_and_keeps_words() -> None:
    masked = mask("Your code is 123456, or open https://bank.example/verify?t=abc")
    assert masked == "Your code is •••• or open ••••"
