"""Look-up, loading and checking of vocabularies, and what the shipped ones must offer."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.errors import Invalid
from directory.core.vocabulary import Term, Vocabularies, Vocabulary, fold
from directory.core.vocabulary_files import REQUIRED, VocabularyError, load_vocabularies

FOLDER = Path(__file__).parents[2] / "config" / "vocabularies"
SHIPPED = load_vocabularies(FOLDER)
SPECIALTY = SHIPPED["specialty"]
EVERY_SPELLING = [(v, term, text) for v in SHIPPED.values() for term in v.terms.values() for text in term.spellings]


def vocabulary(*terms: Term, name: str = "fruit", parent_vocabulary: str | None = None) -> Vocabulary:
    return Vocabulary(name, "Fruit", "What grows.", parent_vocabulary, {term.id: term for term in terms})


# fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Emergency  Medicine", "emergency medicine"),
        ("emergency-medicine", "emergency medicine"),
        ("PM&R", "pm and r"),
        ("PM & R", "pm and r"),
        ("PM\uff06R", "pm and r"),
        ("OB/GYN", "ob gyn"),
        ("O.B.", "o b"),
        ("Crohn's", "crohns"),
        ("Crohn\u2019s", "crohns"),
        ("Hawai\u02bbi", "hawaii"),
        ("Kreyòl AYISYEN", "kreyol ayisyen"),
        ("Straße_und\u00a0Bär", "strasse und bar"),
        ("한국어", fold("\ud55c\uad6d\uc5b4")),
        ("LGBTQ+", "lgbtq"),
        ("  \t\n ", ""),
        ("—/—", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text)
    assert fold(once) == once


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_gives_what_the_long_way_gives(text: str) -> None:
    assert fold(text) == fold(f"\u0301{text}")


# look-up

TREE = vocabulary(
    Term("pome", "Pome"),
    Term("apple", "Apple", parent="pome", synonyms=("Malus", "M.")),
    Term("russet", "Russet", parent="apple"),
    Term("quince", "Quince", parent="pome", synonyms=("M.",)),
    Term("codling", "Codling", retired=True, replaced_by="keswick"),
    Term("keswick", "Keswick", retired=True, replaced_by="russet"),
    Term("costard", "Costard", retired=True),
)


def test_tree() -> None:
    assert [term.id for term in TREE.active()] == ["pome", "apple", "russet", "quince"]
    assert TREE.ancestors("russet") == ("apple", "pome")
    assert TREE.ancestors("pome") == ()
    assert TREE.with_ancestors(["quince", "russet", "quince"]) == ("pome", "apple", "russet", "quince")
    assert TREE.with_ancestors([]) == ()
    assert TREE.children("pome") == ("apple", "quince")
    assert TREE.descendants("pome") == ("apple", "russet", "quince")
    assert TREE.children("russet") == TREE.descendants("russet") == TREE.children("nothing") == ()


@pytest.mark.parametrize("call", [TREE.ancestors, TREE.current, lambda unknown: TREE.with_ancestors(["apple", unknown])])
def test_unknown_id_is_refused_with_what_is_allowed(call: Callable[[str], object]) -> None:
    with pytest.raises(Invalid) as caught:
        call("pear")
    assert str(caught.value) == "'pear' is not a term of 'fruit'"
    assert (caught.value.where, caught.value.value) == ("fruit", "pear")
    assert caught.value.allowed == ("pome", "apple", "russet", "quince")


def test_match() -> None:
    assert TREE.match("APPLE") == TREE.match(" malus ") == ("apple",)
    assert TREE.match("m") == ("apple", "quince")
    assert TREE.match("pear") == TREE.match("") == TREE.match("apple" + " " * 200) == ()
    assert TREE.match("Codling") == TREE.match("keswick") == ("russet",)
    assert TREE.match("costard") == ("costard",)
    assert TREE.current("codling") == "russet"
    assert TREE.current("costard") == "costard"
    assert TREE.phrases["malus"] == ("apple",)


def test_suggest_gives_labels_that_may_be_chosen() -> None:
    assert TREE.suggest("aple") == ("Apple",)
    assert TREE.suggest("costart") == ()
    assert SPECIALTY.suggest("gastroentrology", limit=2) == ("Gastroenterology", "Pediatric Gastroenterology")
    assert SPECIALTY.suggest("x" * 1_000_000) == ()


def test_parents_of_another_vocabulary_are_no_ancestors() -> None:
    topics = vocabulary(Term("peeling", "Peeling", parent="apple"), Term("coring", "Coring", parent="apple"), parent_vocabulary="fruit")
    assert topics.ancestors("peeling") == ()
    assert topics.with_ancestors(["peeling"]) == ("peeling",)
    assert topics.children("apple") == topics.descendants("apple") == ("peeling", "coring")


# loading

HEAD = 'label = "X"\ndescription = "Some x."\n'
ONE = HEAD + '[[term]]\nid = "one"\nlabel = "One"\n'


def folder_with(folder: Path, **files: str | None) -> Path:
    """A folder with a correct file for each required vocabulary, but those given; None leaves one out."""
    for name in {*REQUIRED, *files}:
        text = files.get(name, ONE)
        if text is not None:
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def problems_of(folder: Path) -> tuple[str, ...]:
    with pytest.raises(VocabularyError) as caught:
        load_vocabularies(folder)
    return caught.value.problems


def term(**values: str) -> str:
    """One `[[term]]` table; values are TOML."""
    return "[[term]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())


def test_loads_what_the_files_say(tmp_path: Path) -> None:
    text = (
        f'{HEAD}words = ["A"]\nambiguous = ["a"]\n'
        + term(id='"one"', label='"One"', synonyms='["A", "Uno"]')
        + term(id='"NE"', label='"Two"', parent='"one"', synonyms='["a"]', note='"n"')
        + term(id='"old"', label='"two"', status='"retired"', replaced_by='"NE"')
    )
    loaded = load_vocabularies(
        folder_with(tmp_path, level=text, extra=ONE, topic='parent_vocabulary = "arena"\n' + ONE + 'parent = "one"\n')
    )
    level = loaded["level"]
    assert list(loaded) == sorted({*REQUIRED, "extra"})
    assert len(loaded) == 13
    assert (level.name, level.label, level.description, level.parent_vocabulary) == ("level", "X", "Some x.", None)
    assert list(level.terms.values()) == [
        Term("one", "One", synonyms=("A", "Uno")),
        Term("NE", "Two", parent="one", synonyms=("a",), note="n"),
        Term("old", "two", retired=True, replaced_by="NE"),
    ]
    assert level.exact_case == frozenset({"A"})
    assert dict(level.phrases) == {"one": ("one",), "a": ("one", "NE"), "uno": ("one",), "ne": ("NE",), "two": ("NE",), "old": ("NE",)}
    assert loaded["topic"].parent_vocabulary == "arena"
    with pytest.raises(TypeError):
        level.terms["new"] = Term("new", "New")  # type: ignore[index]


TWO = HEAD + term(id='"one"', label='"One"')
ALLOWED_ID = "lower-case letters, digits and single hyphens, or two capitals"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("label = ", "level.toml: Invalid value (at end of document); allowed: TOML in UTF-8"),
        (
            'titel = "X"\n' + ONE,
            "level.toml: unknown key 'titel'; allowed: label, description, parent_vocabulary, ambiguous, words, term",
        ),
        ('description = "D"\n' + term(id='"one"', label='"One"'), "level.toml: label is empty; allowed: a text with a letter or digit"),
        ('label = "L"\n' + term(id='"one"', label='"One"'), "level.toml: description is empty; allowed: a text with a letter or digit"),
        ('label = 3\ndescription = "D"\n' + term(id='"one"', label='"One"'), "level.toml: label is 3; allowed: a text in quotes"),
        (HEAD, "level.toml: no terms; allowed: one or more [[term]] tables"),
        (HEAD + "term = [1]\n", "level.toml: no terms; allowed: one or more [[term]] tables"),
        (HEAD + term(label='"One"'), f"level.toml: term number 1 has id None; allowed: {ALLOWED_ID}"),
        (TWO + term(id='"Two"', label='"Two"'), f"level.toml: term number 2 has id 'Two'; allowed: {ALLOWED_ID}"),
        (TWO + term(id='"a--b"', label='"Two"'), f"level.toml: term number 2 has id 'a--b'; allowed: {ALLOWED_ID}"),
        (
            TWO + term(id='"one"', label='"Two"'),
            "level.toml: term 'one': the id stands twice; allowed: each id once, retired ones included",
        ),
        (TWO + term(id='"two"', label='" - "'), "level.toml: term 'two': label is empty; allowed: a text with a letter or digit"),
        (
            TWO + term(id='"two"', label='"Two"', synonym='"2"'),
            "level.toml: term 'two': unknown key 'synonym'; allowed: id, label, parent, synonyms, status, replaced_by, note",
        ),
        (
            TWO + term(id='"two"', label='"Two"', synonyms='["2", "+"]'),
            "level.toml: term 'two': synonyms is ['2', '+']; allowed: a list of texts, each with a letter or digit",
        ),
        (
            TWO + term(id='"two"', label='"Two"', synonyms='"2"'),
            "level.toml: term 'two': synonyms is '2'; allowed: a list of texts, each with a letter or digit",
        ),
        (TWO + term(id='"two"', label='"Two"', status='"gone"'), "level.toml: term 'two': status is 'gone'; allowed: active, retired"),
        (
            TWO + term(id='"two"', label='"Two"', parent='"on"'),
            "level.toml: term 'two': parent is 'on'; allowed: the id of another term of this file, close ones: one",
        ),
        (
            TWO + term(id='"two"', label='"Two"', parent='"zzz"'),
            "level.toml: term 'two': parent is 'zzz'; allowed: the id of another term of this file",
        ),
        (
            TWO + term(id='"two"', label='"Two"', parent='"three"') + term(id='"three"', label='"Three"', parent='"two"'),
            "level.toml: term 'two': parent goes in a circle, two > three > two; allowed: a parent that is not below the term",
        ),
        (
            TWO + term(id='"two"', label='"Two"', parent='"two"'),
            "level.toml: term 'two': parent goes in a circle, two > two; allowed: a parent that is not below the term",
        ),
        (
            TWO + term(id='"two"', label='"Two"', parent='"old"') + term(id='"old"', label='"Old"', status='"retired"'),
            "level.toml: term 'two': parent 'old' is retired; allowed: an active term",
        ),
        (
            TWO + term(id='"two"', label='"Two"', replaced_by='"one"'),
            "level.toml: term 'two': replaced_by stands on an active term; allowed: only with status = \"retired\"",
        ),
        (
            TWO + term(id='"two"', label='"Two"', status='"retired"', replaced_by='"zzz"'),
            "level.toml: term 'two': replaced_by is 'zzz'; allowed: the id of another term of this file",
        ),
        (
            TWO + term(id='"two"', label='"Two"', status='"retired"', replaced_by='"two"'),
            "level.toml: term 'two': replaced_by goes in a circle, two > two; allowed: a term that stays",
        ),
        (
            TWO + term(id='"two"', label='"Two"', synonyms='["ONE!"]'),
            "level.toml: term 'one': 'one' also means 'two'; allowed: a spelling of one term, or one that is listed in ambiguous",
        ),
        (
            TWO + term(id='"two"', label='"Two"', synonyms='["I.R."]') + term(id='"three"', label='"Three"', synonyms='["i r"]'),
            "level.toml: term 'two': 'I.R.' also means 'three'; allowed: a spelling of one term, or one that is listed in ambiguous",
        ),
        (
            f'ambiguous = ["One"]\n{ONE}',
            "level.toml: ambiguous: 'One' means only 'one'; allowed: a spelling of two or more terms",
        ),
        (f'ambiguous = ["IR"]\n{ONE}', "level.toml: ambiguous: 'IR' means no term; allowed: a spelling of two or more terms"),
        (f'words = ["One"]\n{ONE}', "level.toml: words: 'One'; allowed: upper case"),
        (f'words = ["ID"]\n{ONE}', "level.toml: words: 'ID' means no term; allowed: an id, label or synonym of this file"),
        (f'words = "ID"\n{ONE}', "level.toml: words is 'ID'; allowed: a list of texts, each with a letter or digit"),
        (
            f'parent_vocabulary = "level"\n{ONE}',
            f"level.toml: parent_vocabulary is 'level'; allowed: {', '.join(name for name in REQUIRED if name != 'level')}",
        ),
        (
            f'parent_vocabulary = "arenas"\n{ONE}',
            f"level.toml: parent_vocabulary is 'arenas'; allowed: {', '.join(name for name in REQUIRED if name != 'level')}",
        ),
        (
            f'parent_vocabulary = "arena"\n{ONE}parent = "two"\n',
            "level.toml: term 'one': parent is 'two'; allowed, from arena.toml: one",
        ),
        (f'parent_vocabulary = "arena"\n{ONE}', "level.toml: term 'one': parent is ''; allowed, from arena.toml: one"),
    ],
)
def test_each_problem_names_file_term_and_what_is_allowed(tmp_path: Path, text: str, problem: str) -> None:
    assert problems_of(folder_with(tmp_path, level=text)) == (problem,)


def test_missing_unreadable_and_wrongly_encoded_files(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, topic=None)
    (folder / "level.toml").write_bytes(ONE.replace("One", "Onée").encode("cp1252"))
    (folder / "mode.toml").unlink()
    (folder / "mode.toml").mkdir()
    assert problems_of(folder) == (
        f"topic.toml: no such file; needed: {', '.join(REQUIRED)}",
        "level.toml: not UTF-8; allowed: TOML in UTF-8",
        "mode.toml: can't be read, Is a directory; allowed: a readable file",
    )


def test_two_empty_labels_are_two_problems_and_not_a_third(tmp_path: Path) -> None:
    text = HEAD + term(id='"one"', label='""') + term(id='"two"', label='""')
    assert problems_of(folder_with(tmp_path, level=text)) == (
        "level.toml: term 'one': label is empty; allowed: a text with a letter or digit",
        "level.toml: term 'two': label is empty; allowed: a text with a letter or digit",
    )


def test_a_whole_branch_can_be_retired(tmp_path: Path) -> None:
    old = term(id='"old"', label='"Old"', status='"retired"') + term(id='"older"', label='"Older"', status='"retired"', parent='"old"')
    level = load_vocabularies(folder_with(tmp_path, level=TWO + old))["level"]
    assert level.ancestors("older") == ("old",)
    assert [term.id for term in level.active()] == ["one"]


def test_an_unreadable_parent_vocabulary_is_reported_once(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, arena="[", topic='parent_vocabulary = "arena"\n' + ONE + 'parent = "one"\n')
    assert [line.split(":")[0] for line in problems_of(folder)] == ["arena.toml"]


def test_all_problems_are_listed_at_once(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, level='label = "L"\n' + ONE.removeprefix(HEAD), mode=HEAD)
    with pytest.raises(VocabularyError) as caught:
        load_vocabularies(folder)
    assert str(caught.value) == (
        "The vocabularies can't be used, problems: 2\n"
        "level.toml: description is empty; allowed: a text with a letter or digit\n"
        "mode.toml: no terms; allowed: one or more [[term]] tables"
    )


@pytest.mark.parametrize(
    "changed",
    [
        ONE.replace("One", "Uno"),
        ONE.replace("Some x.", "Some y."),
        ONE + 'note = "n"\n',
        ONE + 'synonyms = ["Uno"]\n',
        ONE + 'status = "retired"\n',
        ONE + term(id='"two"', label='"Two"'),
        'words = ["ONE"]\n' + ONE,
    ],
)
def test_fingerprint_changes_with_content(tmp_path: Path, changed: str) -> None:
    before = load_vocabularies(folder_with(tmp_path)).fingerprint
    after = load_vocabularies(folder_with(tmp_path, level=changed)).fingerprint
    assert len(before) == 64
    assert before != after


def test_fingerprint_changes_with_the_order_of_terms(tmp_path: Path) -> None:
    first, second = term(id='"one"', label='"One"'), term(id='"two"', label='"Two"')
    before = load_vocabularies(folder_with(tmp_path, level=HEAD + first + second)).fingerprint
    assert load_vocabularies(folder_with(tmp_path, level=HEAD + second + first)).fingerprint != before


def test_fingerprint_ignores_comments_and_layout(tmp_path: Path) -> None:
    before = load_vocabularies(folder_with(tmp_path)).fingerprint
    relaid = "# A comment.\n" + HEAD + '\n\n[[term]]\nlabel   = "One"\nid = \'one\'\nstatus = "active"\n'
    assert load_vocabularies(folder_with(tmp_path, level=relaid)).fingerprint == before


def test_vocabularies_is_a_mapping() -> None:
    fruit = vocabulary()
    every = Vocabularies({"fruit": fruit})
    assert every["fruit"] is fruit
    assert "seed" not in every
    assert every.get("seed") is None


# what is shipped


def test_shipped_names_and_sizes() -> None:
    assert set(SHIPPED) == set(REQUIRED)
    sizes = {name: len(v.active()) for name, v in SHIPPED.items()}
    assert 190 <= sizes["specialty"] <= 250
    assert 40 <= sizes["language"] <= 60
    assert (sizes["arena"], sizes["availability"], sizes["stage"], sizes["mode"], sizes["cadence"]) == (3, 4, 4, 5, 5)
    topics = Counter(term.parent for term in SHIPPED["topic"].active())
    assert set(topics) == set(SHIPPED["arena"].terms)
    assert all(10 <= count <= 20 for count in topics.values())


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("arena", ["research-skills", "career-development", "personal-goals"]),
        ("availability", ["open", "waitlist", "paused", "unconfirmed"]),
        ("stage", ["early", "mid", "senior", "emeritus"]),
        ("mode", ["video", "phone", "text", "in-person", "meetings"]),
        ("rank", ["instructor", "assistant-professor", "associate-professor", "professor", "emeritus-professor", "adjunct", "other"]),
        ("cadence", ["weekly", "every-two-weeks", "monthly", "quarterly", "as-needed"]),
    ],
)
def test_shipped_ids_that_code_and_sources_rely_on(name: str, ids: list[str]) -> None:
    assert list(SHIPPED[name].terms) == ids


def test_shipped_regions_hold_all_states_and_territories() -> None:
    state = SHIPPED["state"]
    regions = {term.id: len(state.children(term.id)) for term in state.active() if term.parent is None}
    assert regions == {"northeast": 9, "midwest": 12, "south": 17, "west": 13, "territories": 5}
    assert state.children("territories") == ("AS", "GU", "MP", "PR", "VI")
    assert state.with_ancestors(["NE"]) == ("midwest", "NE")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("EM", ["emergency-medicine"]),
        ("er doctor", ["emergency-medicine"]),
        ("POCUS", ["emergency-ultrasound"]),
        ("ultrasound", ["emergency-ultrasound"]),
        ("Peds EM", ["pediatric-emergency-medicine"]),
        ("tox", ["medical-toxicology"]),
        ("EMS", ["emergency-medical-services"]),
        ("IM", ["internal-medicine"]),
        ("FM", ["family-medicine"]),
        ("peds", ["pediatrics"]),
        ("paediatrics", ["pediatrics"]),
        ("NICU", ["neonatology"]),
        ("PICU", ["pediatric-critical-care"]),
        ("OB", ["obstetrics-and-gynecology"]),
        ("OB/GYN", ["obstetrics-and-gynecology"]),
        ("ob-gyn", ["obstetrics-and-gynecology"]),
        ("OBGYN", ["obstetrics-and-gynecology"]),
        ("heme/onc", ["hematology-oncology"]),
        ("Hem-Onc", ["hematology-oncology"]),
        ("PM&R", ["physical-medicine-and-rehabilitation"]),
        ("PM and R", ["physical-medicine-and-rehabilitation"]),
        ("physiatry", ["physical-medicine-and-rehabilitation"]),
        ("IR", ["interventional-radiology"]),
        ("ENT", ["otolaryngology"]),
        ("GI", ["gastroenterology"]),
        ("ID", ["infectious-disease"]),
        ("pulm crit", ["pulmonary-critical-care"]),
        ("pulm/crit", ["pulmonary-critical-care"]),
        ("anesthesia", ["anesthesiology"]),
        ("ortho", ["orthopedic-surgery"]),
        ("derm", ["dermatology"]),
        ("psych", ["psychiatry"]),
        ("cards", ["cardiology"]),
        ("med-peds", ["medicine-pediatrics"]),
        ("rads", ["radiology"]),
        ("rad onc", ["radiation-oncology"]),
        ("QI", ["quality-and-safety"]),
        ("med ed", ["medical-education"]),
        ("informatics", ["clinical-informatics"]),
        ("HSR", ["health-services-research"]),
        ("ethics", ["bioethics"]),
        ("addiction", ["addiction-medicine"]),
        ("health policy", ["health-policy"]),
        ("global health", ["global-health"]),
        ("EP", ["emergency-medicine", "cardiac-electrophysiology"]),
        ("trauma", ["trauma-surgery", "orthopedic-trauma"]),
        ("primary care", ["general-internal-medicine", "family-medicine", "general-pediatrics"]),
    ],
)
def test_everyday_words_for_specialties(text: str, ids: list[str]) -> None:
    assert list(SPECIALTY.match(text)) == ids


@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("arena", "Career Development Path", ["career-development"]),
        ("arena", "Work/life balance", ["personal-goals"]),
        ("topic", "first R01 or K", ["first-r01-or-k-award"]),
        ("topic", "negotiating protected time", ["negotiating-protected-time"]),
        ("topic", "Returning after leave", ["returning-after-leave"]),
        ("level", "MS3", ["student"]),
        ("level", "PGY-1", ["resident"]),
        ("level", "intern", ["resident"]),
        ("level", "Junior Faculty", ["junior-faculty"]),
        ("level", "Postdoctoral Trainees", ["postdoc"]),
        ("level", "Medical Fellows", ["fellow"]),
        ("level", "Graduate Students", ["phd-student"]),
        ("rank", "Clinical Associate Professor", ["associate-professor"]),
        ("state", "Mass.", ["MA"]),
        ("state", "washington, d.c.", ["DC"]),
        ("state", "Hawai\u02bbi", ["HI"]),
        ("state", "the midwest", ["midwest"]),
        ("language", "español", ["es"]),
        ("language", "espanol", ["es"]),
        ("language", "ASL", ["ase"]),
        ("mode", "Zoom", ["video"]),
    ],
)
def test_everyday_words_elsewhere(name: str, text: str, ids: list[str]) -> None:
    assert list(SHIPPED[name].match(text)) == ids


def test_exact_case_holds_abbreviations_that_are_words() -> None:
    assert {"EM", "ID", "IM", "ER"} <= SPECIALTY.exact_case
    assert {"IN", "OR", "ME", "OK", "HI"} <= SHIPPED["state"].exact_case
    assert "GI" not in SPECIALTY.exact_case


@given(st.sampled_from(EVERY_SPELLING), st.sampled_from([str, str.lower, str.upper, str.title]), st.sampled_from(["", " ", ".", "\u00a0"]))
def test_every_spelling_finds_its_own_term(entry: tuple[Vocabulary, Term, str], case: Callable[[str], str], around: str) -> None:
    v, term, text = entry
    assert v.current(term.id) in v.match(f"{around}{case(text)}{around}")


@given(st.sampled_from(EVERY_SPELLING))
def test_ancestors_end_and_agree_with_descendants(entry: tuple[Vocabulary, Term, str]) -> None:
    v, term, _ = entry
    line = v.ancestors(term.id)
    assert term.id not in line
    assert len(set(line)) == len(line) <= 2
    assert all(term.id in v.descendants(above) for above in line)
    assert set(v.with_ancestors([term.id])) == {term.id, *line}


def test_shipped_spellings_are_not_repeated() -> None:
    repeated = [
        (v.name, term.id, text)
        for v in SHIPPED.values()
        for term in v.terms.values()
        for text, count in Counter(map(fold, (term.label, *term.synonyms))).items()
        if count > 1
    ]
    assert repeated == []
