"""Draw docs/comparison.png: ``python docs/draw_comparison.py RUN RUN ... [--out FILE]`` shows runs compared.

Needs Chromium for the picture and Pillow, which torchvision brings, to make it small.
"""

import argparse
import tempfile
from pathlib import Path

from PIL import Image, ImageChops
from screenshot import screenshot, small_png

from tablesense.comparison.local import read_run
from tablesense.comparison.page import write_page
from tablesense.tracking.run.atomic import atomic_write

WIDTH, HEIGHT = 1400, 4000  # higher than the page is


def main() -> None:
    """Write the page of the runs to a temporary place, let Chromium draw it, keep what it shows."""
    parser = argparse.ArgumentParser(description="Draw a picture of runs compared.")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folders of runs")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("comparison.png"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.html"
        write_page([read_run(run) for run in options.runs], page)
        picture = cropped(screenshot(page.as_uri(), WIDTH, HEIGHT))
    data = small_png(picture)
    with atomic_write(options.out) as file:
        file.write(data)


def cropped(picture: Image.Image) -> Image.Image:
    """Without the empty rows below the page."""
    background = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    box = ImageChops.difference(picture, background).getbbox()
    return picture.crop((0, 0, picture.width, min(picture.height, box[3] + 30))) if box else picture


if __name__ == "__main__":
    main()
