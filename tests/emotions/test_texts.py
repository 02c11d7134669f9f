from pathlib import Path

import numpy as np
import pytest

from tablesense.emotions.texts import read_csv, read_label_names, read_texts, read_tsv
from tablesense.errors import UserError

from .conftest import LABELS

GOEMOTIONS = Path(__file__).parents[3] / "shared" / "data" / "goemotions"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_tsv(tmp_path: Path) -> None:
    file = write(tmp_path, "a.tsv", '"Say" it\t2,0\tid1\r\n\ufeffnaïve \t1\n')
    read = read_tsv(file, ["a", "b", "c"])
    assert read.texts == ['"Say" it', "\ufeffnaïve "]
    assert read.targets.tolist() == [[True, False, True], [False, True, False]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text\t3\tid", "line 1: '3' is no number of a label (0 to 2)"),
        (f"text\t{'1' * 5000}\tid", "is no number of a label (0 to 2)"),
        ("text\t-1\tid", "line 1: '-1' is no number"),
        ("text\t1,\tid", "line 1: '' is no number"),
        ("text\t²\tid", "is no number"),
        ("good\t0\tid\n\t1\tid", "line 2: the text is empty"),
        ("text", "line 1: expected text, label numbers and an id with tabs between, got 1 fields"),
        ("a\tb\t1\tid", "got 4 fields"),
        ("\n\n", "holds no text"),
        (b"caf\xe9\t1\tid", "is not UTF-8 (byte 3)"),
    ],
)
def test_bad_tsv(tmp_path: Path, content: str | bytes, message: str) -> None:
    file = write(tmp_path, "bad.tsv", content)
    with pytest.raises(UserError) as caught:
        read_tsv(file, ["a", "b", "c"])
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_csv(tmp_path: Path) -> None:
    content = '\ufeffid,text,joy,grief,rater\n1,"one, ""two""\nthree",1,0,7\n2,four,0,0,8\n\n'
    read = read_csv(write(tmp_path, "a.csv", content), "text", None)
    assert read.labels == ["joy", "grief"], "the columns of 0 and 1"
    assert read.texts == ['one, "two"\nthree', "four"]
    assert read.targets.tolist() == [[True, False], [False, False]]
    read = read_csv(write(tmp_path, "b.csv", "t,a,b\nx,TRUE,0.0\n"), "t", ["b", "a"])
    assert read.targets.tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("content", "labels", "message"),
    [
        ("body,joy\nx,1\n", None, "data.text_column: {file} has no column 'text'; it has body, joy"),
        ("", None, "it has none"),
        ("text,joy\nx,1\n", ["joy", "grief"], "data.label_columns: {file} has no column 'grief'"),
        ("text,joy\nx,maybe\n", ["joy"], "{file}, line 2, column joy: expected 0 or 1, got 'maybe'"),
        ("text,score\nx,0.4\n", None, "no column holds 0 and 1 alone"),
        ("text,joy\nx,1,2\n", None, "{file}, line 2: 3 fields, the header has 2"),
        ("text,joy\n  ,1\n", None, "{file}, line 2: the text is empty"),
        ("text,joy,joy\nx,1,1\n", None, "two columns are called 'joy'"),
        ("text,a|b\nx,1\n", None, "'a|b' cannot be the name of a label"),
        ('text,joy\n"x,1\n', None, "{file}, line 2: unexpected end of data"),
        ("text,joy\n", ["joy"], "holds no text"),
        (b"text,joy\n\xff\xfe,1\n", None, "is not UTF-8"),
    ],
)
def test_bad_csv(tmp_path: Path, content: str | bytes, labels: list[str] | None, message: str) -> None:
    file = write(tmp_path, "bad.csv", content)
    with pytest.raises(UserError) as caught:
        read_csv(file, "text", labels)
    assert message.format(file=file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "joy\n\ngrief\n", "joy\njoy\n", "joy\ngr|ief"])
def test_bad_names(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match=r"names\.txt"):
        read_label_names(write(tmp_path, "names.txt", content))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_tsv(tmp_path / "no.tsv", ["a"])


def test_texts_alone(tmp_path: Path) -> None:
    assert read_texts(write(tmp_path, "a.csv", "n,body\n1,x\n2,\n"), "body") == ["x", ""]
    assert read_texts(write(tmp_path, "a.tsv", "x\t1\tid\ny\t2\tid\n"), "text") == ["x", "y"]
    assert read_texts(write(tmp_path, "a.txt", "x, y\r\n\nz"), "text") == ["x, y", "z"]


@pytest.mark.skipif(not GOEMOTIONS.exists(), reason=f"{GOEMOTIONS} is not here")
def test_goemotions_as_published() -> None:
    labels = read_label_names(GOEMOTIONS / "emotions.txt")
    assert labels == LABELS
    sizes = {"train": 43410, "dev": 5426, "test": 5427}
    for split, size in sizes.items():
        read = read_tsv(GOEMOTIONS / f"{split}.tsv", labels)
        assert len(read) == size
        assert np.all(read.targets.any(axis=1))
