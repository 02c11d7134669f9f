"""Untrusted text on its way into a page."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.pages.text import as_script_text, visible

anything = st.text(st.characters(), max_size=50)  # half surrogates too


@given(anything)
def test_nothing_invisible_is_left_and_what_is_seen_stays(text: str) -> None:
    shown = visible(text)
    joiners = {"\u200c", "\u200d"}
    assert not any(
        unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in shown if c not in joiners
    )
    rest = iter(shown)
    assert all(c in rest for c in text if c.isprintable()), "every letter, in its order"
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("invoice\u202egpj.exe", "invoice⟨U+202E⟩gpj.exe"),
        ("a\x00b\x1b[31m", "a␀b␛[31m"),
        ("half \ud800", "half ⟨U+D800⟩"),
        ("pay\u200bpal", "pay⟨U+200B⟩pal"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("می\u200cخورم", "می\u200cخورم"),
    ],
)
def test_what_could_deceive_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_long_text_is_cut_and_says_so() -> None:
    assert visible("x" * 32_767, 10) == "xxxxxxxxxx … (32,767 characters)"
    assert visible("a\nb", keep="\n") == "a\nb"


@given(anything)
def test_data_comes_back_and_cannot_end_its_element(text: str) -> None:
    script = as_script_text({"key": text, text: [1, None]})
    assert not set(script) & set("<>&\u2028\u2029")
    assert script.isascii()
    assert json.loads(script) == {"key": text, text: [1, None]}
