"""Text of strangers, made safe."""

from hypothesis import given
from hypothesis import strategies as st

from tablesense.terminal.untrusted import csv_text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_taking_the_apostrophe_off_gives_the_text_back(text: str) -> None:
    assert csv_text(text).removeprefix("'") == text
    assert not csv_text(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_text_that_is_no_utf8_can_be_written() -> None:
    assert csv_text("report\udcff.xlsx").encode() == b"report\\udcff.xlsx"
