"""The table in a README is made of the results file and of nothing else."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from tablesense.boxes import Box
from tablesense.errors import UserError
from tablesense.evaluation.evaluation import evaluate
from tablesense.evaluation.results_table import put_between_marks, read_results, results_table
from tablesense.evaluation.scores import SheetResult
from tests.scripts import load_script

TABLE, WIDER, FAR = Box(0, 0, 4, 4), Box(0, 0, 5, 4), Box(50, 50, 60, 60)
SCRIPT = Path(__file__).parents[2] / "docs" / "write_results.py"


def sheet(corpus: str, number: int, found: Box) -> SheetResult:
    return SheetResult(corpus, f"{number}.xlsx", "S", ((found, 0.9),), (TABLE,))


@pytest.fixture
def results_file(tmp_path: Path) -> Path:
    results = [sheet("deco", n, TABLE if n % 2 else WIDER) for n in range(4)]
    results.append(sheet("saus", 1, FAR))
    file = tmp_path / "results.json"
    content = {**evaluate(results, 0.5).as_json(), "command": "evaluate --weights W", "failed": [{}]}
    file.write_text(json.dumps(content, allow_nan=False))
    return file


@pytest.fixture
def script() -> ModuleType:
    return load_script(SCRIPT)


def test_a_row_a_corpus_and_their_mean(results_file: Path) -> None:
    lines = results_table(read_results(results_file)).splitlines()
    assert lines[2].startswith("| deco | 4 / 4 | 0.500 / 0.500 / **0.500** (0.00 to 1.00) | 1.000 / 1.000 ")
    # The wider box has IoU 0.8: at 0.85, 0.9 and 0.95 two boxes of four are hits, 51 of 101 recalls at 1/2.
    assert lines[2].endswith("| 0.50 | 1.000 | 0.776 |")
    # One template and no overlap: neither an interval nor a mean EoB.
    assert (
        lines[3]
        == "| saus | 1 / 1 | 0.000 / 0.000 / **0.000** | 0.000 / 0.000 / **0.000** |  | 0.000 | 0.000 |"
    )
    assert lines[4].startswith("| **macro mean** | 5 / 5 | 0.250 / 0.250 / **0.250**")
    assert len({line.count("|") for line in lines[:5]}) == 1
    assert "95%" in lines[6]
    assert "counted as missed: 1" in lines[7]
    assert lines[8] == "`evaluate --weights W`"


def test_only_what_is_between_the_marks_changes(
    results_file: Path, script: ModuleType, tmp_path: Path
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# A\n<!-- results -->\nold\n<!-- /results -->\nend, no line end")
    assert script.main([str(results_file), str(readme), "--check"]) == 1
    assert "old" in readme.read_text()
    assert script.main([str(results_file), str(readme)]) == 0
    text = readme.read_text()
    assert text.startswith("# A\n<!-- results -->\n| corpus |")
    assert text.endswith("\n<!-- /results -->\nend, no line end")
    assert "old" not in text
    assert script.main([str(results_file), str(readme), "--check"]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- results -->",
        "<!-- /results --> <!-- results -->",
        "<!-- results -->" * 2 + "<!-- /results -->",
    ],
)
def test_marks_must_be_there_once_and_in_order(text: str) -> None:
    with pytest.raises(UserError, match="once each"):
        put_between_marks(text, "table")


def test_wrong_files_are_one_line_and_code_2(
    script: ModuleType, results_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    for content in ("{}", "[]", "x"):
        other.write_text(content)
        assert script.main([str(other), "README.md"]) == 2
    assert script.main([str(results_file), str(tmp_path / "gone.md")]) == 2
    assert script.main([str(tmp_path / "gone.json"), str(tmp_path / "gone.md")]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 5
    assert all(line.startswith("error: ") for line in errors)


def test_what_has_no_value_is_null_in_json(results_file: Path) -> None:
    results = read_results(results_file)
    assert results["corpora"]["saus"]["measures"]["mean_eob"] == {"value": None, "low": None, "high": None}
    assert results["corpora"]["deco"]["measures"]["eob0_f1"]["value"] == 0.5
    assert results["errors"]["all"]["sides"]["right"] == {"-1": 2}
    assert results["by_number"]["1"]["sheets"] == 5
    assert results["best_threshold"]["eob0_f1"] == 0.25
    assert evaluate([], 0.5).as_json()["macro"]["measures"]["eob0_f1"]["value"] is None


def test_sheets_of_a_cross_validation_are_counted_once_and_what_is_missing_is_told(
    results_file: Path,
) -> None:
    once = results_table(read_results(results_file))
    content = json.loads(results_file.read_text())
    seeds = {seed: json.loads(results_file.read_text()) for seed in "12"}
    seeds["2"]["macro"]["measures"]["eob2_f1"]["value"] = 0.75
    twice = content | {"folds": 2, "runs": ["a", "b", "c"], "seeds": seeds}
    for corpus in (*twice["corpora"].values(), twice["macro"]):
        corpus["sheets"] *= 2
        corpus["annotated"] *= 2
    table = results_table(twice)
    assert table.splitlines()[:5] == once.splitlines()[:5]
    by_seed = "Macro F1 by seed, EoB-0 / EoB-2: 0.250 / 0.500 (1), 0.250 / 0.750 (2)."
    assert f"Cross-validation: 2 folds, 2 seeds.\n{by_seed}\nSo far 3 of 4 trainings" in table
    assert "So far" not in results_table(twice | {"runs": list("abcd")})
