"""Values of an .xlsx for which the reader with formatting fails."""

from collections.abc import Callable
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile
from zlib import error as ZlibError

from defusedxml.common import DefusedXmlException

from tablesense.sheets.request import Budget, ReadRequest
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.source import Openable
from tablesense.sheets.xlsx import read_xlsx

# Another reader would get past these, and give half a sheet without a word.
_FINAL = (SheetError, MemoryError, BadZipFile, ZlibError, EOFError, ParseError, DefusedXmlException)


def read_xlsx_or_values(
    source: Openable, request: ReadRequest, budget: Budget, read_values: Callable[[], list[Sheet]]
) -> list[Sheet]:
    """Read an .xlsx; what ``read_values`` gives where that fails over something other than damage.

    Raises:
        SheetError: the workbook is over the limits, or lists no sheet.
        Exception: what went wrong with the formatting, when there are no values either.
    """
    kept = budget.kept
    try:
        return read_xlsx(source, request, budget)
    except _FINAL:
        raise
    except Exception as error:
        budget.go_back(kept)
        try:
            return read_values()
        except SheetError:
            raise error from None
