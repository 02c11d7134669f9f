"""Every file of other readers' test suites gives sheets, or one line that names file and cause."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
QUIRKS = REPOSITORY.parent / "shared" / "data" / "quirks"
WORKERS = 2
SECONDS = 300  # for all files of a worker; they take about ten

REFUSED = {
    "0e84ee266e_sheetjs_password_2002_128_enhdss.xls": "password",
    "0ea3c4c943_sheetjs_password_2002_128_enhrsa.xls": "password",
    "151ee90f05_calamine_issue_385.xls": "password",
    "20b5744ce1_phpspreadsheet_pwtest.xls": "password",
    "226f30cc96_calamine_OOM_alloc3.xls": "damaged",
    "22b10efe6e_sheetjs_password_2002_40_xor.xls": "password",
    "2a3e880389_phpspreadsheet_oleloop.xls": "holds no workbook",
    "2a82a9794c_phpspreadsheet_pwtest2.xls": "password",
    "2f0db5839c_calamine_pass_protected.xlsx": "password",
    "3c892b03cb_sheetjs_password_2002_40_dss.xls": "password",
}
VALUES_ONLY = {
    "151af504a4_sheetjs_phonetic_text.xls",
    "1b2464ae3d_phpspreadsheet_bug1592.xls",
}


def read_all(files: list[Path]) -> list[dict[str, Any]]:
    """What reading each file gave, in the order of the files; each worker is a process of its own."""
    shares = [files[start::WORKERS] for start in range(WORKERS)]
    workers = [
        subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-m", "tests.sheets.read_files", *map(str, share)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=REPOSITORY,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            text=True,
        )
        for share in shares
    ]
    answers = []
    for worker in workers:
        try:
            output, errors = worker.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            output, errors = worker.communicate()
        lines = [json.loads(line) for line in output.splitlines()]
        assert worker.returncode == 0, f"stopped at {lines[-1:]}: {errors[-500:]}"
        answers += [line for line in lines if "seconds" in line]
    return sorted(answers, key=lambda answer: str(answer["file"]))


@pytest.mark.slow
@pytest.mark.skipif(not QUIRKS.is_dir(), reason=f"{QUIRKS} is not on this machine")
def test_every_file_gives_sheets_or_one_line() -> None:
    files = sorted(QUIRKS.iterdir())
    answers = read_all(files)
    assert [answer["file"] for answer in answers] == [str(file) for file in files]
    refused = {Path(answer["file"]).name: answer["error"] for answer in answers if answer["error"]}
    assert refused.keys() == REFUSED.keys()
    for name, error in refused.items():
        assert error.startswith(f"{QUIRKS / name}: "), "it names the file"
        assert error.isprintable(), "one line"
        assert REFUSED[name] in error
    assert {Path(answer["file"]).name for answer in answers if answer.get("notes")} == VALUES_ONLY
    assert all(answer["sheets"] for answer in answers if not answer["error"])
    assert sum(sum(answer["sheets"].values()) for answer in answers) > 40_000, "and the cells are there"
