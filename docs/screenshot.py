"""Pages drawn by Chromium as PNGs small enough for a repository; needs Pillow, which torchvision brings."""

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

MOST_BYTES = 300_000


def screenshot(address: str, width: int, height: int) -> Image.Image:
    """What a window of this size shows of a page, in light colours."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is needed to draw the page, and was not found")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "page.png"
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={folder}/profile", f"--window-size={width},{height}"]
        command += ["--virtual-time-budget=3000", f"--screenshot={file}", address]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a fixed command
        return Image.open(file).convert("RGB")


def small_png(picture: Image.Image) -> bytes:
    """The picture as a PNG of at most 300 kB, with as many colours as that leaves room for."""
    for colours in (256, 128, 64, 32):
        file = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            return file.getvalue()
    raise SystemExit("The picture is larger than 300 kB with 32 colours: show less")
