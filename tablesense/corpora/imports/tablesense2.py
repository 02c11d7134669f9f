"""TableSense2's annotations: a folder and a name a workbook, seen from the root of its project."""

from tablesense.corpora.imports.files import WorkbookFolder
from tablesense.corpora.imports.json_lines import Row, read_json_lines, split_field, text_field
from tablesense.corpora.imports.source import Reading, Request, SourceSheet, annotation_file
from tablesense.corpora.record import ranges_field

USUAL_NAMES = (
    "training_data/tablesense/annotations/annotations.jsonl",
    "annotations/annotations.jsonl",
    "annotations.jsonl",
)


def read_tablesense2(request: Request) -> Reading:
    """Read lines with ``file_name``, ``file_path``, ``sheet_name``, ``split_code``, ``table_regions``.

    Raises:
        UserError: the annotations cannot be read.
    """
    folder = WorkbookFolder(request.source)

    def convert(row: Row, where: str) -> SourceSheet:
        name = text_field(row, "file_name")
        place = row.get("file_path") or ""
        if not isinstance(place, str):
            raise ValueError("'file_path' must be text or left out")
        return SourceSheet(
            where,
            folder.find(f"{place}/{name}" if place else name),
            text_field(row, "sheet_name"),
            ranges_field(row),
            name,
            split_field(row, "split_code"),
        )

    return read_json_lines(annotation_file(request, *USUAL_NAMES), folder, convert)
