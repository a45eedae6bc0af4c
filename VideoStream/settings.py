"""Django's settings: from the environment, safe where it says nothing. See docs/settings.md."""

from logging import LogRecord
from pathlib import Path
from typing import Any

import environ
import msgspec
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from tzlocal import get_localzone_name

from streamer.redaction import hide
from VideoStream.secret import owner_token, secret_key, strong

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]

env = environ.Env()


def flag(name: str, default: bool) -> bool:
    """Return what a variable switches on or off; what is neither is an error, not a no."""
    text = env.str(name, "") or str(default)
    try:
        return msgspec.convert(text, bool, strict=False)
    except msgspec.ValidationError:
        raise ImproperlyConfigured(f"{name} is {text!r}. Expected 1, 0, true or false.") from None


def is_unexpected(record: LogRecord) -> bool:
    """Leave out what is told to who asked and logged where it is found: a camera that is away, a
    server that is full."""
    return getattr(record, "status_code", 0) != 503


def without_traceback(record: LogRecord) -> bool:
    """Let a record into the log with its one line only."""
    record.exc_info = None
    return True


DEBUG = flag("DJANGO_DEBUG", default=False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="") or secret_key(VAR_DIR / "secret_key")
# Whoever knows it may watch everything: `manage.py link` prints the link that has it.
OWNER_TOKEN = strong(
    "DJANGO_OWNER_TOKEN",
    env.str("DJANGO_OWNER_TOKEN", default="") or owner_token(VAR_DIR / "owner_token"),
)
hide(SECRET_KEY, OWNER_TOKEN)
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=LOOPBACK)
CSRF_TRUSTED_ORIGINS = env.list("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "servestatic",
    "csp",
    "streamer",
]

MIDDLEWARE = [
    "streamer.middleware.DebugPageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "streamer.middleware.OwnerLinkMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

SESSION_ENGINE = "streamer.database"
LOGIN_URL = LOGOUT_REDIRECT_URL = "login"
LOGIN_REDIRECT_URL = "/streams/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

ROOT_URLCONF = "VideoStream.urls"
ASGI_APPLICATION = "VideoStream.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]

VAR_DIR.mkdir(parents=True, exist_ok=True)
SQLITE: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": VAR_DIR / "db.sqlite3"}
DATABASE: dict[str, Any] = env.db("DATABASE_URL") if env.str("DATABASE_URL", "") else SQLITE
# Who needs it while it is locked or away is told soon, and holds up a thread no longer.
WAITS = {"sqlite3": "timeout", "postgresql": "connect_timeout", "mysql": "connect_timeout"}
if wait := WAITS.get(DATABASE["ENGINE"].rpartition(".")[2]):
    DATABASE.setdefault("OPTIONS", {}).setdefault(wait, 2)
DATABASES = {"default": DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# This machine's time: it is written on the pictures.
TIME_ZONE = get_localzone_name() or "UTC"
USE_TZ = True

# Files are served from where they lie, so that no collectstatic is needed before a start.
STATIC_URL = "static/"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("uplot", BASE_DIR / "node_modules" / "uplot" / "dist"),
]
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_USE_MANIFEST = False
SERVESTATIC_ALLOW_ALL_ORIGINS = False
# A page's modules must be of one version: browsers ask each time, and are told "unchanged".
SERVESTATIC_MAX_AGE = 0

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
# Pages have the token in their forms.
CSRF_COOKIE_HTTPONLY = True

# A proxy or tunnel in front speaks HTTPS and says so in X-Forwarded-Proto: all is HTTPS then.
HTTPS = flag(
    "DJANGO_HTTPS", default=any(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS)
)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]  # asked for behind the proxy
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS

# What is logged and what an error page shows has no passwords, tokens and keys in it.
DEFAULT_EXCEPTION_REPORTER = "VideoStream.reports.RedactingReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "VideoStream.reports.RedactingFilter"
LOGGING_CONFIG = "VideoStream.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "VideoStream.logs.stderr_formatter"}},
    "filters": {
        "brief": {"()": "django.utils.log.CallbackFilter", "callback": without_traceback},
        "unexpected": {"()": "django.utils.log.CallbackFilter", "callback": is_unexpected},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "streamer": {"level": "INFO"},
        "django": {"handlers": []},
        "django.request": {"filters": ["unexpected"]},
        # Any stranger can provoke it: a line tells all, a traceback each time would fill the log.
        "django.security.DisallowedHost": {"filters": ["brief"]},
    },
}

STREAMER: dict[str, object] = {}
