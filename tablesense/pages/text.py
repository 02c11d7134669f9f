"""Untrusted text for pages: what it says is seen, what it could do is not done."""

import json
import re
import unicodedata
from typing import Any

Json = dict[str, Any]

# Joiners hold letters of some scripts and parts of emoji together: between such letters they stay.
_JOINED = re.compile(r"(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"


def as_script_text(data: Json) -> str:
    """JSON that can stand inside ``<script>`` whatever the strings in it say.

    ``<`` is escaped, so that neither ``</script>`` nor ``<!--`` can end or change the element; everything
    outside ASCII (U+2028 and half surrogates among it) is written as an escape by ``json`` itself.
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def visible(text: str, most: int = 4_000, keep: str = "") -> str:
    """Text with control, direction and other invisible characters made visible, cut when very long.

    Args:
        text: any text.
        most: characters of it that are shown at most.
        keep: characters that are left alone, such as the line end.
    """
    shown = text[:most]
    if not shown.isprintable():
        shown = "".join(
            letter if letter in keep or _is_joint(shown, place) else _visible_letter(letter)
            for place, letter in enumerate(shown)
        )
    return shown if len(text) <= most else f"{shown} … ({len(text):,} characters)"


def _is_joint(text: str, place: int) -> bool:
    return text[place] in _JOINERS and _JOINED.match(text, place) is not None


def _visible_letter(letter: str) -> str:
    code = ord(letter)
    if code < 0x20:
        return chr(0x2400 + code)  # the picture of the control character
    # Cc control, Cf direction and zero width, Cs half a surrogate, Zl and Zp line ends.
    return f"⟨U+{code:04X}⟩" if unicodedata.category(letter) in _INVISIBLE else letter
