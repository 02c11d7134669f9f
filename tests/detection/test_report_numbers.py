"""Values as their number formats show them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.detection.report_numbers import number_text, shown_text
from tablesense.sheets.sheet import Cell, CellKind

ACCOUNTING = '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.1234, "0.0%", "12.3%"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (-1234.5, ACCOUNTING, "$(1,234.50)"),
        (0, ACCOUNTING, "$-"),
        (1234.5, "#,##0_);[Red](#,##0)", "1,235"),
        (-1234.5, "#,##0_);[Red](#,##0)", "(1,235)"),
        (2.675, "0.00", "2.68"),
        (5, "00000", "00005"),
        (1.5e7, "0.00E+00", "1.50E+07"),
        (1234567, "#,##0,", "1,235"),
        (12.5, "#.##", "12.5"),
        (0.5, "#.##", ".5"),
        (12, "0.0#", "12.0"),
        (3, '0" kg"', "3 kg"),
        (3, '0"; kg"', "3; kg"),
        (12, "[$€-407] #,##0", "€ 12"),
        (-2.5, "[Red]0.0", "-2.5"),
        (-0.001, "0.0", "0.0"),
        (3.25, "# ?/?", "3.25"),
        (1, "[>100]0.0;0", "1"),
        (1e300, "#,##0", "1E+300"),
        (7, "@", "7"),
        (0.3, "General", "0.3"),
        (123456789012, "General", "1.23457E+11"),
    ],
)
def test_numbers(value: float, number_format: str, shown: str) -> None:
    assert number_text(value, number_format) == shown


MOMENT = dt.datetime(2001, 4, 17, 15, 5, 9)


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (MOMENT, "d-mmm-yy", "17-Apr-01"),
        (MOMENT, "m/d/yyyy h:mm", "4/17/2001 15:05"),
        (MOMENT, "h:mm AM/PM", "3:05 PM"),
        (MOMENT, "[$-409]mmmm\\ d\\,\\ yyyy;@", "April 17, 2001"),
        (MOMENT, "mm:ss.0", "05:09.0"),
        (MOMENT, "General", "2001-04-17 15:05:09"),
        (dt.date(2024, 2, 29), "dddd", "Thursday"),
        (dt.time(9, 3), "h:mm", "9:03"),
        (dt.timedelta(hours=30, minutes=5), "[h]:mm:ss", "30:05:00"),
    ],
)
def test_dates(value: dt.datetime, number_format: str, shown: str) -> None:
    assert shown_text(Cell(value, CellKind.DATE), number_format) == shown


@given(st.floats(), st.text(st.sampled_from('0#?,.%E+-;[]"\\_*()$ @abdhmsy/'), max_size=12))
def test_no_format_fails_on_a_number(value: float, number_format: str) -> None:
    assert isinstance(number_text(value, number_format), str)


@given(
    st.one_of(st.datetimes(), st.dates(), st.times(), st.timedeltas()),
    st.text(st.sampled_from('ymdhsAMP/:.0[];"\\ '), max_size=12),
)
def test_no_format_fails_on_a_date(value: dt.datetime, number_format: str) -> None:
    assert isinstance(shown_text(Cell(value, CellKind.DATE), number_format), str)


def test_other_values() -> None:
    assert shown_text(Cell(True, CellKind.BOOLEAN), "0.00") == "TRUE"
    assert shown_text(Cell("007", CellKind.TEXT), "0.00") == "007"
    assert shown_text(Cell(None, CellKind.NUMBER, formula="=A1"), "0") == "=A1"
