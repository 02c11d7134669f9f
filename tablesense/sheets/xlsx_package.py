"""The parts of an .xlsx package: which there are, how they belong together, the small ones read.

They are read as openpyxl reads them, without its classes, which check much that no table depends on
and cost more time than the cells of a small workbook.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import compress
from typing import NamedTuple
from xml.etree.ElementTree import Element
from zipfile import ZipInfo

from openpyxl.packaging.relationship import get_rels_path
from openpyxl.xml.constants import (
    ARC_CONTENT_TYPES,
    ARC_WORKBOOK,
    COMMENTS_NS,
    REL_NS,
    SHARED_STRINGS,
    SHEET_MAIN_NS,
    XLSM,
    XLSX,
    XLTM,
    XLTX,
)

from tablesense.boxes import MAX_COLS, Box, parse_a1
from tablesense.sheets.bounded_zip import BoundedZip
from tablesense.sheets.colors import parse_theme
from tablesense.sheets.sheet import NativeTable
from tablesense.sheets.xlsx_xml import NotPlain, parse_xml

TRUE = frozenset({"1", "true"})
_STATES = frozenset({"visible", "hidden", "veryHidden", "none"})


class Archive(BoundedZip):
    """A package whose parts are found whatever their case and slashes, as the standard wants it."""

    def getinfo(self, name: str) -> ZipInfo:
        """The entry called ``name``, else the one that differs in case or slashes only."""
        try:
            return super().getinfo(name)
        except KeyError:
            found = self._alike.get(_bare(name))
            if found is None:
                raise
            return found

    def has(self, name: str) -> bool:
        """Whether :meth:`getinfo` finds the part."""
        try:
            self.getinfo(name)
        except KeyError:
            return False
        return True

    @cached_property
    def _alike(self) -> dict[str, ZipInfo]:
        """The entries by what of their names counts; of several the first."""
        return {_bare(entry.filename): entry for entry in reversed(self.infolist())}


def _bare(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


class Relation(NamedTuple):
    """What a part says of another one: the id it uses for it, the kind, where it lies."""

    id: str
    type: str
    target: str


class ListedSheet(NamedTuple):
    """A sheet as the workbook lists it."""

    name: str
    visible: bool
    relation: Relation


class WorkbookParts(NamedTuple):
    """What the workbook part says. ``strings`` is the name of the part of shared strings, or empty."""

    sheets: list[ListedSheet]
    relations: list[Relation]
    strings: str
    uses_1904: bool


def read_workbook_parts(archive: Archive) -> WorkbookParts:
    """Read the list of sheets and where the parts are.

    Raises:
        NotPlain: the workbook is one that only openpyxl can judge.
    """
    types = parse_xml(archive.read(ARC_CONTENT_TYPES))
    parts: dict[str, str] = {}  # content type -> the first part that has it
    for node in _children(types, "Override"):
        parts.setdefault(node.get("ContentType", ""), node.get("PartName", "")[1:])
    defaults = {node.get("ContentType") for node in _children(types, "Default")}
    books = (XLTM, XLTX, XLSM, XLSX)
    part = next((parts[kind] for kind in books if kind in parts), None)
    if part is None and defaults.isdisjoint(books):
        raise NotPlain("no workbook part")
    part = part or ARC_WORKBOOK
    book = parse_xml(archive.read(part))
    relations = read_relations(archive, part)
    properties = list(_children(book, "workbookPr"))
    return WorkbookParts(
        sheets=_listed(book, {relation.id: relation for relation in relations}),
        relations=relations,
        strings=parts.get(SHARED_STRINGS, ""),
        uses_1904=any(node.get("date1904", "0") not in ("false", "f", "0", "") for node in properties),
    )


def read_relations(archive: Archive, part: str) -> list[Relation]:
    """The relations of a part, with targets as names in the archive; none when it has none.

    Raises:
        NotPlain: a relation lacks what it must have.
    """
    path: str = get_rels_path(part)  # type: ignore[no-untyped-call]
    if not archive.has(path):
        return []
    parent = posixpath.dirname(part)
    relations = []
    for node in _children(parse_xml(archive.read(path)), "Relationship"):
        id_, kind, target = (node.get(name) for name in ("Id", "Type", "Target"))
        if not id_ or kind is None or target is None:
            raise NotPlain("a relation without an id, a type or a target")
        if node.get("TargetMode") != "External":
            absolute = target[1:] if target.startswith("/") else None
            target = posixpath.normpath(posixpath.join(parent, target)) if absolute is None else absolute
        relations.append(Relation(id_, kind, target))
    return relations


def read_looks(archive: Archive, targets: Mapping[str, str]) -> tuple[bytes | None, tuple[str, ...]]:
    """The stylesheet part, None without one, and the colours of the theme.

    Args:
        archive: the package.
        targets: kind of a relation of the workbook, the last word of its type -> its target.
    """
    theme, styles = (
        archive.read(targets[kind]) if archive.has(targets.get(kind, "")) else None
        for kind in ("theme", "styles")
    )
    return styles, parse_theme(theme)


def read_commented(archive: Archive, relations: list[Relation]) -> Iterator[tuple[int, int]]:
    """Row and column of every cell with a comment, for a sheet's relations."""
    for root in _present(archive, relations, COMMENTS_NS):
        for comment in root.iter(f"{{{SHEET_MAIN_NS}}}comment"):
            with suppress(ValueError):  # a comment that hangs nowhere costs the comment, not the sheet
                box = parse_a1(comment.get("ref", ""))
                yield box.top, box.left


