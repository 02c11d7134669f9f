"""Draw docs/comparison.png: ``python docs/draw_comparison.py RUN RUN ... [--out FILE]`` shows runs compared.

Needs Chromium for the picture and Pillow, which torchvision brings, to make it small.
"""

import argparse
import io
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

from tablesense.comparison.local import read_run
from tablesense.comparison.page import write_page
from tablesense.tracking.run.atomic import atomic_write

WIDTH, HEIGHT = 1400, 4000
MOST_BYTES = 300_000


def main() -> None:
    """Write the page of the runs to a temporary place, let Chromium draw it, keep what it shows."""
    parser = argparse.ArgumentParser(description="Draw a picture of runs compared.")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folders of runs")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("comparison.png"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.html"
        write_page([read_run(run) for run in options.runs], page)
        picture = cropped(screenshot(page, Path(folder)))
    data = small_png(picture)
    with atomic_write(options.out) as file:
        file.write(data)


def screenshot(page: Path, folder: Path) -> Image.Image:
    """The page in a window higher than it is, in light colours."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is needed to draw the page, and was not found")
    file = folder / "page.png"
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={folder / 'profile'}", f"--window-size={WIDTH},{HEIGHT}"]
    command += ["--virtual-time-budget=3000", f"--screenshot={file}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a fixed command
    return Image.open(file).convert("RGB")


def cropped(picture: Image.Image) -> Image.Image:
    """Without the empty rows below the page."""
    background = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    box = ImageChops.difference(picture, background).getbbox()
    return picture.crop((0, 0, picture.width, min(picture.height, box[3] + 30))) if box else picture


def small_png(picture: Image.Image) -> bytes:
    """The picture as a PNG of at most 300 kB, with as many colours as that leaves room for."""
    for colours in (256, 128, 64, 32):
        file = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    else:
        raise SystemExit("The picture is larger than 300 kB with 32 colours: compare fewer runs")
    return file.getvalue()


if __name__ == "__main__":
    main()
