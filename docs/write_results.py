"""Write the table of results: ``python docs/write_results.py results.json README.md [--check]``.

What stands between ``<!-- results -->`` and ``<!-- /results -->`` is replaced by a table made of what
``tablesense evaluate --out results.json`` wrote.
"""

import argparse
import sys
from pathlib import Path

from tablesense.errors import UserError
from tablesense.evaluation.results_table import put_between_marks, read_results, results_table
from tablesense.tracking.run.atomic import write_text


def main(args: list[str] | None = None) -> int:
    """Rewrite the table; 0, 1 with ``--check`` when it is not up to date, 2 after wrong input."""
    parser = argparse.ArgumentParser(description="Write the table of results into a Markdown file.")
    parser.add_argument("results", type=Path, help="what `tablesense evaluate --out` wrote")
    parser.add_argument("markdown", type=Path, help="the file with the two marks")
    parser.add_argument("--check", action="store_true", help="change nothing; 1 when the table is another")
    options = parser.parse_args(args)
    try:
        table = results_table(read_results(options.results))
        before = options.markdown.read_text(encoding="utf-8")
        after = put_between_marks(before, table)
        if options.check:
            return int(after != before)
        write_text(options.markdown, after)
    except (UserError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
