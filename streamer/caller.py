"""Where somebody comes from, as far as limits by address go."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streamer.occasional import OccasionalLog

troubles = OccasionalLog(logging.getLogger(__name__))

HEADER = "X-Forwarded-For"

IPV6_PREFIX = 64
"""Bits of an IPv6 address that count: a household or a server has all addresses of such a network
(RFC 6177), and could come from another one each time."""

UNTOLD = (
    f"{HEADER} came, and no proxy is trusted: all visitors may share one address. "
    "TRUSTED_PROXIES tells how many proxies there are."
)

PORT = re.compile(r"(?<=[\d\]]):\d+$")
"""The port that some proxies write behind an address, `192.0.2.1:4711` or `[2001:db8::1]:4711`."""


@dataclass(frozen=True)
class Caller:
    """The address that counts, and whether it may be that of a proxy that nobody told of."""

    address: str
    is_untold: bool = False

    @property
    def note(self) -> str:
        """What a refusal by address says besides: nothing, other than behind an untold proxy."""
        return f" {UNTOLD}" if self.is_untold else ""


def of_scope(scope: Mapping[str, Any], proxies: int) -> Caller:
    """Return who opens a connection, as ASGI tells it."""
    name = HEADER.lower().encode()
    told = b",".join(value for key, value in scope["headers"] if key == name)
    client = scope.get("client")
    return caller(client[0] if client else "", told.decode("latin-1"), proxies)


def of_request(meta: Mapping[str, Any], proxies: int) -> Caller:
    """Return who sends a request, as its META tells it."""
    return caller(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""), proxies)


def caller(peer: str, forwarded: str, proxies: int) -> Caller:
    """Return who is behind `peer`, which is the address of the connection itself.

    Each of so many proxies has added whom it serves to `forwarded`, at the right: what stands
    further left is what somebody says of themselves.
    """
    hops = [each.strip() for each in forwarded.split(",") if each.strip()]
    if hops and not proxies:
        troubles.say(UNTOLD)
        return Caller(_counted([peer]), is_untold=True)
    return Caller(_counted([peer, *reversed(hops)][: proxies + 1]))


def _counted(hops: Sequence[str]) -> str:
    """Return the last of these that is an address, in the form that counts; of none the first as it
    is, such as that of a Unix socket."""
    for hop in reversed(hops):
        try:
            address = ipaddress.ip_address(PORT.sub("", hop).strip("[]"))
        except ValueError:
            continue
        if isinstance(address, ipaddress.IPv4Address):
            return str(address)
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        network = ipaddress.ip_network((int(address), IPV6_PREFIX), strict=False)
        return str(network)
    return hops[0]
