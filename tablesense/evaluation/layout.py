"""Which pixels of a picture show which rows and columns of a sheet."""

from collections.abc import Sequence

from tablesense.boxes import Box
from tablesense.evaluation.labels import LABEL_HEIGHT, Area
from tablesense.evaluation.view import View

ROW, COLUMN = 18, 84  # height and width of a cell
GAP = 30  # width of the band in place of columns that are left out; that of rows is as high as a row


class Axis:
    """Where the shown lines of one axis lie: ``starts`` has the pixel of each, ``gaps`` what is left out."""

    def __init__(self, shown: Sequence[int], start: int, size: int, gap: int) -> None:
        self.size, self.start = size, start
        self.starts: dict[int, int] = {}
        self.gaps: list[tuple[int, int]] = []  # pixel and number of lines
        previous = None
        for line in shown:
            if previous is not None and line > previous + 1:
                self.gaps.append((start, line - previous - 1))
                start += gap
            self.starts[line] = start
            start += size
            previous = line
        self.end = start

    def edge(self, line: int) -> int | None:
        """The pixel of the edge before ``line``; None when neither it nor the line before is shown."""
        if line in self.starts:
            return self.starts[line]
        return self.starts[line - 1] + self.size if line - 1 in self.starts else None

    def span(self, first: int, stop: int) -> tuple[int, int]:
        """The pixels from one edge to another, cut off where they are not shown."""
        inside = [start for line, start in self.starts.items() if first <= line < stop]
        low, high = self.edge(first), self.edge(stop)
        return (
            min(inside) if low is None else low,
            max(inside) + self.size if high is None else high,
        )


class Layout:
    """The two axes: letters of the columns above, a strip for the labels of tables in the first row."""

    def __init__(self, view: View, head: int) -> None:
        digits = len(str(max(view.rows, default=0) + 1))
        self.letters = head
        left, top = 10 + 7 * digits, head + ROW + LABEL_HEIGHT
        self.rows = Axis(view.rows, top, ROW, ROW)
        self.columns = Axis(view.columns, left, COLUMN, GAP)

    def area(self, box: Box) -> Area:
        """The pixels of the shown part of a box."""
        left, right = self.columns.span(box.left, box.right)
        top, bottom = self.rows.span(box.top, box.bottom)
        return Area(left, top, right, bottom)
