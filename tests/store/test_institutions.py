from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import event

from directory.core.profile import Institution
from directory.core.vocabulary import fold
from directory.store import institutions
from directory.store.institutions import InstitutionRow
from directory.store.session import Store

ROR = "https://ror.org/01example9"
OTHER = "https://ror.org/02example8"


def resolve(store: Store, *wanted: Institution) -> list[str]:
    with store.write() as conn:
        found = institutions.resolve(conn, wanted)
    return [found[item] for item in wanted]


def stored(store: Store, *ids: str) -> list[InstitutionRow]:
    with store.read() as conn:
        found = institutions.get(conn, ids)
    return [found[name] for name in ids]


def test_unknown_ones_are_created_once(store: Store) -> None:
    first = Institution("Example University of São João & Plains", ROR, "Lincoln", "NE")
    assert resolve(store, first, first) == ["example-university-of-sao-joao-and-plains"] * 2
    assert resolve(store, first) == ["example-university-of-sao-joao-and-plains"]
    assert stored(store, "example-university-of-sao-joao-and-plains") == [
        InstitutionRow("example-university-of-sao-joao-and-plains", ROR, first.name, "Lincoln", "NE")
    ]


def test_a_ror_id_beats_the_spelling(store: Store) -> None:
    assert resolve(store, Institution("Example College", ROR)) == ["example-college"]
    assert resolve(store, Institution("The College, Example", ROR)) == ["example-college"]


def test_a_name_is_compared_folded(store: Store) -> None:
    assert resolve(store, Institution("Example  Médical College")) == ["example-medical-college"]
    assert resolve(store, Institution("EXAMPLE MEDICAL COLLEGE")) == ["example-medical-college"]


def test_one_name_with_two_ror_ids_is_two_institutions(store: Store) -> None:
    two = [Institution("Example College", OTHER), Institution("Example College", ROR)]
    assert sorted(resolve(store, *two)) == ["example-college", "example-college-2"]
    assert resolve(store, Institution("Example College")) == ["example-college"]


def test_one_name_in_two_states_is_two_institutions(store: Store) -> None:
    two = [Institution("Example College", state="NE"), Institution("Example College", state="IA")]
    assert sorted(resolve(store, *two)) == ["example-college", "example-college-2"]


def test_later_knowledge_completes_the_row(store: Store) -> None:
    assert resolve(store, Institution("Example College")) == ["example-college"]
    assert resolve(store, Institution("Example College", ROR, "Lincoln", "NE")) == ["example-college"]
    assert stored(store, "example-college") == [InstitutionRow("example-college", ROR, "Example College", "Lincoln", "NE")]
    assert resolve(store, Institution("Example College", "", "Omaha")) == ["example-college"]
    assert stored(store, "example-college") == [InstitutionRow("example-college", ROR, "Example College", "Lincoln", "NE")]


def test_bare_and_full_in_one_batch_are_one(store: Store) -> None:
    assert resolve(store, Institution("Example College"), Institution("Example College", ROR, "Lincoln")) == ["example-college"] * 2


def test_names_without_latin_letters_get_an_id(store: Store) -> None:
    two = Institution("東京例大学"), Institution("例")
    assert sorted(resolve(store, *two)) == ["institution", "institution-2"]
    assert resolve(store, *two) == resolve(store, *two)


def test_two_writers_create_one_row(store: Store) -> None:
    wanted = [Institution(f"Example College {number}", f"https://ror.org/0exam{number:04}") for number in range(20)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: resolve(store, *wanted), range(4)))
    assert answers == [[f"example-college-{number}" for number in range(20)]] * 4


def test_a_name_that_grows_when_folded_is_cut(store: Store) -> None:
    long = Institution("\ufdfa" * 60)
    assert len(fold(long.name)) > 300
    assert resolve(store, long, Institution("Example " + "\u00df" * 290), long)[::2] == ["institution"] * 2
    assert resolve(store, long) == ["institution"]


def test_a_batch_of_new_ones_reads_what_is_known_twice(store: Store) -> None:
    wanted = [Institution(f"Example College {number}", state="NE") for number in range(100)]
    statements: list[str] = []
    with store.write() as conn:
        event.listen(conn, "before_cursor_execute", lambda _c, _cur, statement, *_: statements.append(statement))
        assert len(set(institutions.resolve(conn, wanted).values())) == 100
    read = [statement for statement in statements if " IN (" in statement]
    assert (len(read), sum("INSERT" in statement for statement in statements)) == (2, 100)


def test_a_batch_finds_what_it_has_made_and_completed(store: Store) -> None:
    assert resolve(store, Institution("Example College")) == ["example-college"]
    batch = [
        Institution("Example College", ROR, "Lincoln", "NE"),
        Institution("The College, Example", ROR),
        Institution("Example College", state="IA"),
        Institution("Example College", city="Ames"),
    ]
    together = ["example-college", "example-college", "example-college-2", "example-college"]
    assert resolve(store, *batch) == together
    assert [resolve(store, one)[0] for one in batch] == together