def read_tables(archive: Archive, relations: list[Relation]) -> list[NativeTable]:
    """The native tables of a sheet's relations."""
    tables = []
    for root in _present(archive, relations, f"{REL_NS}/table"):
        with suppress(ValueError):  # likewise
            header_rows = int(root.get("headerRowCount", "1"))
            tables.append(NativeTable(parse_a1(root.get("ref", "")), header_rows))
    return tables


def merged_boxes(nodes: Iterable[Element]) -> list[Box]:
    """The ranges of ``<mergeCell>`` elements, without those of one cell."""
    boxes = []
    for node in nodes:
        with suppress(ValueError):  # likewise
            boxes.append(parse_a1(node.get("ref", "")))
    return [box for box in boxes if box.area > 1]


def hidden_columns(nodes: Iterable[Element]) -> frozenset[int]:
    """The columns from zero that ``<col>`` elements hide; thousands of them may each hide all."""
    flags = bytearray(MAX_COLS)
    for node in nodes:
        if node.get("hidden") in TRUE:
            first = min(max(int(node.get("min", 1)) - 1, 0), MAX_COLS)
            stop = min(max(int(node.get("max", 0)), first), MAX_COLS)
            flags[first:stop] = b"\1" * (stop - first)
    return frozenset(compress(range(MAX_COLS), flags))


def _present(archive: Archive, relations: list[Relation], kind: str) -> Iterator[Element]:
    """The parts of a kind that are in the file: some programs leave dangling relations."""
    targets = (relation.target for relation in relations if relation.type == kind)
    return (parse_xml(archive.read(target)) for target in targets if archive.has(target))


def _listed(book: Element, relations: dict[str, Relation]) -> list[ListedSheet]:
    listed = []
    for sheets in _children(book, "sheets"):
        for node in sheets:
            id_ = node.get(f"{{{REL_NS}}}id") or node.get("id")
            if not id_:
                continue  # old .xlsm files list sheets that are not there
            name, state = node.get("name"), node.get("state", "visible")
            if name is None or state not in _STATES or id_ not in relations:
                raise NotPlain("a sheet without a name, or in an unknown state")
            listed.append(ListedSheet(name, state == "visible", relations[id_]))
    return listed


def _children(node: Element, name: str) -> Iterator[Element]:
    return (child for child in node if child.tag.rpartition("}")[2] == name)
