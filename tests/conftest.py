"""Settings for all tests."""

import os

from hypothesis import settings

# Before torch is imported: tests run in several processes, and their sheets are too small for threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A deadline for each example is a timing assert, and a busy machine breaks it.
settings.register_profile("tablesense", deadline=None)
settings.load_profile("tablesense")
