"""The installation's secret, from which suppressions hash identifiers. Whoever loses it loses the meaning of every suppression, so the
database remembers which one it is, and a lost or foreign one is refused instead of being replaced in silence."""

import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from directory.core.errors import Invalid
from directory.store import installation
from directory.store.session import Store

SIZE: Final = 32
NAME: Final = "secret.key"
LOST: Final = "secret.key is missing, and no other one fits this database: restore secret.key from a backup"
FOREIGN: Final = "secret.key is not the one of this database: restore secret.key from a backup"
ALLOWED: Final = ("the secret.key of this installation",)


def stored_secret(data_dir: Path) -> bytes:
    """What `secret.key` holds. `Invalid` for a damaged file, or one that others can read."""
    path = data_dir / NAME
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Invalid("the secret can be read by others", where=NAME, allowed=("mode 600: chmod 600 secret.key",))
    value = path.read_bytes()
    if len(value) != SIZE:
        raise Invalid(f"the secret has {len(value)} bytes: restore it from a backup", where=NAME, allowed=(f"{SIZE} bytes",))
    return value


def secret(store: Store) -> bytes:
    """The 32 bytes of `secret.key` in the data folder. A new installation makes them and ties them to its database.

    `Invalid` if the database was used with another secret, whether the file is missing or foreign, and as `stored_secret`.
    """
    with store.read() as conn:
        tied = installation.is_set_up(conn)
        known = installation.get(conn, installation.KEY) if tied else None
    if not (store.data_dir / NAME).exists():
        if known:
            raise Invalid(LOST, where=NAME, allowed=ALLOWED)
        install_secret(store.data_dir, secrets.token_bytes(SIZE))
    value = stored_secret(store.data_dir)
    if tied and known is None:
        with store.write() as conn:
            known = installation.settle(conn, installation.KEY, _fingerprint(value))
    if known and known != _fingerprint(value):
        raise Invalid(FOREIGN, where=NAME, allowed=ALLOWED)
    return value


def install_secret(data_dir: Path, value: bytes) -> None:
    """Puts a secret in place, whole or not at all. One that is there stays: two processes that start together agree on the first."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = data_dir / f"{NAME}.{secrets.token_hex(8)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, value)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(fresh, data_dir / NAME)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _fingerprint(value: bytes) -> str:
    """Says which secret it is and nothing about it: no key of a suppression is hashed from this text."""
    return hmac.digest(value, b"fingerprint", "sha256").hex()
