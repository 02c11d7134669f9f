"""What is in the text of a page: its data, and whether it needs anything else."""

import base64
import hashlib
import html
import json
import re
from typing import Any


def embedded(page: str) -> dict[str, Any]:
    """The data that the page's scripts read."""
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    data: dict[str, Any] = json.loads(text)
    return data


def assert_self_contained(page: str) -> None:
    """The page may run exactly its own scripts and styles, and names nothing to load."""
    policy = html.unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0])
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    for element in re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", page, re.S):
        digest = base64.b64encode(hashlib.sha256(element.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.search(r"<(?:link|img|iframe|script)[^>]*(?:src|href)=", page)
