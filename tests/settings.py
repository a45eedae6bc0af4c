"""The product's own settings, with a database in memory; key and token are no secrets."""

import os

os.environ["DJANGO_SECRET_KEY"] = "only-for-tests"  # noqa: S105
os.environ["DJANGO_OWNER_TOKEN"] = OWNER_TOKEN = "only-for-tests-and-no-secret"  # noqa: S105
os.environ["DATABASE_URL"] = "sqlite://:memory:"

from VideoStream.settings import *  # noqa: F403
