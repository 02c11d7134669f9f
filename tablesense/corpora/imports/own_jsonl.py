"""Our own annotations, with the workbooks in a folder of any shape."""

from tablesense.corpora.imports.files import WorkbookFolder
from tablesense.corpora.imports.json_lines import Row, read_json_lines, split_field, text_field
from tablesense.corpora.imports.source import Reading, Request, SourceSheet, annotation_file
from tablesense.corpora.record import ranges_field


def read_own(request: Request) -> Reading:
    """Read ``annotations.jsonl`` as corpora have it; groups stay as they are.

    Raises:
        UserError: the annotations cannot be read.
    """
    folder = WorkbookFolder(request.source)

    def convert(row: Row, where: str) -> SourceSheet:
        name = text_field(row, "file_name")
        return SourceSheet(
            where,
            folder.find(name),
            text_field(row, "sheet_name"),
            ranges_field(row),
            str(row.get("group") or name),
            split_field(row, "split"),
        )

    return read_json_lines(annotation_file(request, "annotations.jsonl"), folder, convert)
