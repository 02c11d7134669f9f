"""Settings for all tests."""

from hypothesis import settings

# A deadline for each example is a timing assert, and a busy machine breaks it.
settings.register_profile("tablesense", deadline=None)
settings.load_profile("tablesense")
