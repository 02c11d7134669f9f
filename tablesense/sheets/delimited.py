"""Reader of .csv, .tsv and their like: encoding, delimiter and types of the values are found out."""

import codecs
import csv
import datetime as dt
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

from tablesense.boxes import MAX_COLS, MAX_ROWS
from tablesense.sheets.request import Budget
from tablesense.sheets.sheet import Cell, CellKind, CellValue, Sheet, SheetError
from tablesense.sheets.source import Openable

DELIMITERS = ("\t", ";", "|", ",")
_SAMPLE = 64 * 1024
_SAMPLE_ROWS = 200
_MARGIN = 0.1  # of the rows
_MOST_IN_LINE = 16 * 1024**2
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Only these are looked for: among all that exist, short texts find the wrong one too easily.
_CODE_PAGES = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "big5", "cp949"]

_WESTERN = frozenset(map(chr, range(128))) | set(
    "äöüÄÖÜßéèêëàâáãîïíóòôúùûçñåæøÅÆØÉÀÇÑ€£§°·«»¿¡ªº\u2013\u2014\u2026\u2018\u2019\u201c\u201d"
)

_EXCEL_DELIMITER = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # a first line that Excel obeys and hides
# Exponents as programs write them, 1.5E-05: what has no sign there, 12E3, is more often an article's number.
_POINT_NUMBER = re.compile(r"-?((0|[1-9]\d*)(\.\d+)?([eE][-+]\d{2,3})?|\.\d+)")
_COMMA_NUMBER = re.compile(r"-?(0|[1-9]\d*)(,\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?")
_ERRORS = frozenset({"#N/A", "#DIV/0!", "#REF!", "#NAME?", "#NUM!", "#VALUE!", "#NULL!"})
_MOST_DIGITS = 15  # what a number in a sheet holds; an account number of more stays text


def read_delimited(source: Openable, name: str, budget: Budget) -> Sheet:
    """Read a text file as the one sheet that a spreadsheet program would make of it.

    Numbers, ISO dates, booleans and errors get their types, each cell for itself. What looks like a number
    but may be a name stays text (007, +491, 12E3), and so does what only a country tells: 1,234 or 3/4/2020.

    Raises:
        SheetError: there are more rows, columns or cells than a sheet or the limits allow.
    """
    with source.open("rb") as file:
        encoding = find_encoding(file, budget)
        sample = _text(file, encoding).read(_SAMPLE)
        marked = _EXCEL_DELIMITER.match(sample)
        delimiter = marked[1] if marked else find_delimiter(sample)
        decimal_comma = delimiter != "," and _writes_decimal_commas(sample, delimiter)
        kept = budget.kept
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            budget.go_back(kept)
            lines = _lines(_text(file, encoding), budget)
            if marked:
                next(lines)
            with suppress(csv.Error):  # a quote that is never closed makes one cell of all that follows
                rows = csv.reader(lines, delimiter=delimiter, quoting=quoting)
                return Sheet(name, _cells(rows, budget, decimal_comma=decimal_comma), has_formatting=False)
    raise SheetError(f"a cell has more than {csv.field_size_limit():,} characters, so it is no table of text")


def find_encoding(file: BinaryIO, budget: Budget) -> str:
    """The encoding of a text: by its mark, else UTF-8 where all of it is, else by its letters."""
    file.seek(0)
    head = file.read(_SAMPLE)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    zeros = head[0::2].count(0), head[1::2].count(0)
    if max(zeros) > len(head) // 4:  # text in Latin letters, two bytes each
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    strange = b""
    try:
        for chunk in iter(lambda: file.read(_SAMPLE), b""):
            budget.check_time()
            strange = chunk
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _code_page(head if not head.isascii() else strange)
    return "utf-8"


def _code_page(sample: bytes) -> str:
    if _is_western(sample):
        return "cp1252"
    from charset_normalizer import from_bytes  # a tenth of a second, and most files are UTF-8

    best = from_bytes(sample, cp_isolation=_CODE_PAGES).best()
    return best.encoding if best is not None else "cp1252"


