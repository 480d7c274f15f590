import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.errors import Invalid
from directory.core.identity import MatchKey, key_hash, match_keys, new_person_id, orcid_url, parse_npi, parse_orcid, parse_ror
from directory.core.profile import Facts, Name, SourceRecord

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def orcid_of(digits: str) -> str:
    """MOD 11-2 in its closed form, apart from the code: the weighted sum of all sixteen places is 1 modulo 11."""
    total = sum(int(digit) * pow(2, 15 - place, 11) for place, digit in enumerate(digits))
    check = (1 - total) % 11
    number = digits + ("X" if check == 10 else str(check))
    return "-".join(number[at : at + 4] for at in range(0, 16, 4))


def npi_of(digits: str) -> str:
    """The digit that makes the Luhn sum of 80840 and the number a multiple of ten."""
    for check in range(10):
        total = 0
        for place, digit in enumerate(reversed(f"80840{digits}{check}")):
            value = int(digit) * (1 + place % 2)
            total += value - 9 if value > 9 else value
        if total % 10 == 0:
            return f"{digits}{check}"
    raise AssertionError


ORCIDS = st.text("0123456789", min_size=15, max_size=15).map(orcid_of)
NPIS = st.from_regex(r"\A[12][0-9]{8}\Z").map(npi_of)


@pytest.mark.parametrize(
    "text",
    [
        "0000-0002-1825-0097",
        "0000000218250097",
        " https://orcid.org/0000-0002-1825-0097 ",
        "http://orcid.org/0000-0002-1825-0097/",
        "https://www.orcid.org/0000-0002-1825-0097",
        "ORCID: 0000-0002-1825-0097",
    ],
)
def test_orcid_forms(text: str) -> None:
    assert parse_orcid(text) == "0000-0002-1825-0097"


@pytest.mark.parametrize("text", ["0000-0002-9079-593x", "0000-0002-9079-593X", "000000029079593x"])
def test_orcid_with_check_x(text: str) -> None:
    assert parse_orcid(text) == "0000-0002-9079-593X"
    assert orcid_url(parse_orcid(text)) == "https://orcid.org/0000-0002-9079-593X"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4444-4444-4444-4445", "The check digit of this ORCID iD is wrong"),
        ("0000-0002-1825-009", "This is not an ORCID iD"),
        ("0000-0002-18250097", "This is not an ORCID iD"),
        ("https://example.org/0000-0002-1825-0097", "This is not an ORCID iD"),
        ("0000-0002-1825-0097?x=1", "This is not an ORCID iD"),
        ("\u0660000-0002-1825-0097", "This is not an ORCID iD"),
        ("", "This is not an ORCID iD"),
    ],
)
def test_wrong_orcids(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_orcid(text)
    assert (str(refusal.value), refusal.value.where, refusal.value.value) == (message, "orcid", text)
    assert refusal.value.allowed == ("0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097")


@given(ORCIDS)
def test_every_valid_orcid_is_read(orcid: str) -> None:
    for form in (orcid, orcid.lower(), orcid.replace("-", ""), orcid_url(orcid), f"{orcid_url(orcid)}/"):
        assert parse_orcid(form) == orcid


@given(ORCIDS)
def test_every_changed_or_transposed_orcid_digit_is_caught(orcid: str) -> None:
    digits = orcid.replace("-", "")
    wrong = [digits[:at] + other + digits[at + 1 :] for at in range(16) for other in "0123456789X" if other != digits[at]]
    wrong += [digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :] for at in range(15) if digits[at] != digits[at + 1]]
    for number in wrong:
        with pytest.raises(Invalid):
            parse_orcid(number)


@pytest.mark.parametrize("identifier", ["00d9ah105", "00pjdza24", "0168r3w48", "02jbv0t02", "03dbr7087"])
def test_ror_forms(identifier: str) -> None:
    url = f"https://ror.org/{identifier}"
    for form in (
        url,
        identifier,
        f"ror.org/{identifier}",
        f"http://ror.org/{identifier}/",
        url.upper().replace("HTTPS", "https"),
        f" {url} ",
    ):
        assert parse_ror(form) == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://ror.org/00d9ah106", "The check digits of this ROR id are wrong"),
        ("https://ror.org/00d9ai105", "This is not a ROR id"),
        ("https://ror.org/10d9ah105", "This is not a ROR id"),
        ("https://example.org/00d9ah105", "This is not a ROR id"),
        ("", "This is not a ROR id"),
    ],
)
def test_wrong_rors(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_ror(text)
    assert (str(refusal.value), refusal.value.where, refusal.value.value) == (message, "ror", text)


@given(st.sampled_from(["00d9ah105", "00pjdza24", "02jbv0t02"]), st.integers(1, 8), st.sampled_from(CROCKFORD))
def test_every_changed_ror_character_is_caught(identifier: str, at: int, other: str) -> None:
    changed = identifier[:at] + other + identifier[at + 1 :]
    if changed != identifier:
        with pytest.raises(Invalid):
            parse_ror(changed)


def test_npi_examples() -> None:
    assert parse_npi(" 1234567893 ") == "1234567893"
    for text, message in (
        ("1234567890", "The check digit of this NPI is wrong"),
        ("3234567893", "This is not an NPI"),
        ("123456789", "This is not an NPI"),
        ("12345678930", "This is not an NPI"),
    ):
        with pytest.raises(Invalid) as refusal:
            parse_npi(text)
        assert (str(refusal.value), refusal.value.where) == (message, "npi")


@given(NPIS)
def test_every_changed_npi_digit_is_caught(npi: str) -> None:
    assert parse_npi(npi) == npi
    for at in range(10):
        for other in set("0123456789") - {npi[at]}:
            with pytest.raises(Invalid):
                parse_npi(npi[:at] + other + npi[at + 1 :])


def record(facts: Facts) -> SourceRecord:
    return SourceRecord("plains", "a/17", facts, (), datetime(2026, 11, 1, tzinfo=UTC))


def test_match_keys_are_strongest_first_and_never_a_name() -> None:
    name = Name("Okonjo-Vale", "Ingrid")
    assert match_keys(record(Facts(name=name))) == (MatchKey("source", "plains/a/17"),)
    assert match_keys(record(Facts(name=name, orcid="0000-0002-1825-0097", npi="1234567893"))) == (
        MatchKey("orcid", "0000-0002-1825-0097"),
        MatchKey("source", "plains/a/17"),
        MatchKey("npi", "1234567893"),
    )


def test_key_hash_is_the_hmac_of_kind_and_value() -> None:
    key = MatchKey("orcid", "0000-0002-1825-0097")
    assert key_hash(b"secret", key) == "6cbeaadeb199a9aaf71364ae57018ef34730ced3021395d6c10cd31ab03f8390"
    others = [key_hash(b"other", key), key_hash(b"secret", MatchKey("npi", key.value)), key_hash(b"secret", MatchKey("orcid", "x"))]
    assert len({key_hash(b"secret", key), *others}) == 4
    with pytest.raises(Invalid, match=r"^The secret for suppressions is empty$"):
        key_hash(b"", key)


def test_person_ids() -> None:
    ids = {new_person_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(f"m[{CROCKFORD}]{{11}}", identifier) for identifier in ids)
