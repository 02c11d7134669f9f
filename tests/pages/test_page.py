"""What all pages have, whatever they show."""

from pathlib import Path

import pytest

from tablesense.pages.page import BASE_SCRIPT, BASE_STYLE, Asset, build_page
from tests.page_text import assert_self_contained, embedded


@pytest.fixture
def body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asset:
    (tmp_path / "some_pages").mkdir()
    (tmp_path / "some_pages" / "__init__.py").touch()
    (tmp_path / "some_pages" / "body.html").write_text("<main>$5, $title, ${data}</main>\n")
    monkeypatch.syspath_prepend(tmp_path)
    return Asset("some_pages", "body.html")


def test_a_page_is_its_body_within_what_all_pages_share(body: Asset) -> None:
    page = build_page(
        body, styles=[BASE_STYLE], scripts=[BASE_SCRIPT], title="a<b $c", data={"x": "</script>"}
    )
    assert_self_contained(page)
    assert embedded(page) == {"x": "</script>"}
    assert "<title>a&lt;b $c</title>" in page
    assert "\n<main>$5, $title, ${data}</main>\n" in page, "a body is text, not a template"


@pytest.mark.parametrize(
    "asset",
    [
        Asset("tablesense.comparison", "assets/page.html"),
        Asset("tablesense.detection", "report_assets/report.html"),
    ],
)
def test_bodies_leave_the_head_to_the_shell(asset: Asset) -> None:
    text = asset.text()
    assert not [tag for tag in ("<html", "<head>", "<meta", "<body", "<script", 'id="live"') if tag in text]
