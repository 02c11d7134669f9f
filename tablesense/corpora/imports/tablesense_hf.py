"""TableSense as packed for Hugging Face: converted workbooks, and where each came from."""

from pathlib import PurePosixPath

from tablesense.corpora.imports.files import WorkbookFolder
from tablesense.corpora.imports.json_lines import Row, read_json_lines, split_field, text_field
from tablesense.corpora.imports.source import Reading, Request, SourceSheet, annotation_file
from tablesense.corpora.imports.tablesense_ranges import version_folder
from tablesense.corpora.record import ranges_field
from tablesense.sheets.names import WORKBOOK_SUFFIXES


def read_hf(request: Request) -> Reading:
    """Read ``annotations.jsonl`` with ``original_file``, ``original_path``, ``clean_file``, ...

    ``clean_file`` is the path of the workbook; ``original_path``, the folder of its versions, the group.

    Raises:
        UserError: the annotations cannot be read.
    """
    folder = WorkbookFolder(request.source)

    def convert(row: Row, where: str) -> SourceSheet:
        return SourceSheet(
            where,
            folder.find(text_field(row, "clean_file")),
            text_field(row, "sheet_name"),
            ranges_field(row),
            _group(row),
            split_field(row, "split"),
        )

    return read_json_lines(annotation_file(request, "annotations.jsonl"), folder, convert)


def _group(row: Row) -> str:
    path = version_folder(text_field(row, "original_path", "original_file", "clean_file"))
    original = PurePosixPath(path)
    is_file = original.suffix.lower() in WORKBOOK_SUFFIXES and len(original.parts) > 1
    return str(original.parent) if is_file else path
