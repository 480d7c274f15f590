"""Whether the web server can have its address. Asked before anything is loaded, because servers that share a port by SO_REUSEPORT start
side by side without a word, and each gets some of the requests."""

import errno
import socket

from directory.core.errors import Invalid
from directory.settings import Settings


def check_free(settings: Settings) -> None:
    """Bind the address once and let it go. Raises Invalid naming the address and the setting."""
    host, port = settings.address
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise _refuse(settings, f"{host} is not an address of this machine") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        # without SO_REUSEPORT: a listener is a conflict; with SO_REUSEADDR: connections that a stopped server left behind are none
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            listen = settings.web.listen
            known = {
                errno.EADDRINUSE: f"{listen} is in use by another program",
                errno.EADDRNOTAVAIL: f"{host} is not an address of this machine",
                errno.EACCES: f"this user may not listen on {listen}",
            }
            raise _refuse(settings, known.get(error.errno or 0, f"{listen} can't be used: {error.strerror}")) from None


def _refuse(settings: Settings, reason: str) -> Invalid:
    return Invalid(f"{reason}; set MENTORS_LISTEN.", where="web.listen", value=settings.web.listen)
