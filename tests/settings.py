"""The product's own settings, with a database in memory and a key that is no secret."""

import os

os.environ["DJANGO_SECRET_KEY"] = "only-for-tests"  # noqa: S105
os.environ["DATABASE_URL"] = "sqlite://:memory:"

from VideoStream.settings import *  # noqa: F403
