"""sources.toml: what it may hold, and that every mistake in it is reported at once."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.config import Limits, SourceConfig, SourcesError, load_sources
from connectors.registry import KINDS
from directory.core.errors import Invalid
from directory.core.profile import Institution
from tests.connectors.reading import connect

SHIPPED = Path(__file__).parents[2] / "config" / "sources.toml"


def load(tmp_path: Path, text: str, **arguments: object) -> dict[str, SourceConfig]:
    file = tmp_path / "sources.toml"
    file.write_text(text, encoding="utf-8")
    return load_sources(file, **arguments)  # type: ignore[arg-type]


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SourcesError) as caught:
        load(tmp_path, text)
    return list(caught.value.problems)


GOOD = """
[source.plains]
kind = "csv"
institution = { name = "Example University of the Plains", ror = "05h9q1g27", city = "Lincoln", state = "NE" }
path = "in/plains.csv"

[source.lakes-2]
kind = "mentor-feed"
label = "Lakes"
institution = { name = "Example Lakes School of Medicine" }
url = "https://faculty.example.org/mentors.json"
token_env = "MENTORS_TOKEN_LAKES"
every = "6h"
consent = "none"
enabled = false
[source.lakes-2.options]
format = "ndjson"
"""


def test_a_good_file(tmp_path: Path) -> None:
    sources = load(tmp_path, GOOD, environment={"MENTORS_TOKEN_LAKES": "s3cret"}, limits=Limits(max_items=9))
    assert list(sources) == ["plains", "lakes-2"]
    assert sources["plains"] == SourceConfig(
        name="plains", kind="csv", label="Example University of the Plains",
        institution=Institution("Example University of the Plains", "https://ror.org/05h9q1g27", "Lincoln", "NE"),
        every=timedelta(hours=24), path=tmp_path / "in" / "plains.csv", folder=tmp_path, limits=Limits(max_items=9),
    )  # fmt: skip
    lakes = sources["lakes-2"]
    assert (lakes.url, lakes.token, lakes.every, lakes.consent, lakes.enabled, lakes.options) == (
        "https://faculty.example.org/mentors.json", "s3cret", timedelta(hours=6), "none", False, {"format": "ndjson"},
    )  # fmt: skip
    assert "s3cret" not in repr(lakes)


def test_a_missing_token_is_no_mistake_of_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD)["lakes-2"].token is None


def test_the_shipped_file_holds_no_source() -> None:
    assert load_sources(SHIPPED) == {}


def test_the_examples_of_the_shipped_file_are_right(tmp_path: Path) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").partition("# A spreadsheet")[2].splitlines()
    examples = "\n".join(line.removeprefix("# ") for line in lines if re.match(r"# (\[|[a-z_]+ = |\")", line))
    sources = load(tmp_path, examples)
    assert sorted(config.kind for config in sources.values()) == sorted(KINDS)
    for config in sources.values():
        assert connect(config).kind == config.kind


def test_every_key_is_explained_in_the_shipped_file() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    words = ["kind", "label", "institution", "ror", "city", "state", "every", "url", "path", "token_env", "consent", "enabled"]
    words += [option.name for kind in KINDS.values() for option in kind.options]
    assert [word for word in words if not re.search(rf"\b{word} = ", text) and f"options.{word}]" not in text] == []


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    text = """
    sources = 1
    [source.Plains]
    kind = "xls"
    path = 7
    evry = "1d"
    [source.self]
    kind = "csv"
    institution = { name = "", ror = "05h9q1g28", zip = "1", state = "Nebraska" }
    url = "ftp://x.example.org/"
    path = "x.csv"
    every = "1w"
    enabled = "yes"
    consent = "all"
    token_env = "lower"
    options = { format = "x" }
    [source.b]
    kind = "mentor-feed"
    institution = { name = "Example U" }
    options = { format = "xml" }
    [source.c]
    kind = "ucsf-profiles"
    institution = { name = "Example U" }
    url = "https://x.example.org/"
    options = { names = "jane", requests_per_second = 0, mentoring_types = { "A" = { arena = 1 } }, base_url = "https://x/?a=b" }
    [source.d]
    """
    assert problems(tmp_path, text) == [
        "sources.toml.sources is not a known key; allowed: source",
        "source.Plains is not a source name; allowed: lower-case letters and digits joined by '-', not self",
        "source.Plains.evry is not a known key; allowed: kind, label, institution, every, url, path, token_env, consent, enabled, options",
        "source.Plains.kind is 'xls'; allowed: csv or mentor-feed or ucsf-profiles",
        "source.Plains.institution is missing; allowed: a table with name, ror, city, state",
        "source.Plains.path is 7; allowed: a file, relative to the folder of sources.toml",
        "source.self is not a source name; allowed: lower-case letters and digits joined by '-', not self",
        "source.self.token_env is 'lower'; allowed: the name of an environment variable, like MENTORS_TOKEN_PLAINS",
        "source.self.institution.zip is not a known key; allowed: name, ror, city, state",
        "source.self.institution.ror is '05h9q1g28'; allowed: a ROR id with its check digits, like https://ror.org/05h9q1g27",
        "source.self.institution.state is 'Nebraska'; allowed: the two letters of a state or territory",
        "source.self.institution.name is ''; allowed: the institution's name",
        "source.self.url is 'ftp://x.example.org/'; allowed: an address that begins with https://",
        "source.self has url and path; allowed: one of url, path",
        "source.self.every is '1w'; allowed: a number with m, h or d, from 5m to 90d",
        "source.self.options.format is not a known key; allowed: none",
        "source.self.consent is 'all'; allowed: explicit or none",
        "source.self.enabled is 'yes'; allowed: true or false",
        "source.b has no place to read from; allowed: one of url, path",
        "source.b.options.format is 'xml'; allowed: json or ndjson",
        "source.c.url has no use; the kind ucsf-profiles is told where to read by its options",
        "source.c.options.base_url is 'https://x/?a=b'; allowed: an address without a query",
        "source.c.options.source is missing; who is asking, as the API wants to be told",
        "source.c.options.names is 'jane'; allowed: a list of profile names like [\"jane.doe\"]",
        "source.c.options.requests_per_second is 0; allowed: a number from 0.01 to 1000",
        "source.c.options.mentoring_types is {'A': {'arena': 1}}; allowed: a table like "
        '"Career mentor" = {arena = "career-development", topics = [], levels = []}',
        "source.d.kind is missing; allowed: csv or mentor-feed or ucsf-profiles",
        "source.d.institution is missing; allowed: a table with name, ror, city, state",
    ]


@pytest.mark.parametrize(
    "text", ["[source", "a = \0", "[source]\nx = 1", 'source = "x"', "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
)
def test_what_is_no_file_of_sources(tmp_path: Path, text: str) -> None:
    assert len(problems(tmp_path, text)) >= 1


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match=r"sources\.toml can't be read: No such file or directory"):
        load_sources(tmp_path / "sources.toml")


def test_a_mapping_table_must_fit_the_vocabularies(tmp_path: Path) -> None:
    block = '[source.a]\nkind = "ucsf-profiles"\ninstitution = {{ name = "Example U" }}\n'
    block += 'options = {{ source = "example", names = ["x"], mentoring_types = {} }}'
    for table, message in (
        ('{ A = { arena = "sport" } }', "source.a.options.mentoring_types: 'A' has the arena 'sport'; allowed: research-skills, "),
        ('{ A = { arena = "research", levels = ["pets"] } }', "'A' has the level 'pets'; allowed: undergraduate, "),
        (
            '{ A = { arena = "career", topics = ["statistics"] } }',
            "'A' has the topic 'statistics', which belongs to the arena research-skills",
        ),
        ('{ A = { topics = ["statistics"] } }', "'A' has the topic 'statistics', which belongs to the arena research-skills"),
    ):
        config = load(tmp_path, block.format(table))["a"]
        with pytest.raises(Invalid, match=re.escape(message)):
            connect(config)


def test_a_list_of_names_must_be_given(tmp_path: Path) -> None:
    config = load(tmp_path, '[source.a]\nkind = "ucsf-profiles"\ninstitution = { name = "Example U" }\noptions = { source = "example" }')[
        "a"
    ]
    with pytest.raises(Invalid, match=r"source\.a\.options names nobody; allowed: names, names_file or both"):
        connect(config)
