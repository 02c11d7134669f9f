"""Files that are no workbook, or cannot be opened: each is named, whatever it is called."""

import os
from pathlib import Path

import pytest

from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import open_workbook

from .bad_books import MAKERS, message
from .books import xlsx_bytes, zipped

OLE = bytes.fromhex("D0CF11E0A1B11AE1")


@pytest.mark.parametrize("kind", MAKERS)
def test_content_decides_not_the_extension(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(MAKERS[kind]())
    (from_path,) = open_workbook(path)
    (from_bytes,) = open_workbook(path.read_bytes())
    assert from_path.cells == from_bytes.cells
    assert from_path.cells[0, 0].value == "item"
    assert from_path.has_formatting == (kind in {"xlsx", "xls", "ods"})


@pytest.mark.parametrize("kind", ["xlsx", "xls", "xlsb", "ods"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_truncated_file(kind: str, kept: float) -> None:
    book = MAKERS[kind]()
    text = message(book[: int(len(book) * kept)])
    assert "damaged" in text or "its end is missing" in text


@pytest.mark.parametrize(
    ("start", "cause"),
    [
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"  <HTML><body><table>", "an HTML page"),
        ("\ufeff<!DOCTYPE html>".encode("utf-16"), "an HTML page"),
        (b"<meta http-equiv=Content-Type>", "an HTML page"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "Excel 2003",
        ),
        (b'<?xml version="1.0"?><feed/>', "an XML file"),
        (b"MIME-Version: 1.0\r\n", "web archive"),
        (b"ID;PWXL;N;E\n", "SYLK"),
        (b"{\\rtf1}", "rich text"),
        (bytes(range(256)) * 8, "not a workbook"),
        (bytes(2048), "not a workbook"),
        (OLE + bytes(504), "holds no workbook"),
        (OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le"), "password protected"),
        (OLE + bytes(504) + "WordDocument".encode("utf-16-le"), "Word document"),
        (OLE + bytes(504) + "Workbook".encode("utf-16-le"), "damaged"),
        (b"PK\x03\x04", "truncated or damaged"),
    ],
)
def test_other_files_are_named(start: bytes, cause: str) -> None:
    assert cause in message(start)


@pytest.mark.parametrize(
    ("parts", "cause"),
    [
        ({"photo.jpg": "x"}, "holds no spreadsheet"),
        ({"[Content_Types].xml": "wordprocessingml.document"}, "a Word document"),
        ({"[Content_Types].xml": "presentationml"}, "PowerPoint"),
        ({"mimetype": "application/vnd.oasis.opendocument.text"}, "OpenDocument file of another kind"),
        ({"Index/Document.iwa": ""}, "Apple iWork"),
        ({"[Content_Types].xml": "spreadsheetml"}, "damaged"),
        ({"xl/workbook.bin": ""}, "damaged"),
        ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "damaged"),
    ],
)
def test_other_zip_files_are_named(parts: dict[str, str], cause: str) -> None:
    assert cause in message(zipped(parts))


def test_no_file(tmp_path: Path) -> None:
    assert "no such file" in message(tmp_path / "none.xlsx")
    assert "is a directory" in message(tmp_path)
    empty = tmp_path / "empty.xlsx"
    empty.touch()
    assert "is empty" in message(empty)
    assert "is empty" in message(b"")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xlsx")
    assert "not a regular file" in message(tmp_path / "pipe.xlsx")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "closed.xlsx"
    path.write_bytes(xlsx_bytes())
    path.chmod(0)
    assert "cannot be opened (Permission denied)" in message(path)


def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "closed.xlsx"
    path.write_bytes(xlsx_bytes())

    def refuse(self: Path, *arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be opened (Permission denied); check its permissions" in message(path)


def test_a_file_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a\nb\x1b[31m.xlsx"
    path.touch()
    with pytest.raises(SheetError, match=r"a\\nb\\x1b\[31m\.xlsx: the file is empty") as caught:
        open_workbook(path)
    assert str(caught.value).isprintable()


def test_a_password() -> None:
    for name in ("EncryptedPackage", "EncryptionInfo"):
        text = OLE + bytes(504) + name.encode("utf-16-le") + "EncryptedPackage".encode("utf-16-le")
        assert "password protected" in message(text)


def test_an_encrypted_zip_entry() -> None:
    book = bytearray(xlsx_bytes())
    entry = book.index(b"PK\x01\x02")
    book[entry + 8] |= 1
    assert "password protected" in message(bytes(book))
