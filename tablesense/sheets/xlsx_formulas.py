"""The text of formulas, spelled out when somebody asks: moving a shared one to its cell takes long."""

from dataclasses import dataclass
from io import BytesIO
from xml.etree.ElementTree import Element

from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import TranslatorError
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from tablesense.boxes import column_letters
from tablesense.sheets.packed import CellArrays
from tablesense.sheets.xlsx_strings import FragmentParser

# One long formula may be shared by all cells. Beyond so many characters only that there is one is told.
_MOST_TEXT = 64_000_000


def formula_text(parser: WorkSheetParser, cell: Element) -> str:
    """The formula of a ``<c>`` element; ``parser`` knows the shared ones of the cells before it."""
    try:
        formula: object = parser.parse_formula(cell)  # type: ignore[no-untyped-call]
    except (TokenizerError, TranslatorError):
        return "="  # a shared formula that cannot be moved to this cell; that it is one still counts
    if isinstance(formula, ArrayFormula):
        return formula.text or "="
    if isinstance(formula, DataTableFormula):
        return f"=TABLE({formula.r1 or ''},{formula.r2 or ''})"
    return str(formula)


@dataclass(frozen=True, slots=True)
class FormulaTexts:
    """Gives the texts of a sheet's formulas, in the order of its cells.

    Args:
        cells: the sheet's cells.
        elements: the ``<f>`` elements.
        prefix: what the sheet's elements are called with.
    """

    cells: CellArrays
    elements: list[str]
    prefix: str

    def __call__(self) -> list[str]:
        """Spell them out."""
        parser = WorkSheetParser(BytesIO(), [])  # it gets no part to read, only cells
        parse, p = FragmentParser(self.prefix), self.prefix
        has = self.cells.formulas[self.cells.contents]
        places = zip(self.cells.rows[has].tolist(), self.cells.columns[has].tolist(), strict=True)
        refs = (f"{column_letters(column)}{row + 1}" for row, column in places)
        texts, length = [], 0
        for ref, element in zip(refs, self.elements, strict=True):
            is_too_much = length > _MOST_TEXT
            text = "=" if is_too_much else formula_text(parser, parse(f'<{p}c r="{ref}">{element}</{p}c>'))
            texts.append(text)
            length += len(text)
        return texts