def _is_western(sample: bytes) -> bool:
    """Whether it were, as cp1252, text of Western Europe: its accents only, and not on every letter."""
    text = sample.decode("cp1252", "replace")
    letters = [letter for letter in text if letter.isalpha()]
    return set(text) <= _WESTERN and 2 * sum(letter.isascii() for letter in letters) >= len(letters)


def find_delimiter(sample: str) -> str:
    """The delimiter that cuts most rows into the same number of cells; a comma where none does."""
    best, best_share = ",", 0.0
    for delimiter in DELIMITERS:
        widths = [len(row) for row in _sample_rows(sample, delimiter) if any(row)]
        cut = Counter(width for width in widths if width > 1)
        share = max(cut.values(), default=0) / max(len(widths), 1)
        # Decimal numbers hold commas as regularly as rows do: comma comes last and must be better.
        if share > best_share + (_MARGIN if delimiter == "," else 0.0):
            best, best_share = delimiter, share
    return best


def _sample_rows(sample: str, delimiter: str) -> Iterator[list[str]]:
    lines = sample.splitlines(keepends=True)
    if len(sample) >= _SAMPLE and len(lines) > 1:
        lines.pop()  # cut off anywhere
    with suppress(csv.Error):
        yield from islice(csv.reader(lines, delimiter=delimiter), _SAMPLE_ROWS)


def _writes_decimal_commas(sample: str, delimiter: str) -> bool:
    values = [value.strip() for row in _sample_rows(sample, delimiter) for value in row]
    commas = sum("," in value and _COMMA_NUMBER.fullmatch(value) is not None for value in values)
    points = sum("." in value and _POINT_NUMBER.fullmatch(value) is not None for value in values)
    return commas > points


def _text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The file as text from its start; it stays open when the text is dropped."""
    file.seek(0)
    return _Text(file, encoding, errors="replace", newline="")


class _Text(io.TextIOWrapper):
    """A text over a file that others go on using."""

    def __del__(self) -> None:
        with suppress(ValueError):  # detached or closed already
            self.detach()


def _lines(text: io.TextIOWrapper, budget: Budget) -> Iterator[str]:
    for number, line in enumerate(iter(lambda: text.readline(_MOST_IN_LINE), "")):
        if number % 256 == 0:
            budget.check_time()
        if len(line) == _MOST_IN_LINE:
            raise SheetError(f"a line has more than {_MOST_IN_LINE:,} characters, so it is no table of text")
        yield line


def _cells(rows: Iterable[list[str]], budget: Budget, *, decimal_comma: bool) -> dict[tuple[int, int], Cell]:
    cells = {}
    for row, values in enumerate(rows):
        if row >= MAX_ROWS or len(values) > MAX_COLS:
            raise SheetError(
                f"it has more than a sheet's {MAX_ROWS:,} rows or {MAX_COLS:,} columns; split it"
            )
        for column, text in enumerate(values):
            if text:
                budget.spend()
                cells[row, column] = Cell(*typed(text, decimal_comma=decimal_comma))
    return cells


def typed(text: str, *, decimal_comma: bool = False) -> tuple[CellValue, CellKind]:
    """The value that a text says, and its kind."""
    bare = text.strip()
    number = _COMMA_NUMBER if decimal_comma else _POINT_NUMBER
    if number.fullmatch(bare):
        digits = bare.replace(",", ".")
        if sum(map(str.isdigit, digits)) > _MOST_DIGITS:
            return text, CellKind.TEXT
        value = float(digits) if set(digits) & set(".eE") else int(digits)
        return (value, CellKind.NUMBER) if math.isfinite(value) else (text, CellKind.TEXT)
    if bare.upper() in ("TRUE", "FALSE"):
        return bare.upper() == "TRUE", CellKind.BOOLEAN
    if bare in _ERRORS:
        return bare, CellKind.ERROR
    if _DATE.fullmatch(bare):
        with suppress(ValueError):  # the 31st of February
            return dt.datetime.fromisoformat(bare), CellKind.DATE
    return text, CellKind.TEXT
