import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.features.text import (
    has_note_start,
    has_total_word,
    is_number_text,
    is_separator,
    is_year,
    number_in,
    pattern_of,
)

NUMBERS = (
    "7",
    "1,234.5",
    "-3",
    "+3",
    "(12)",
    "$ 5",
    "€5",
    "-$5.20",
    "12%",
    ".5",
    "1e-5",
    "1 234",
    "12*",
    " 7 ",
)
MISSING = ("-", "--", "n/a", "N.A.", "..", "(D)", "(NA)")
DATES = ("2024-02-29", "29/2/24", "29 Feb", "29-feb-2024", "Feb 29, 2024", "March 2024", "Dec. '99")
YEARS = ("1900", "2099", "2001-02", " 1999/2000 ", "2001p")


@pytest.mark.parametrize("text", [*NUMBERS, *MISSING, *DATES])
def test_numbers_dates_and_missing_numbers(text: str) -> None:
    assert is_number_text(text)


@pytest.mark.parametrize(
    "text", ["", "tea", "Q1", "12 apples", "7 to 9", "a-", "x y", "no. 7", "Maybe", "7" * 41]
)
def test_texts_that_say_no_number(text: str) -> None:
    assert not is_number_text(text)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_every_number_reads_as_one(number: float) -> None:
    assert is_number_text(f"{number:.10g}")
    assert is_number_text(f"{number:,.2f}")
    assert number_in(f"{number:.10g}") == float(f"{number:.10g}")
    assert number_in(f" $ {number:,.2f} ") == float(f"{number:.2f}")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$ 1,200", 1200),
        ("(3.5)", -3.5),
        ("$(200)", -200),
        ("-$2", -2),
        ("12%", 12),
        (".5", 0.5),
        ("1 234", 1234),
        ("1e-5", 1e-5),
        ("12*", 12),
        ("0,75", 0.75),
        ("1.234,5", 1234.5),
        ("1,234,567.8", 1234567.8),
        (" " * 50 + "7", 7),
    ],
)
def test_the_number_that_a_text_says(text: str, number: float) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize("text", ["", "tea", "n/a", "-", "1-2", "Q1", "1.2.3", "+-3", "2001-01-02", "Feb 29"])
def test_what_says_no_number(text: str) -> None:
    assert math.isnan(number_in(text))


@pytest.mark.parametrize("text", ["(" + " " * 5000 + "1" * 5000 + "x", "1" * 10_000 + "e", "1,5" * 3000])
def test_long_texts_are_no_trap(text: str) -> None:
    for _ in range(100):  # a pattern that goes back and forth would take hours
        number_in(text)


@given(st.dates())
def test_every_date_reads_as_one(date: object) -> None:
    assert is_number_text(str(date))


@pytest.mark.parametrize(
    ("text", "expected"), [("-----", True), (" == == ", True), ("..", True), ("-", False)]
)
def test_separators(text: str, expected: bool) -> None:
    assert is_separator(text) is expected
    assert not is_separator(text + "a")


@pytest.mark.parametrize("text", ["Total", "GRAND TOTAL", "Sub-total:", "Net income", "avg. price"])
def test_words_of_totals(text: str) -> None:
    assert has_total_word(text)
    assert not has_total_word(text + " and more" * 8), "a long text is a sentence"


@pytest.mark.parametrize("text", ["", "Totally", "summary", "network"])
def test_words_of_totals_are_whole_words(text: str) -> None:
    assert not has_total_word(text)


@pytest.mark.parametrize(
    "text", ["Source: Enron", "Sources", "Note: x", "notes", "1/ Estimated", "* p<0.1", "(a) x", "[1]", "† x"]
)
def test_starts_of_notes(text: str) -> None:
    assert has_note_start(text)
    assert not has_note_start(f"The {text}")


@pytest.mark.parametrize("text", ["", "tea", "1.5", "12", "seed", "Notebook prices"])
def test_what_is_no_note(text: str) -> None:
    assert not has_note_start(text)


@pytest.mark.parametrize("text", YEARS)
def test_years(text: str) -> None:
    assert is_year(text)


@pytest.mark.parametrize("text", ["", "1899", "2100", "20011", "in 2001", "2001-2"])
def test_what_is_no_year(text: str) -> None:
    assert not is_year(text)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [("1,234.50", "9,9.9"), (" Q1 2024 ", "a9 9"), ("Grand total", "a a"), ("été_7", "a_9"), ("", "")],
)
def test_patterns(text: str, pattern: str) -> None:
    assert pattern_of(text) == pattern


@given(st.text())
def test_spaces_around_a_text_change_nothing(text: str) -> None:
    assert pattern_of(f"  {text} ") == pattern_of(text)
    assert len(pattern_of(text)) <= 40
    for question in (is_number_text, is_separator, is_year):
        assert question(f"  {text} ") is question(text)


@given(st.text(alphabet="abc", min_size=1), st.text(alphabet="xyz", min_size=1), st.integers(0, 10**9))
def test_a_pattern_forgets_words_and_numbers(one: str, other: str, number: int) -> None:
    assert pattern_of(f"{one} {number}") == pattern_of(f"{other} {number + 1}")
