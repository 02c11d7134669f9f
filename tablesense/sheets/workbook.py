"""The one door to workbooks: any supported file becomes a list of sheets, or one clear error."""

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from tablesense.sheets.child import read_in_child
from tablesense.sheets.delimited import read_delimited
from tablesense.sheets.detect_format import Format, damaged, find_format
from tablesense.sheets.fallback import read_xlsx_or_values
from tablesense.sheets.ods import read_ods
from tablesense.sheets.request import DEFAULT_LIMITS, Budget, ReadLimits, ReadRequest
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.source import Source

__all__ = ["DEFAULT_LIMITS", "ReadLimits", "open_workbook"]

# XML of the worst kind takes 180 times its size to read. An .xlsx that unpacks to more than this is read
# where memory is bounded, which costs it half a second.
_LARGE = 8 * 1024**2


def open_workbook(
    file: str | Path | bytes,
    *,
    sheet_names: Collection[str] | None = None,
    include_hidden: bool = False,
    limits: ReadLimits = DEFAULT_LIMITS,
) -> list[Sheet]:
    """Read a workbook's worksheets in their order.

    The content tells the format, whatever the file is called: .xlsx, .xlsm, .xls and .ods with their
    formatting, .xlsb, .csv and .tsv without. Chart, dialog and macro sheets are left out. Where a
    workbook's formatting is damaged, the sheets hold values only and a ``note``.

    Args:
        file: a path, or a whole file as bytes.
        sheet_names: only these sheets, hidden or not, in letters of any case; a name that the workbook lacks
            gives no sheet.
        include_hidden: give the hidden sheets too (see ``Sheet.visible``).
        limits: what the file may cost.

    Raises:
        SheetError: the file cannot be read; the message names the file, the cause and the remedy.
    """
    source = Source(file)
    names = None if sheet_names is None else frozenset(map(str.casefold, sheet_names))
    try:
        sheets = _read(source, ReadRequest(names, include_hidden, limits))
    except SheetError as error:
        raise SheetError(f"{source.name}: {error}") from error
    except Exception as error:
        # A damaged part can make zipfile, the XML parser or openpyxl raise almost anything.
        raise SheetError(f"{source.name}: {damaged(error)}") from error
    _make_names_unique(sheets)
    return sheets


def _read(source: Source, request: ReadRequest) -> list[Sheet]:
    source.budget = budget = Budget(request.limits)
    format_, unpacked = find_format(source, request.limits)
    if format_ is Format.XLSX and unpacked <= _LARGE:
        return read_xlsx_or_values(
            source, request, budget, lambda: read_in_child("values", source, request, budget)
        )
    if format_ is Format.ODS:
        return read_ods(source, request, budget)
    if format_ is Format.DELIMITED:
        wanted = request.wants(source.stem, visible=True)
        return [read_delimited(source, source.stem, budget)] if wanted else []
    return read_in_child(format_.value, source, request, budget)


def _make_names_unique(sheets: list[Sheet]) -> None:
    """Number the sheets that share a name, as only a damaged workbook has them."""
    taken: set[str] = set()
    numbers: Counter[str] = Counter()  # given to sheets of a name so far
    for sheet in sheets:
        name = sheet.name
        while sheet.name in taken:
            numbers[name] += 1
            sheet.name = f"{name} ({numbers[name] + 1})"
        if sheet.name != name:
            sheet.note = sheet.note or f"the workbook has more than one sheet called {name!r}"
        taken.add(sheet.name)
