"""XML parts, parsed in C and in pieces. Declared entities are refused as defusedxml refuses them."""

import re
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import XML, Element
from xml.parsers import expat

from defusedxml.ElementTree import fromstring

PIECE_BYTES = 1 << 20  # what is worked on at a time: it bounds memory, and more is not faster
_LONGEST_PIECE = 64 * PIECE_BYTES
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_DECLARATION = re.compile(r"\ufeff?(?:<\?xml([^<>]*)\?>)?")
_ROOT = re.compile(rb"<(\w+:)?\w")
_ENCODING = re.compile(r"""encoding\s*=\s*["']([^"']*)""")


class NotPlain(Exception):  # noqa: N818 - no error: the other reader takes over
    """A part has something that is left to openpyxl's reader."""


def parse_xml(data: bytes) -> Element:
    """Parse a small part.

    defusedxml parses in Python, many times slower than C; but only a part with a DOCTYPE can declare
    entities, and only in UTF-16 could a DOCTYPE be spelled in other bytes.

    Raises:
        xml.etree.ElementTree.ParseError: the part is not XML.
        defusedxml.DefusedXmlException: the part declares entities.
    """
    if b"<!DOCTYPE" in data or b"\0" in data[:4] or data[:2] in _UTF_16:
        root: Element = fromstring(data)
        return root
    return XML(data)


def pieces(source: IO[bytes], element: str) -> tuple[str, Iterator[str]]:
    """The text of a part in pieces, each but the last cut right after the end of an ``element``.

    The part is checked to be well-formed on the way, so that a reader of the pieces needs to tell
    only the elements apart. Line ends are those of XML.

    Returns:
        What the part's elements are called with, such as ``x:``; and the pieces.

    Raises:
        NotPlain: the part is not well-formed UTF-8, or has a DOCTYPE, a comment, CDATA or instructions.
    """
    data = source.read(PIECE_BYTES)
    root = _ROOT.search(data)
    prefix = (root[1] or b"").decode() if root else ""
    return prefix, _pieces(data, source, f"</{prefix}{element}>".encode())


def _pieces(data: bytes, source: IO[bytes], end: bytes) -> Iterator[str]:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.EntityDeclHandler = _refuse_entity
    rest, first = b"", True
    while data:
        _check(parser, data, is_last=False)
        buffer = rest + data
        cut = buffer.rfind(end, max(len(rest) - len(end), 0)) + len(end)
        if cut >= len(end):
            yield _text(buffer[:cut], first=first)
            rest, first = buffer[cut:], False
        else:
            rest = buffer
        if len(rest) > _LONGEST_PIECE:
            raise NotPlain("an element too long")
        data = source.read(PIECE_BYTES)
    _check(parser, b"", is_last=True)
    yield _text(rest, first=first)


def _refuse_entity(name: str, *_: object) -> None:
    raise NotPlain(f"the entity {name}")


def _check(parser: expat.XMLParserType, data: bytes, *, is_last: bool) -> None:
    try:
        parser.Parse(data, is_last)
    except expat.ExpatError as error:
        raise NotPlain(str(error)) from error


def _text(data: bytes, *, first: bool) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotPlain("not UTF-8") from error
    if first:
        declaration = _DECLARATION.match(text)
        if declaration is not None:
            encoding = _ENCODING.search(declaration[1] or "")
            if encoding is not None and encoding[1].lower() not in ("utf-8", "us-ascii"):
                raise NotPlain("not UTF-8")
            text = text[declaration.end() :]
    # The single characters are looked for first: they are rare, and what begins with "<" is not.
    if ("!" in text and "<!" in text) or ("?" in text and "<?" in text):
        raise NotPlain("instructions or a declaration")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text
