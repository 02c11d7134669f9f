"""What a reader of foreign annotations is given, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tablesense.corpora.corpus import Problem
from tablesense.errors import UserError


@dataclass(frozen=True)
class Request:
    """What to import.

    Args:
        source: the folder with the workbooks, at any depth.
        annotations: the file with the annotations, where it does not lie in ``source`` under its usual name.
    """

    source: Path
    annotations: Path | None = None


@dataclass(frozen=True)
class SourceSheet:
    """An annotated sheet as the source tells it; only its workbook has been looked for.

    Attributes:
        where: the line or workbook that says so.
        workbook: the file.
        sheet_name: as written there, like all that follows.
        ranges: the tables.
        group: what shares a template with it.
        split: train, val or test; None where the source tells none.
        must_fit: whether the workbook was found by less than its whole name, and may be another version of
            the one that was annotated: the ranges have to show that it is not.
    """

    where: str
    workbook: Path
    sheet_name: str
    ranges: tuple[str, ...]
    group: str
    split: str | None = None
    must_fit: bool = False


@dataclass
class Tally:
    """What was left out, by what it is, and what is worth knowing of what was kept."""

    workbooks: list[Problem] = field(default_factory=list)
    sheets: list[Problem] = field(default_factory=list)
    ranges: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def skipped(self) -> list[Problem]:
        """Everything that was left out."""
        return [*self.workbooks, *self.sheets, *self.ranges]


@dataclass
class Reading:
    """What a source holds: ``num_read`` annotated sheets in all, of which ``sheets`` could be used so far."""

    num_read: int = 0
    num_workbooks: int = 0
    sheets: list[SourceSheet] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


Reader = Callable[[Request], Reading]


def read_lines(file: Path) -> list[str]:
    """The lines of a text file, without their ends.

    Raises:
        UserError: it cannot be read, or is no UTF-8 text.
    """
    try:
        # Not splitlines(): a sheet's name may hold one of the rarer line ends that it knows.
        return [line.removesuffix("\r") for line in file.read_text(encoding="utf-8-sig").split("\n")]
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: is not UTF-8 text") from error


def annotation_file(request: Request, *usual: str) -> Path:
    """The file with the annotations: as asked for, else the first that lies where it usually does.

    Raises:
        UserError: there is none.
    """
    if request.annotations is not None:
        return request.annotations
    for name in usual:
        if (request.source / name).is_file():
            return request.source / name
    names = " nor ".join(usual)
    raise UserError(f"{request.source}: holds no {names}; name the file with --annotations")
