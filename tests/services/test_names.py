from directory.core.profile import Institution
from directory.services.names import InstitutionNames
from directory.store import institutions
from tests.world import World


def test_names_are_read_once_and_unknown_ids_stand_for_themselves(world: World) -> None:
    store = world.parts.store
    with store.write() as conn:
        found = institutions.resolve(conn, [Institution("Example College"), Institution("Example Clinic")])
    college, clinic = found.values()
    names = InstitutionNames()
    with store.read() as conn:
        assert names.of(conn, [college]) == {"example-college": "Example College"}
        assert names.of(conn, [clinic, "nowhere", college]) == {
            "example-clinic": "Example Clinic", "nowhere": "nowhere", "example-college": "Example College",
        }  # fmt: skip
    store.close()
    assert names.of(conn, [college, clinic]) == {"example-college": "Example College", "example-clinic": "Example Clinic"}
