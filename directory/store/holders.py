"""Names for those who hold leases and claims, from which a process on the same machine can tell that the holder is dead."""

import os
import secrets
import socket
from pathlib import Path
from typing import Final

SEPARATOR: Final = "/"
HOST_LENGTH: Final = 40
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
BOOT_LENGTH: Final = 13


def holder_name(role: str) -> str:
    """A new name: role, machine, process and a random part."""
    return SEPARATOR.join((role, _machine(), str(os.getpid()), secrets.token_hex(4)))


def is_gone(holder: str) -> bool:
    """Whether a holder was a process of this machine that has ended. False where that can't be known: on another machine, or when the
    number of the process was given to another one; then its time has to run out."""
    parts = holder.split(SEPARATOR)
    if len(parts) != len(("role", "host", "space", "pid", "random")) or SEPARATOR.join(parts[1:3]) != _machine():
        return False
    try:
        os.kill(int(parts[3]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return _is_zombie(int(parts[3]))


def _is_zombie(pid: int) -> bool:
    """Whether it has ended and nobody has looked at its exit code yet, which who takes over from a killed parent may be slow to do."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _machine() -> str:
    """Host and, because two containers may share its name but not their processes, the space that process numbers belong to. The first
    space has the same number on every machine, and machines copied from one image the same name, so the start of the machine counts too."""
    host = socket.gethostname().replace(SEPARATOR, "-")[:HOST_LENGTH]
    try:
        space = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        space = 0
    return f"{host}{SEPARATOR}{space}-{_boot()}"


def _boot() -> str:
    """Enough of the id that Linux gives to each start of a machine."""
    try:
        return BOOT_ID.read_text(encoding="ascii")[:BOOT_LENGTH]
    except OSError:
        return ""
