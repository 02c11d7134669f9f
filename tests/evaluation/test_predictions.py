"""Predictions as lines: written, read back, and scored by the official tool to the same digit."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given

from tablesense.boxes import parse_a1, to_a1
from tablesense.corpora.record import SheetAnnotation
from tablesense.errors import UserError
from tablesense.evaluation.figures import score
from tablesense.evaluation.gold import GoldSheet
from tablesense.evaluation.predictions import Found, Predictions, prediction_lines, read_predictions
from tablesense.evaluation.scores import SheetResult
from tests.scripts import load_script

from .results import sheet_results

SCORE_TOOL = Path(__file__).parents[2].parent / "shared" / "tools" / "score.py"


def gold_of(results: Sequence[SheetResult]) -> list[GoldSheet]:
    return [
        GoldSheet(
            result.corpus,
            Path("nowhere"),
            SheetAnnotation(result.file_name, result.sheet_name, result.annotated, result.group),
        )
        for result in results
    ]


def predictions_of(results: Sequence[SheetResult], threshold: float = 0.5) -> Predictions:
    return Predictions({result.key: Found(result.predicted) for result in results}, threshold)


def written(folder: Path, text: str) -> Path:
    file = folder / "predictions.jsonl"
    file.write_text(text, encoding="utf-8")
    return file


@given(results=sheet_results())
def test_what_is_written_is_read_back(
    results: list[SheetResult], tmp_path_factory: pytest.TempPathFactory
) -> None:
    gold, before = gold_of(results), predictions_of(results)
    text = prediction_lines(before, gold)
    after = read_predictions(written(tmp_path_factory.mktemp("lines"), text))
    assert {key: sorted(one.boxes) for key, one in after.sheets.items()} == {
        key: sorted(one.boxes) for key, one in before.sheets.items()
    }
    assert after.has_scores
    assert after.threshold == 0.5 or not results
    assert repr(score(after.results(gold), 0.5, samples=5)) == repr(score(results, 0.5, samples=5))


def test_a_line_says_all_of_a_sheet(tmp_path: Path) -> None:
    sheet = SheetResult(
        "deco", "ü.xlsx", "a\nb", ((parse_a1("A1:B9"), 0.25), (parse_a1("D1:E9"), 0.75)), (), "g"
    )
    gold = gold_of([sheet])
    found = Found(sheet.predicted, seconds=1.5)
    text = prediction_lines(Predictions({sheet.key: found}, 0.5), gold)
    assert json.loads(text) == {
        "corpus": "deco",
        "file_name": "ü.xlsx",
        "sheet_name": "a\nb",
        "tables": ["D1:E9"],
        "scores": [0.75],
        "threshold": 0.5,
        "others": [["A1:B9", 0.25]],
        "seconds": 1.5,
    }
    assert text.count("\n") == 1
    assert read_predictions(written(tmp_path, text)).sheets[sheet.key].seconds == 1.5


def test_failed_sheets_are_told_from_empty_ones(tmp_path: Path) -> None:
    results = [SheetResult("c", f"{n}.xlsx", "S", (), (parse_a1("A1:B9"),)) for n in range(3)]
    gold = gold_of(results)
    found = {results[0].key: Found(), results[1].key: Found(error="it is broken")}
    read = read_predictions(written(tmp_path, prediction_lines(Predictions(found, 0.5), gold)))
    assert read.failed(gold) == {
        results[1].key: "it is broken",
        results[2].key: "there is no prediction for this sheet",
    }
    figures = score(read.results(gold), 0.5, samples=0).macro
    assert (figures.sheets, figures.annotated, figures.value.eob0_recall) == (3, 3, 0.0)


LINE = {"corpus": "c", "file_name": "a.xlsx", "sheet_name": "S", "tables": ["A1:B9", "D1:E9"]}
SHEET = SheetResult("c", "a.xlsx", "S", (), (parse_a1("A1:B9"),))


def test_predictions_of_others_need_no_scores(tmp_path: Path) -> None:
    read = read_predictions(written(tmp_path, json.dumps(LINE)))
    assert not read.has_scores
    (result,) = read.results(gold_of([SHEET]))
    assert [to_a1(box) for box in result.above(read.threshold)] == ["A1:B9", "D1:E9"]
    with pytest.raises(UserError, match="holds no scores"):
        read_predictions(written(tmp_path, json.dumps(LINE)), 0.5)


def test_all_tables_count_unless_a_threshold_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps({**LINE, "scores": [-3.5, 0.1]}))
    gold = gold_of([SHEET])
    counts = []
    for threshold in (None, 0.0, 0.2):
        read = read_predictions(file, threshold)
        counts.append(len(read.results(gold)[0].above(read.threshold)))
    assert counts == [2, 1, 0]


def test_the_last_line_of_a_sheet_counts_as_in_the_official_tool(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(LINE) + "\n\n" + json.dumps({**LINE, "tables": ["C3:D4"]}) + "\n")
    (found,) = read_predictions(file).sheets.values()
    assert [to_a1(box) for box, _ in found.boxes] == ["C3:D4"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense", "line 2"),
        ("[]", "expected a JSON object"),
        ("[" * 100_000, "line 2"),
        (json.dumps({**LINE, "corpus": 3}), "'corpus' must be text"),
        (json.dumps({**LINE, "tables": "A1:B2"}), "'tables' must be a list"),
        (json.dumps({**LINE, "tables": ["A1:B2", "x"]}), "is not a cell range"),
        (json.dumps({**LINE, "scores": [0.5]}), "'scores' must be as many"),
        (json.dumps({**LINE, "scores": [0.5, "x"]}), "'scores' must hold numbers"),
        (json.dumps({**LINE, "scores": [0.5, float("nan")]}), "'scores' must hold numbers"),
        (json.dumps({**LINE, "scores": [0.5, 0.4], "threshold": 0.5}), "below the threshold"),
        (json.dumps({**LINE, "others": 3}), "'others' must be pairs"),
        (json.dumps({**LINE, "others": [["A1"]]}), "'others' must be pairs"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(UserError, match="line 2") as raised:
        read_predictions(written(tmp_path, f"{json.dumps(LINE)}\n{line}\n"))
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_predictions(tmp_path / "gone.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b"\xff")
    with pytest.raises(UserError, match="not UTF-8"):
        read_predictions(tmp_path / "latin.jsonl")
    mixed = "".join(json.dumps({**LINE, "scores": [1, 1], "threshold": at}) + "\n" for at in (0.3, 0.5))
    with pytest.raises(UserError, match="different thresholds"):
        read_predictions(written(tmp_path, mixed))


def official() -> ModuleType:
    """The tool that the project is held to."""
    return load_script(SCORE_TOOL)


def write_corpora(folder: Path, gold: Sequence[GoldSheet]) -> None:
    for sheet in gold:
        (folder / sheet.corpus).mkdir(parents=True, exist_ok=True)
        with (folder / sheet.corpus / "annotations.jsonl").open("a") as file:
            file.write(sheet.annotation.to_json() + "\n")


# The tool leaves its files to be closed by Python.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not SCORE_TOOL.exists(), reason="needs ../shared/tools/score.py")
@given(results=sheet_results())
def test_the_official_tool_says_the_same(
    results: list[SheetResult], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, gold, tool = tmp_path_factory.mktemp("corpora"), gold_of(results), official()
    write_corpora(folder, gold)
    lines = map(json.loads, prediction_lines(predictions_of(results), gold).splitlines())
    predicted = {(row["corpus"], row["file_name"], row["sheet_name"]): row["tables"] for row in lines}
    theirs = tool.score(tool.load_gold(str(folder)), predicted)
    ours = score(results, 0.5, samples=0).corpora
    assert set(ours) == set(theirs)
    for corpus, row in theirs.items():
        figures, value = ours[corpus], ours[corpus].value
        assert (figures.sheets, figures.annotated, figures.predicted) == (
            row["sheets"],
            row["gold"],
            row["pred"],
        )
        expected = [row[name] for name in ("P0", "R0", "F0", "P2", "R2", "F2")]
        assert list(value[:6]) == pytest.approx(expected, abs=1e-8)


def test_figures_that_the_official_tool_printed() -> None:
    """The same without the tool: its figures for these three sheets, kept here."""
    ranges = [
        ("a", "A1:D9 F1:G9 A20:D30", "A1:D9 F2:G9 A20:D30"),
        ("a", "A1:D5 A6:D10", "A1:D10"),
        ("b", "", "B2:C3"),
    ]
    results = [
        SheetResult(
            corpus,
            f"{number}.xlsx",
            "S",
            tuple((parse_a1(text), 0.9) for text in found.split()),
            tuple(map(parse_a1, there.split())),
        )
        for number, (corpus, found, there) in enumerate(ranges)
    ]
    scored = score(results, 0.5, samples=0)
    one, other = (scored.corpora[name].value for name in "ab")
    assert [round(value, 3) for value in one[:6]] == [0.4, 0.5, 0.444, 0.6, 0.75, 0.667]
    assert other[:6] == (0, 0, 0, 0, 0, 0)
    assert round(scored.macro.value.eob0_f1, 3) == 0.222
    assert round(scored.macro.value.eob2_f1, 3) == 0.333
