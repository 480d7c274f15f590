"""Identifiers of people and institutions: syntax, check digits, and the keys by which a record is matched to a person.

Identity is by ORCID iD, else by source and external id, else by an NPI that both sides confirmed. Never by name.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from directory.core.errors import Invalid
from directory.core.profile import SourceRecord

_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_CROCKFORD_VALUE: Final = {letter: value for value, letter in enumerate(_CROCKFORD)}

_ORCID = re.compile(
    r"(?:https?://(?:www\.)?orcid\.org/|orcid:\s?)?([0-9]{4})(-?)([0-9]{4})\2([0-9]{4})\2([0-9]{3}[0-9x])/?",
    re.IGNORECASE | re.ASCII,
)
_ROR = re.compile(r"(?:(?:https?://)?(?:www\.)?ror\.org/)?(0[a-hj-km-np-tv-z0-9]{6}[0-9]{2})/?", re.IGNORECASE | re.ASCII)
_NPI = re.compile(r"[12][0-9]{9}", re.ASCII)

_ALLOWED_ORCID: Final = ("0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097")
_ALLOWED_ROR: Final = ("https://ror.org/ and 9 characters",)
_ALLOWED_NPI: Final = ("10 digits, the first 1 or 2",)
_SHOWN: Final = 80


def parse_orcid(text: str) -> str:
    """The bare iD, `dddd-dddd-dddd-dddX`, of a bare iD (hyphens optional) or an orcid.org address.

    Check digit: ISO 7064 MOD 11-2, as ORCID documents it. Raises Invalid.
    """
    found = _ORCID.fullmatch(text.strip())
    if not found:
        raise Invalid("This is not an ORCID iD", where="orcid", value=text[:_SHOWN], allowed=_ALLOWED_ORCID)
    parts = found.group(1, 3, 4, 5)
    digits = "".join(parts).upper()
    total = 0
    for digit in digits[:15]:
        total = (total + int(digit)) * 2
    if digits[15] != "0123456789X"[(12 - total % 11) % 11]:
        raise Invalid("The check digit of this ORCID iD is wrong", where="orcid", value=text[:_SHOWN], allowed=_ALLOWED_ORCID)
    return "-".join(parts).upper()


def orcid_url(orcid: str) -> str:
    """The canonical address of a bare iD."""
    return f"https://orcid.org/{orcid}"


def parse_ror(text: str) -> str:
    """The full ROR address, lower case, of a ROR address or a bare id.

    The last two digits are an ISO 7064 MOD 97-10 check over the seven Crockford base32 characters before them. Raises Invalid.
    """
    found = _ROR.fullmatch(text.strip())
    if not found:
        raise Invalid("This is not a ROR id", where="ror", value=text[:_SHOWN], allowed=_ALLOWED_ROR)
    identifier = found[1].lower()
    number = 0
    for letter in identifier[:7]:
        number = number * 32 + _CROCKFORD_VALUE[letter]
    if int(identifier[7:]) != 98 - number * 100 % 97:
        raise Invalid("The check digits of this ROR id are wrong", where="ror", value=text[:_SHOWN], allowed=_ALLOWED_ROR)
    return f"https://ror.org/{identifier}"


def parse_npi(text: str) -> str:
    """The ten digits of a National Provider Identifier.

    Check digit: Luhn over 80840 (the US health prefix) and the number, 45 CFR 162.406. Raises Invalid.
    """
    number = text.strip()
    if not _NPI.fullmatch(number):
        raise Invalid("This is not an NPI", where="npi", value=text[:_SHOWN], allowed=_ALLOWED_NPI)
    # The prefix 80840 adds 24 to every sum.
    total = 24 + sum(int(digit) for digit in number[1::2])
    total += sum(sum(divmod(2 * int(digit), 10)) for digit in number[::2])
    if total % 10:
        raise Invalid("The check digit of this NPI is wrong", where="npi", value=text[:_SHOWN], allowed=_ALLOWED_NPI)
    return number


@dataclass(frozen=True, slots=True)
class MatchKey:
    """One identifier of a person; `kind` is `orcid`, `source` or `npi`."""

    kind: str
    value: str


def match_keys(record: SourceRecord) -> tuple[MatchKey, ...]:
    """Every key of a record, strongest first. The identifiers in the record are parsed already."""
    facts = record.facts
    keys = [MatchKey("source", f"{record.source}/{record.external_id}")]
    if facts.orcid:
        keys.insert(0, MatchKey("orcid", facts.orcid))
    if facts.npi:
        keys.append(MatchKey("npi", facts.npi))
    return tuple(keys)


def key_hash(secret: bytes, key: MatchKey) -> str:
    """HMAC-SHA256 of a key, hex: what a suppression keeps of an erased person. Raises Invalid for an empty secret."""
    if not secret:
        raise Invalid("The secret for suppressions is empty", where="secret", allowed=("random bytes",))
    return hmac.digest(secret, f"{key.kind}\0{key.value}".encode(), "sha256").hex()


def new_person_id() -> str:
    """`m` and 55 random bits; says nothing about the person and does not repeat within a nation's mentors."""
    bits = secrets.randbits(55)
    return "m" + "".join([_CROCKFORD[bits >> shift & 31] for shift in range(0, 55, 5)])
