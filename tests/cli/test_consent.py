"""`mentors consent`: an operator carries out what a person asked for."""

import json

from directory.core.consent import PURPOSES
from tests.cli.conftest import Mentors
from tests.world import World, orcid, record, records


def test_show_withdraw_grant(world: World, mentors: Mentors) -> None:
    world.harvest(records(2))
    world.drain()
    person = world.person("p000")
    body = json.loads(mentors("consent", "show", person, "--json").stdout)
    assert (body["person"], body["listed"], set(body["purposes"])) == (person, True, set(PURPOSES))
    assert body["purposes"]["listing"] == {"allowed": True, "reason": "granted by an institution", "until": "2027-10-01T00:00:00Z"}
    assert body["events"] == [
        {
            "at": "2026-10-01T00:00:00Z",
            "purpose": "listing",
            "state": "granted",
            "basis": "institution",
            "source": "plains",
            "evidence": "form 12",
        }
    ]
    result = mentors("consent", "withdraw", person, "--json")
    assert (result.exit_code, json.loads(result.stdout)["listed"], world.shown()) == (0, False, ["p001"])
    text = mentors("consent", "show", person).output.splitlines()
    assert text[0] == f"{person}: not listed"
    assert text[1] == "  listing     no   withdrawn by the person"
    result = mentors("consent", "grant", person, "--purpose", "listing", "--evidence", "letter of Nov 3", "--json")
    assert (result.exit_code, json.loads(result.stdout)["listed"]) == (0, True)


def test_only_one_purpose(world: World, mentors: Mentors) -> None:
    world.harvest(records(1))
    person = world.person("p000")
    assert json.loads(mentors("consent", "withdraw", person, "--purpose", "contact", "--json").stdout)["listed"]
    result = mentors("consent", "withdraw", person, "--purpose", "parties")
    assert (result.exit_code, "'parties' is not one of 'listing', 'widgets', 'federation', 'contact'" in result.stderr) == (2, True)


def test_erase_asks_first(world: World, mentors: Mentors) -> None:
    world.harvest(records(1))
    person = world.person("p000")
    result = mentors("consent", "erase", person)
    assert (result.exit_code, "Aborted!" in result.stderr) == (1, True)
    assert len(world.table("profile")) == 1
    result = mentors("consent", "erase", person, "--yes")
    assert (result.exit_code, result.output) == (0, f"{person} is erased; pseudonymous events and a suppression stay.\n")
    assert world.table("profile") == []


def test_verify(world: World, mentors: Mentors) -> None:
    world.harvest(records(3))
    assert mentors("consent", "verify").output.startswith("3 events, the chain holds; head ")
    with world.store.write() as conn:
        conn.exec_driver_sql("DROP TRIGGER consent_event_no_update")
        conn.exec_driver_sql("UPDATE consent_event SET evidence = 'forged' WHERE seq = 2")
    result = mentors("consent", "verify")
    assert (result.exit_code, result.stderr) == (2, "Error: the consent ledger is broken at event 2\n")


def test_a_person_can_be_named_by_source_and_by_orcid(world: World, mentors: Mentors) -> None:
    world.harvest([record("n-9", orcid=orcid(7)), record("other/n 9")])
    person = world.person("n-9")
    for name in (person, "plains/n-9", orcid(7), f"https://orcid.org/{orcid(7)}", orcid(7).replace("-", "")):
        assert json.loads(mentors("consent", "show", name, "--json").stdout)["person"] == person
    assert mentors("consent", "withdraw", "plains/n-9").output.startswith(f"{person}: not listed\n")
    result = mentors("consent", "grant", orcid(7), "--purpose", "listing", "--evidence", "letter")
    assert result.output.startswith(f"{person}: listed\n")
    slashed = world.person("other/n 9")
    assert mentors("consent", "erase", "plains/other/n 9", "--yes").output.startswith(f"{slashed} is erased; ")
