"""Where this machine is reached."""

import socket

import pytest

from streamer.addresses import is_loopback, reachable_hosts


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True),
        ("0.0.0.0", False), ("192.168.1.5", False), ("::", False), ("cam.example", False),
    ],
)  # fmt: skip
def test_loopback_is_told_from_the_rest(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(("bound", "host"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_on_loopback_it_is_reached_there_only(bound: str, host: str) -> None:
    assert reachable_hosts(bound) == [host]


def test_on_all_addresses_it_is_reached_by_each_of_them_and_by_name() -> None:
    hosts = reachable_hosts("0.0.0.0")
    assert socket.gethostname() in hosts
    assert hosts[-2:] == ["localhost", "127.0.0.1"]
    assert len(hosts) == len(set(hosts))


def test_on_one_address_it_is_reached_by_that_and_by_name() -> None:
    assert reachable_hosts("192.0.2.7")[:2] == ["192.0.2.7", socket.gethostname()]
    assert reachable_hosts("2001:db8::7")[0] == "[2001:db8::7]"
