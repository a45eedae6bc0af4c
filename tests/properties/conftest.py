"""The same examples in every run, so that what passes here passes elsewhere."""

from hypothesis import settings

settings.register_profile(
    "same", derandomize=True, deadline=None, database=None, max_examples=200, print_blob=True
)
settings.load_profile("same")
