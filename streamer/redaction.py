"""Keeps secrets out of what is told and logged."""

import re

WITH_USER_INFO = re.compile(r"://[^\s'\"]*")
"""What may have user and password before its host (RFC 3986, 3.2.1), to the end of the URL: that
each piece of a text is read once bounds the time for any text."""

CREDENTIALS = ("token", "key")
"""Names in a query that let somebody in."""

QUERY_SECRETS = re.compile(rf"(?<=[?&])({'|'.join(CREDENTIALS)})=[^\s&'\"]*")
"""What lets somebody in, in the query of a URL."""

SIGNED = re.compile(r"[\w-]+(?::|%3[Aa])[\w-]{43}(?![\w-])")
"""What this site has signed, such as the key of a link, wherever it stands: base 64, and the
signature (SHA-256)."""

COOKIES = re.compile(r"\b(sessionid|csrftoken|csrfmiddlewaretoken)=[^\s;&'\"]*")
"""What a browser sends for who is logged in."""

AUTHORIZATION = re.compile(r"\b((?i:bearer|basic)) +(?=\w*[0-9A-Z])[\w.~+/-]{12,}=*")
"""What a program sends in Authorization (RFC 6750, 2.1; RFC 7617, 2); a plain word is none."""

SHORTEST = 12
"""Characters that a known secret has at least: a shorter one may be a part of other words."""

_known: set[str] = set()


def hide(*secrets: str) -> None:
    """Have these cut from all that is redacted from now on, wherever they stand."""
    _known.update(secret for secret in secrets if len(secret) >= SHORTEST)


def redacted(text: str) -> str:
    """Return a text without the passwords and tokens of the URLs in it, without cookies, and
    without the secrets that are known."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, "…")
    text = WITH_USER_INFO.sub(_without_user_info, text)
    for named in (QUERY_SECRETS, COOKIES):
        text = named.sub(r"\1=…", text)
    return AUTHORIZATION.sub(r"\1 …", SIGNED.sub("…", text))


def _without_user_info(url: re.Match[str]) -> str:
    """Return a URL without user and password. All up to the last @ goes: a password may hold what
    should have been quoted, even a slash."""
    _, at, rest = url[0].rpartition("@")
    return f"://…@{rest}" if at else url[0]
