"""Where webhooks may go: to public addresses, unless the settings allow others.

A name is resolved, its addresses are checked, and the connection goes to one that was checked. So
a name that changes its mind between the check and the connection leads nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from typing import Final
from urllib.parse import SplitResult, urlsplit

from hogsend.errors import HogsendError, InvalidInputError

_PORTS: Final = {"https": 443, "http": 80}
_LONGEST: Final = 2000
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

URL_PATTERN: Final = (
    r"^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[1-9][0-9]{0,3})?"
    r"(/[A-Za-z0-9/._~%+@!$&'()*,;:=-]*)?(\?[A-Za-z0-9/._~%+@!$&'()*,;:=?-]*)?$"
)
"""An endpoint's URL, where no setting allows more."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenAddressError(HogsendError):
    """A webhook would go where none may go."""


def check_url(url: str, *, allow_private: bool) -> SplitResult:
    """The parts of an endpoint's URL.

    Raises:
        InvalidInputError: It cannot be one.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInputError("url", f"is none: {error}") from error
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise InvalidInputError(
            "url", f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)} and a name"
        )
    if parts.username is not None or parts.fragment or len(url) > _LONGEST or not url.isascii():
        raise InvalidInputError(
            "url", f"must be ASCII, without a user, password or #, at most {_LONGEST} characters"
        )
    if any(not character.isprintable() or character.isspace() for character in url):
        raise InvalidInputError("url", "must not contain blanks or control characters")
    literal = _literal(parts.hostname)
    if literal is not None and not allow_private and not is_public(literal):
        raise InvalidInputError("url", f"leads to {literal}, which is not a public address")
    if literal is None and not allow_private and not re.fullmatch(URL_PATTERN, url):
        raise InvalidInputError(
            "url", "must be a name, perhaps a port, and a path of plain characters"
        )
    return parts


async def resolve(parts: SplitResult, *, allow_private: bool) -> str:
    """An address of the URL's host, checked.

    Raises:
        ForbiddenAddressError: One of its addresses is not public; then none is used.
        OSError: It has none.
    """
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses:
        raise OSError(f"{host} has no address")
    for address in addresses:
        if not allow_private and not is_public(address):
            raise ForbiddenAddressError(
                f"{host} is {address}, which is not a public address. WEBHOOKS_ALLOW_PRIVATE=true "
                "lets webhooks go there."
            )
    return str(addresses[0])


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to the internet; one that another is wrapped in, too."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
