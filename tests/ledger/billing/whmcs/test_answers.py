"""Every shape of list, id and amount that WHMCS has been seen to send, and what is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.billing.whmcs.answers import Malformed, fields_of, id_of, money_of, rows_of
from ledger.money import Money

ONE, TWO = {"id": "1", "transid": "a"}, {"id": 2, "transid": "b"}


def read(answer: Any) -> list[dict[str, Any]]:
    return rows_of(answer, "transactions", "transaction")


@pytest.mark.parametrize("wrapper", ["", None, [], {}, {"transaction": ""}, {"transaction": []},
                                     {"transaction": {}}, {"transaction": None}])  # fmt: skip
@pytest.mark.parametrize("total", [0, "0"])
def test_every_shape_of_nothing_is_no_rows(wrapper: Any, total: Any) -> None:
    assert read({"totalresults": total, "transactions": wrapper}) == []


def test_a_missing_wrapper_is_no_rows_only_where_the_answer_says_there_are_none() -> None:
    assert read({"totalresults": 0}) == []
    with pytest.raises(Malformed):
        read({"result": "success"})


@pytest.mark.parametrize("wrapper", ["", {}, [], {"transaction": []}])
def test_an_empty_list_that_does_not_say_it_is_empty_is_malformed(wrapper: Any) -> None:
    with pytest.raises(Malformed):
        read({"result": "success", "transactions": wrapper})
    with pytest.raises(Malformed):
        read({"result": "success", "transactions": wrapper, "totalresults": ""})


@pytest.mark.parametrize(
    "wrapper",
    [
        {"transaction": [ONE, TWO]},
        {"transaction": {"0": ONE, "1": TWO}},
        {"transaction": {"3": ONE, "17": TWO}},
        {"0": ONE, "1": TWO},
        [ONE, TWO],
    ],
)
@pytest.mark.parametrize("total", [2, "2"])
def test_every_shape_of_two_rows(wrapper: Any, total: Any) -> None:
    assert read({"totalresults": total, "transactions": wrapper}) == [ONE, TWO]


@pytest.mark.parametrize("wrapper", [{"transaction": ONE}, {"transaction": [ONE]}, {"0": ONE}])
def test_every_shape_of_one_row(wrapper: Any) -> None:
    assert read({"totalresults": 1, "transactions": wrapper}) == [ONE]


def test_the_flat_keys_of_older_documentation() -> None:
    answer = {
        "totalresults": "2",
        "credits[credit][0][id]": "1",
        "credits[credit][0][description]": "a",
        "credits[credit][1][id]": "2",
        "credits[credit][1][description]": "b",
    }

    assert rows_of(answer, "credits", "credit") == [
        {"id": "1", "description": "a"},
        {"id": "2", "description": "b"},
    ]


@pytest.mark.parametrize("total", [2, "2", 250])
def test_fewer_rows_than_the_answer_speaks_of_is_malformed(total: Any) -> None:
    with pytest.raises(Malformed, match=f"speaks of {total}"):
        read({"totalresults": total, "transactions": {"transaction": [ONE]}})


@pytest.mark.parametrize(
    "wrapper",
    ["none", 0, False, 1, [1], ["a"], [[ONE]], {"transaction": "a"}, {"transaction": [ONE, None]},
     {"transaction": 7}, {"error": "no"}, {"transaction": {"0": ONE, "1": "x"}}],
)  # fmt: skip
def test_anything_else_is_malformed_and_never_no_rows(wrapper: Any) -> None:
    with pytest.raises(Malformed):
        read({"totalresults": 0, "transactions": wrapper})


@pytest.mark.parametrize("total", ["many", -1, 1.5, True, False, [], "1 "])
def test_a_count_that_is_none_is_not_believed(total: Any) -> None:
    with pytest.raises(Malformed):
        read({"totalresults": total, "transactions": {"transaction": [ONE]}})


@pytest.mark.parametrize(
    "body",
    [
        b"", b"  \n", b"<html>Down for maintenance</html>", b'{"result": "suc', b"[]", b'"success"',
        b"null", b"1", b'{"result":"success"}{"result":"success"}', b'{"a": NaN}', b'{"a":1,"a":2}',
        b"<br />Warning: x in y.php on line 3{}", b"result=success;message=", b'{"a": "\xff"}',
        b"[" * 100_000, b'{"a":' * 100_000, b'{"a": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_a_body_that_is_no_whole_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        fields_of(body)


def test_numbers_with_a_fraction_stay_text() -> None:
    assert fields_of(b'{"balance": 45.90, "id": 7}') == {"balance": "45.90", "id": 7}


def test_a_byte_order_mark_changes_nothing() -> None:
    assert fields_of(b'\xef\xbb\xbf{"result": "success"}') == {"result": "success"}


@given(st.binary(max_size=200))
def test_no_bytes_bring_anything_but_an_object_or_malformed(body: bytes) -> None:
    try:
        assert isinstance(fields_of(body), dict)
    except Malformed:
        assert body != b"{}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(JSON, JSON)
def test_no_answer_is_read_as_empty_unless_it_says_zero(wrapper: Any, total: Any) -> None:
    answer = json.loads(json.dumps({"transactions": wrapper, "totalresults": total}))
    try:
        rows = read(answer)
    except Malformed:
        return
    assert rows or total in (0, "0")


@pytest.mark.parametrize(
    ("value", "known"), [(7, "7"), ("7", "7"), ("007", "7"), (0, "0"), ("", "0"), (None, "0")]
)
def test_ids_come_as_numbers_and_as_text(value: Any, known: str) -> None:
    assert id_of(value) == known


@pytest.mark.parametrize(
    "value", [True, False, "x", "7 ", "-7", -7, "7.0", [], {}, "\u0667", "9" * 19]
)
def test_what_is_no_id_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        id_of(value)


@pytest.mark.parametrize(
    ("value", "units"),
    [
        ("45.90", 4590),
        ("45.9", 4590),
        (45, 4500),
        ("0.00", 0),
        ("-3.50", -350),
        (-3, -300),
        ("-0.00", 0),
    ],
)
def test_amounts_come_as_text_and_numbers_and_may_be_negative(value: Any, units: int) -> None:
    assert money_of(value, "EUR") == Money(units, "EUR")


@pytest.mark.parametrize(
    "value",
    ["1,234.50", "1.234,50", "45,90", "$45.90", "45.90 EUR", "", None, True, "--1", "1e3", []],
)
def test_an_amount_that_could_be_read_in_two_ways_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        money_of(value, "EUR")


def test_an_amount_in_no_known_currency_is_malformed() -> None:
    with pytest.raises(Malformed):
        money_of("1.00", "")
