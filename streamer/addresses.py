"""The addresses and names that this machine is reached by."""

from __future__ import annotations

import ipaddress
import socket

import ifaddr


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def reachable_hosts(bound: str) -> list[str]:
    """Return the hosts that a server bound to the address `bound` is reached by, best first.

    An IPv6 address comes in brackets, as in a URL. Bound to all addresses (0.0.0.0 or ::), those
    are all of this machine and its names; bound to one, that one and the names.
    """
    if is_loopback(bound):
        return [_in_url(bound)]
    everything = bound in ("0.0.0.0", "::")  # noqa: S104, compared, not bound
    addresses = _machine_addresses(bound == "::") if everything else [bound]
    name = socket.gethostname()
    names = [name] if "." in name else [name, f"{name}.local"]
    local = ["localhost", "127.0.0.1"] if everything else []
    return [_in_url(host) for host in dict.fromkeys([*addresses, *names, *local]) if host]


def _machine_addresses(with_ipv6: bool) -> list[str]:
    """Return the addresses of all network cards, without loopback and link-local ones."""
    found = []
    for adapter in ifaddr.get_adapters():
        for each in adapter.ips:
            address = ipaddress.ip_address(each.ip if isinstance(each.ip, str) else each.ip[0])
            usable = not (address.is_loopback or address.is_link_local)
            if usable and (with_ipv6 or address.version == 4):
                found.append(str(address))
    return found


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
