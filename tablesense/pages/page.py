"""Puts a page together from template, styles, scripts and data, under a policy that lets only these in."""

import base64
import hashlib
import html
from collections.abc import Sequence
from importlib import resources
from string import Template
from typing import NamedTuple

from tablesense.pages.text import Json, as_script_text


class Asset(NamedTuple):
    """A file beside the code: ``Asset("tablesense.pages", "assets/base.css")``."""

    package: str
    path: str

    def text(self) -> str:
        """What is in it, with the line ends that browsers hash."""
        file = resources.files(self.package) / self.path
        return file.read_text(encoding="utf-8").replace("\r\n", "\n")


BASE_STYLE = Asset("tablesense.pages", "assets/base.css")
"""Colours of both themes, text, buttons and fields: what all pages look like."""

BASE_SCRIPT = Asset("tablesense.pages", "assets/base.js")
"""``make`` for elements and ``addTheme`` for the button that switches the theme."""

_SHELL = Asset("tablesense.pages", "assets/page.html")


def build_page(
    body: Asset, *, styles: Sequence[Asset], scripts: Sequence[Asset], title: str, data: Json
) -> str:
    """The text of a page.

    Args:
        body: HTML of what the page shows; after it come ``#live``, where scripts tell those who listen what
            happens, and ``#data``.
        styles: style sheets, in their order.
        scripts: in the order they build on each other; classic scripts of one page share their
            top-level names.
        title: escaped here.
        data: what the scripts show; they find it as JSON in ``#data``.
    """
    style_texts = [style.text() for style in styles]
    script_texts = [script.text() for script in scripts]
    return Template(_SHELL.text()).substitute(
        policy=html.escape(_policy(style_texts, script_texts)),
        title=html.escape(title),
        body=body.text().rstrip("\n"),
        styles="\n".join(f"<style>{style}</style>" for style in style_texts),
        data=as_script_text(data),
        scripts="\n".join(f"<script>{script}</script>" for script in script_texts),
    )


def _policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """The page may run exactly its own scripts and styles, and load nothing at all."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {' '.join(map(_hash, styles))}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    """A source expression that allows one inline script or style: the one with this text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
