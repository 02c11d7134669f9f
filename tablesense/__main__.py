"""``python -m tablesense COMMAND ...``, the same as the installed ``tablesense``."""

import sys

from tablesense.command import main

if __name__ == "__main__":
    sys.exit(main())
