"""What ``tablesense data import`` and ``tablesense data check`` do with their options."""

from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tablesense.corpora.check import check_corpus
from tablesense.corpora.corpus import read_corpus
from tablesense.corpora.corrections import corrected
from tablesense.corpora.imports.importing import import_corpus
from tablesense.corpora.imports.kinds import KINDS
from tablesense.corpora.imports.source import Request
from tablesense.curation.pictures import SheetPicture, check_pictures_path, draw_sheets, write_pictures
from tablesense.curation.show import show_check, show_import
from tablesense.errors import UserError
from tablesense.terminal.output import terminal
from tablesense.terminal.untrusted import plain


def run_import(options: Namespace) -> bool:
    """Import annotations and tell of it; returns whether something was left out.

    Raises:
        UserError: there is nothing to import, or the corpus cannot be written.
    """
    kind = KINDS[options.kind]
    if options.annotations is not None and not kind.has_file:
        raise UserError(f"--annotations: {options.kind} reads its annotations from the workbooks")
    imported = import_corpus(
        kind,
        Request(options.source, options.annotations),
        options.dest,
        split=options.split,
        link=options.link,
        watch=_watched("reading"),
    )
    show_import(imported, str(options.dest), terminal())
    return bool(imported.tally.skipped)


def run_check(options: Namespace) -> bool:
    """Check corpora and tell of them; returns whether something is wrong.

    Raises:
        UserError: a folder is no corpus, corrections come with several, or pictures cannot be written.
    """
    if options.pictures is not None:
        check_pictures_path(options.pictures)
    corpora = [read_corpus(folder) for folder in options.folders]
    if options.corrections is not None:
        if len(corpora) > 1:
            raise UserError(
                f"--corrections: belong to one corpus, {len(corpora)} are given; check them one by one"
            )
        corpora = [corrected(corpora[0], options.corrections)]
    console = terminal()
    pictures: list[SheetPicture] = []
    is_wrong = False
    for corpus in corpora:
        checked = check_corpus(corpus, _watched(f"reading {corpus.name}"))
        is_wrong |= bool(checked.problems)
        show_check(checked, console)
        if options.pictures is not None:
            pictures += draw_sheets(checked, options.count, options.seed)
    if options.pictures is not None:
        write_pictures(pictures, options.pictures)
        console.print(plain(f"Wrote {len(pictures)} pictures to {options.pictures}"), soft_wrap=True)
    return is_wrong


def _watched(what: str) -> Callable[[Sequence[Path]], Iterable[Path]]:
    """A progress bar for who looks on; it goes to the standard error, and away when done."""
    console = Console(stderr=True)
    return lambda paths: track(
        paths, plain(what), console=console, transient=True, disable=not console.is_terminal
    )
